"""Check of one statement on one case: sample in rounds until it is decided or the budget is spent."""

import dataclasses
import hashlib
import math
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from w2s_sim.engine.measured import Measure
from w2s_sim.engine.replication import replicate
from w2s_sim.errors import InputError
from w2s_sim.statements import Case, Control, Statement
from w2s_sim.verify.evaluation import (
    bound_of,
    exact_value_of,
    margin_of,
    resolution_of,
    rounding_of,
    scale_of,
    trivial_of,
)
from w2s_sim.verify.intervals import Interval
from w2s_sim.verify.sequential import Claim, sample_until_decided
from w2s_sim.verify.settings import Settings
from w2s_sim.verify.verdict import Outcome, Role, Verdict, is_vacuous, judge, obstacle

# Largest share of paths that may violate a claim about every path; the first look can already exclude more.
PATHS_UNSEEN = 0.01


def check_case(
    statement: Statement,
    case: Case[Any],
    *,
    settings: Settings,
    alpha: float,
    role: Role = "theorem",
    theorem: str = "",
) -> Verdict:
    """Return the verdict on a statement at a case.

    A case that violates an assumption is simulated for one round, for information only, and not judged.

    Args:
        statement: The statement.
        case: The case.
        settings: Budget, precision and seed.
        alpha: Error level of this row.
        role: Role of the row.
        theorem: Id of the theorem that the row belongs to, if the statement is one of its lemmas.
    """
    name = f"{statement.id}: {case.name}" if role == "lemma" else case.name
    broken = statement.broken_assumption(case)
    if broken is not None:
        settings = dataclasses.replace(settings, max_replicates=settings.first_round)
    try:
        row = _measure(statement, case, case, settings, alpha)
    except (InputError, AssertionError, AttributeError, TypeError) as error:
        if broken is None:
            raise
        # The measured quantity is defined only under the assumptions: at a case that violates them, the
        # statement may use an attribute that the estimator does not have.
        nothing = Interval(math.nan, math.nan, math.nan, math.nan)
        row = _Row(nothing, math.nan, "inconclusive", str(error), 0, case)
    outcome, reason = row.outcome, row.reason
    unresolved = "" if statement.measure is None else case.task.unresolved(case.estimator.sample_size)
    if unresolved and outcome in ("consistent", "refuted", "inconclusive"):
        outcome, reason = "inconclusive", unresolved
    if broken is not None:
        outcome, reason = "not-applicable", f"assumption does not hold: {broken}"
    return row.verdict(theorem or statement.id, role, name, statement, outcome, settings, reason=reason)


def check_control(
    statement: Statement, control: Control, *, settings: Settings, alpha: float, theorem: str, name: str = ""
) -> Verdict:
    """Return the verdict on a control: the believed bound against the value measured at the broken case."""
    believed = control.believed or control.case
    row = _measure(statement, control.case, believed, settings, alpha)
    outcome, reason = row.outcome, f"breaks: {control.breaks}"
    if control.breaks not in [a.name for a in statement.assumptions if not a.holds(control.case)]:
        outcome, reason = "inconclusive", f"the check of this assumption does not fail: {control.breaks}"
    label = f"{name}: {control.case.name}" if name else control.case.name
    return row.verdict(
        theorem, "control", label, statement, outcome, settings, expected="refuted", reason=reason
    )


@dataclasses.dataclass(frozen=True)
class _Row:
    interval: Interval
    bound: float
    outcome: Outcome
    reason: str
    replicates: int
    case: Case[Any]
    judged: bool = True

    def verdict(
        self,
        theorem: str,
        role: Role,
        name: str,
        statement: Statement,
        outcome: Outcome,
        settings: Settings,
        expected: str = "",
        reason: str = "",
    ) -> Verdict:
        return Verdict(
            theorem=theorem,
            role=role,
            case=name,
            kind=statement.kind,
            measured=self.interval.mean,
            se=self.interval.se,
            ci_low=self.interval.low,
            ci_high=self.interval.high,
            bound=self.bound,
            verdict=outcome,
            replicates=self.replicates,
            seed=settings.seed,
            expected=expected,
            interval=self.interval.basis,
            informative=not self.interval.lacking,
            judged=self.judged or outcome == "not-applicable",
            reason=reason,
            parameters=case_parameters(self.case),
            parts=self.interval.parts,
        )


