"""The contract `Statement`: a theorem, lemma or conjecture that can be checked."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from jaxtyping import Array, Float, Key

from w2s_sim._checks import described
from w2s_sim.engine.measured import UNBOUNDED, FromWeakData, Support
from w2s_sim.errors import InputError
from w2s_sim.estimators import Estimator
from w2s_sim.statements.contract.bounded_metric import BoundedMetric
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import Functional
from w2s_sim.statements.contract.parameters import Parameter

Kind = Literal["upper", "lower", "equality", "rate"]
Preset = Literal["quick", "full"]


def _none(_: Any) -> tuple[()]:
    return ()


def require_function(field: str, value: Any, arguments: tuple[str, ...], where: str) -> None:
    """Check that a value is a function of the given arguments, in their order; None is accepted.

    Args:
        field: Name of the field in error messages.
        value: The given value.
        arguments: The documented names of the arguments.
        where: Id of the statement.

    Raises:
        InputError: If the value is not callable, takes other arguments, or takes them in another order.
    """
    if value is None:
        return
    expected = f"a function of {', '.join(arguments)}: lambda {', '.join(arguments)}: ..."
    if not callable(value) or isinstance(value, type):
        raise InputError(field, described(value), expected, where)
    try:
        signature = inspect.signature(value)
    except ValueError:
        # Python does not know the signature of some functions written in C.
        return
    try:
        bound = signature.bind(*arguments)
    except TypeError:
        raise InputError(field, f"a function of {signature}", expected, where) from None
    swapped = any(name in arguments and given != name for name, given in bound.arguments.items())
    if swapped:
        raise InputError(field, f"a function of {signature}", expected, where)


@dataclasses.dataclass(frozen=True)
class Statement:
    """A claim that compares a measured number with a bound, for every case where the assumptions hold.

    The number is E[measure], a functional of several such means, or `exact`. Checks are in `w2s_sim.verify`.

    Attributes:
        id: Slug, as on the command line.
        kind: "upper" (measured <= bound), "lower" (measured >= bound), "equality", or "rate" (an exponent,
            judged as an equality).
        label_power: The power of the label unit in which the number is measured: 2 for risks, 0 for
            probabilities and nats. If labels are scaled by c, then number, bound, margin and support are
            scaled by c^label_power.
        cases: The cases of a preset ("quick" or "full").
        bound: The bound at a case: closed form, JAX, differentiable where the theorem allows.
        measure: One replicate of the measured quantity, a pure function of (key, case) that `jit` and
            `vmap` accept: a scalar, or a vector (r,) with a `functional`. Either this or `exact`.
        exact: The measured quantity itself, if no sampling is needed. Both `exact` and `bound` are then
            evaluated in float64.
        functional: Function that computes the measured number from the r means of vector replicates; or a
            function that returns the functional of a case, if it depends on the case.
        title: Name of the theorem in tables.
        summary: One or two sentences for people who have not read the page.
        formula: The claim in LaTeX.
        assumptions: Predicates of a case, all of which must hold.
        support: Range [low, high] of every replicate, infinite on a side without a bound; arrays (r,) for
            vectors. A range of width zero says that the value is known, as for a student that reads no data.
            By default the support of the measured quantity.
        trivial: A bound that holds without the theorem; a `bound` that is no better is vacuous.
        terms: The bound as a sum of named terms, so that mutants can drop each.
        margin: For equalities and rates, the absolute difference that still counts as equal.
        scale: For an exact statement with a unit: size of the terms whose differences are the measured number
            and the bound; rounding errors are relative to this size. 1 by default.
        pathwise: Whether the claim, an equality, is about every replicate and not about their mean. The check
            then judges the share of replicates that miss the bound by more than the margin.
        lemmas: Steps of the proof, as statements of their own.
        controls: Cases that violate an assumption.
        parameters: The allowed parameters in the `[case]` table of a file.
        build_estimator: Function that builds the estimator from the values of such a table.
        bounded_metric: The metric of the student whose mean the theorem bounds, if there is one.
        quantity: The measured quantity, with its unit, as figures label it.
        plot_axis: The parameter on the horizontal axis of the theorem's figure.
        reference: Source: authors, year, arXiv id, theorem.
        page: Path of the theorem's page in theory/.

    Raises:
        InputError: If the kind is unknown, or not exactly one of `measure` and `exact` is given.
    """

    id: str
    kind: Kind
    cases: Callable[[Preset], Sequence[Case[Any]]]
    bound: Callable[[Case[Any]], Float[Array, ""] | float]
    measure: Callable[[Key[Array, ""], Case[Any]], Float[Array, "*r"]] | None = None
    exact: Callable[[Case[Any]], Float[Array, ""] | float] | None = None
    functional: Functional | Callable[[Case[Any]], Functional] | None = None
    title: str = ""
    summary: str = ""
    formula: str = ""
    assumptions: tuple[Assumption, ...] = ()
    support: Callable[[Case[Any]], Support] | None = None
    trivial: Callable[[Case[Any]], Float[Array, ""] | float] | None = None
    terms: Callable[[Case[Any]], Mapping[str, Float[Array, ""]]] | None = None
    margin: Callable[[Case[Any]], float] | None = None
    scale: Callable[[Case[Any]], Float[Array, ""] | float] | None = None
    pathwise: bool = False
    lemmas: "tuple[Statement, ...]" = ()
    controls: Callable[[Preset], Sequence[Control]] = _none
    parameters: tuple[Parameter, ...] = ()
    build_estimator: Callable[[dict[str, Any]], Estimator] | None = None
    bounded_metric: BoundedMetric | None = None
    quantity: str = ""
    plot_axis: str = ""
    reference: str = ""
    page: str = ""
    label_power: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError("kind", repr(self.kind), "one of " + ", ".join(get_args(Kind)), self.id)
        if (self.measure is None) == (self.exact is None):
            given = "neither" if self.measure is None else "both"
            raise InputError("measure, exact", given, "exactly one of the two", self.id)
        if self.pathwise and (self.kind != "equality" or self.measure is None):
            raise InputError("pathwise", f"kind {self.kind!r}", "an equality that is measured", self.id)
        if self.is_equality and self.margin is None:
            raise InputError("margin", "none", "a margin, for an equality is judged within one", self.id)
        require_function("cases", self.cases, ("preset",), self.id)
        require_function("controls", self.controls, ("preset",), self.id)
        require_function("measure", self.measure, ("key", "case"), self.id)
        for field in ("bound", "exact", "support", "trivial", "terms", "margin", "scale"):
            require_function(field, getattr(self, field), ("case",), self.id)
        for field, kind in (("assumptions", Assumption), ("lemmas", Statement), ("parameters", Parameter)):
            values = getattr(self, field)
            if not isinstance(values, tuple | list) or not all(isinstance(value, kind) for value in values):
                raise InputError(
                    field, described(values), f"a tuple of {kind.__name__}s: ({field[:-1]},)", self.id
                )

    @property
    def is_equality(self) -> bool:
        """Whether the measured number must be near the bound, not on one side of it."""
        return self.kind in ("equality", "rate")

    def functional_of(self, case: Case[Any]) -> Functional | None:
        """Return the functional for a case; None if replicates are scalars."""
        if self.functional is None or isinstance(self.functional, Functional):
            return self.functional
        return self.functional(case)

    def support_of(self, case: Case[Any]) -> Support:
        """Return the range of every replicate of a case: `support`, else that of the measured quantity."""
        if self.support is not None:
            return self.support(case)
        return self.measure.support(case) if isinstance(self.measure, FromWeakData) else UNBOUNDED

    def broken_assumption(self, case: Case[Any]) -> str | None:
        """Return the name of the first assumption that the case violates, or None.

        A case whose task lacks what an assumption speaks of, such as a prior over concepts, violates it.
        """
        return next((a.name for a in self.assumptions if not self._is_met(a, case)), None)

    def _is_met(self, assumption: Assumption, case: Case[Any]) -> bool:
        try:
            return assumption.holds(case)
        except AttributeError:
            # A predicate that fails on a case of the statement itself has a mistake, which must be seen.
            if not any(assumption.holds(own) for own in self.cases("quick")[:1]):
                raise
            return False