def _measure(
    statement: Statement, case: Case[Any], believed: Case[Any], settings: Settings, alpha: float
) -> _Row:
    bound = bound_of(statement, believed)
    margin = margin_of(statement, believed)
    trivial = trivial_of(statement, believed)
    if obstacle(statement.kind, 0.0, bound, margin, trivial):
        # The claim cannot be judged: one round is sampled, for information only.
        settings = dataclasses.replace(settings, max_replicates=settings.first_round)
    if statement.measure is None:
        row = _certify(statement, case, bound, margin)
    else:
        row = _sample(statement, statement.measure, case, bound, margin, settings, alpha)
    reason = obstacle(statement.kind, row.interval.mean, bound, margin, trivial)
    if reason:
        # The sampler's reason counts the non-finite replicates: more informative than "the number is nan".
        reason = row.reason if math.isnan(row.interval.mean) and statement.measure is not None else reason
        return dataclasses.replace(row, outcome="inconclusive", reason=reason, judged=False)
    vacuous = is_vacuous(statement.kind, bound, trivial, rounding_of(statement))
    if vacuous and row.judged and row.outcome not in ("refuted", "inconclusive"):
        reason = (
            "the bound is infinite"
            if math.isinf(bound)
            else f"the bound is no better than the trivial {trivial:.6g}"
        )
        return dataclasses.replace(row, outcome="vacuous", reason=reason)
    return row


def _certify(statement: Statement, case: Case[Any], bound: float, margin: float) -> _Row:
    value = exact_value_of(statement, case)
    rounding = rounding_of(statement) * max(scale_of(statement, case), abs(bound), abs(value))
    # Move the value towards the bound by its rounding error: a bound that is attained must not be refuted.
    nearest = min(max(bound, value - rounding), value + rounding)
    outcome = judge(statement.kind, nearest, nearest, bound, margin)
    outcome = "certified" if outcome == "consistent" else outcome
    exact = Interval(value, 0.0, value, value, basis="exact")
    return _Row(exact, bound, outcome, "computed exactly", 0, case)


def _sample(
    statement: Statement,
    measure: Measure,
    case: Case[Any],
    bound: float,
    margin: float,
    settings: Settings,
    alpha: float,
) -> _Row:
    functional = statement.functional_of(case)

    def draw(start: int, stop: int) -> Float[np.ndarray, "n *r"]:
        values = replicate(measure, case, seed=settings.seed, start=start, stop=stop, memory=settings.memory)
        if (values.ndim == 1) != (functional is None):
            given = "one number" if values.ndim == 1 else f"{values.shape[1]} numbers"
            expected = "one number a replicate, or a vector and a functional of its means"
            raise InputError("measure", f"{given} a replicate", expected, statement.id)
        return values

    def draw_breaches(start: int, stop: int) -> Float[np.ndarray, " n"]:
        distances = np.abs(draw(start, stop) - bound)
        return np.where(np.isfinite(distances), distances > margin, math.nan)

    if statement.pathwise:
        claim = Claim("equality", 0.0, PATHS_UNSEEN)
        found = sample_until_decided(draw_breaches, claim, (0.0, 1.0), settings, alpha)
    else:
        claim = Claim(
            statement.kind,
            bound,
            margin,
            functional,
            rounding_of(statement),
            resolution_of(statement, case, bound),
        )
        found = sample_until_decided(draw, claim, statement.support_of(case), settings, alpha)
    return _Row(found.interval, bound, found.outcome, found.reason, found.replicates, case, found.judged)


def _task_label(task: Any) -> str:
    """Return a short hash of a task's numbers: cases with the same label differ only in the estimator."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(task):
        # Six digits of the mantissa: the label does not depend on rounding, in whatever unit the numbers are.
        mantissas, exponents = np.frexp(np.asarray(leaf, dtype=np.float64))
        digest.update(np.round(mantissas, 6).tobytes() + exponents.tobytes())
    return f"{type(getattr(task, 'features', task)).__name__}-{digest.hexdigest()[:8]}"


def case_parameters(case: Case[Any]) -> dict[str, Any]:
    """Return the numbers of a case that figures and tables can use as axes, by name."""
    numbers: dict[str, Any] = {
        "task": _task_label(case.task),
        **case.task.plotted_numbers,
        "estimator": type(case.estimator).__name__,
        "sample_size": case.estimator.sample_size,
        **case.estimator.plotted_numbers,
    }
    for path, leaf in jax.tree_util.tree_leaves_with_path(case.estimator):
        if np.ndim(leaf) == 0:
            numbers[jax.tree_util.keystr(path[-1:], simple=True)] = float(leaf)
    for field in dataclasses.fields(case.estimator):
        value = getattr(case.estimator, field.name)
        if isinstance(value, int | str):
            numbers[field.name] = value
    return numbers
