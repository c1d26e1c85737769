"""The pressure of a statement's claim: how near the statement comes to failing at a case."""

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import Measure
from w2s_sim.engine.replication import RoomError, prepare, replicate
from w2s_sim.falsifier.space import SearchSpace
from w2s_sim.statements import Case, Kind, Statement
from w2s_sim.verify.evaluation import (
    bound_of,
    exact_value_of,
    margin_of,
    resolution_of,
    rounding_of,
    scale_of,
    trivial_of,
)
from w2s_sim.verify.verdict import Verdict, is_vacuous

# Estimates are shifted by this many standard errors to the safe side, so that noise does not count.
CAUTION = 2.0
# Rounding error of a sample mean, in units of machine epsilon relative to its numbers.
ROUNDING_STEPS = 1e3


def pressure(kind: Kind, measured: Any, bound: Any, margin: Any) -> Any:
    """Return the pressure of a measured number on its bound; above 1 the statement fails.

    The pressure is measured / bound for an upper bound, bound / measured for a lower bound, and the distance
    divided by the margin for an equality or a rate.
    """
    if kind == "upper":
        return measured / bound
    if kind == "lower":
        return bound / measured
    return abs(measured - bound) / margin


@dataclasses.dataclass(frozen=True)
class Claim:
    """The claim of a statement about a case whose assumptions hold.

    Attributes:
        bound: The bound.
        margin: Margin of an equality or a rate.
        trivial: Bound that holds without the theorem, or None.
        kind: Direction of the claim.
    """

    kind: Kind
    bound: float
    margin: float
    trivial: float | None

    @property
    def fault(self) -> str:
        """Reason why the bound is not a valid claim; empty if it is valid.

        A bound that is infinite on the side where it claims nothing is a fault only if the statement has a
        finite trivial bound.
        """
        if math.isnan(self.bound) or math.isnan(self.margin):
            return "the bound is nan"
        if math.isfinite(self.bound):
            return ""
        empty = math.inf if self.kind == "upper" else -math.inf
        if self.bound == empty and self.kind in ("upper", "lower"):
            known = self.trivial is not None and math.isfinite(self.trivial)
            return f"the bound is infinite, although {self.trivial:g} is a trivial bound" if known else ""
        return "the bound is infinite"

    @property
    def is_vacuous(self) -> bool:
        """Whether the trivial bound claims at least as much."""
        return is_vacuous(self.kind, self.bound, self.trivial)

    def cautious_pressure(self, value: float, error: float) -> float:
        """Return the pressure of a value, shifted by `CAUTION` errors to the safe side; -inf for none."""
        if self.kind in ("equality", "rate"):
            distance = max(abs(value - self.bound) - CAUTION * error, 0.0)
            return distance / self.margin if self.margin > 0 else math.inf * distance if distance else 0.0
        safe = value - CAUTION * error if self.kind == "upper" else value + CAUTION * error
        larger, smaller = (safe, self.bound) if self.kind == "upper" else (self.bound, safe)
        if smaller > 0:
            return larger / smaller
        return math.inf if larger > smaller else -math.inf


@dataclasses.dataclass(frozen=True)
class Score:
    """The pressure of a case.

    Attributes:
        pressure: Cautious estimate; inf if a number is not finite, -inf if the case has no pressure.
        fault: Description of the number that is not finite; empty if all are finite.
    """

    pressure: float
    fault: str = ""


NO_SCORE = Score(-math.inf)


class Objective:
    """Cautious estimates of the pressure of cases, with common random numbers.

    Attributes:
        statement: The statement under test.
        seed: Seed of the replicates, the same for every case.
    """

    def __init__(self, statement: Statement, seed: int) -> None:
        self.statement, self.seed = statement, seed

    def claim(self, case: Case[Any]) -> Claim | None:
        """Return the statement's claim about a case; None if an assumption does not hold."""
        statement = self.statement
        if statement.broken_assumption(case) is not None:
            return None
        return Claim(
            statement.kind,
            bound_of(statement, case),
            margin_of(statement, case),
            trivial_of(statement, case),
        )

    def score(self, case: Case[Any], replicates: int) -> Score:
        """Return the pressure of a case; `NO_SCORE` if an assumption fails or the bound is vacuous."""
        claim = self.claim(case)
        return NO_SCORE if claim is None else self.pressure_of(case, claim, replicates)

    def pressure_of(self, case: Case[Any], claim: Claim, replicates: int) -> Score:
        """Return the pressure of a case whose claim is known."""
        if claim.fault:
            return Score(math.inf, claim.fault)
        # An infinite bound claims nothing. Samples cannot violate a trivial bound, but exact values may.
        sampled = self.statement.measure is not None
        if not math.isfinite(claim.bound) or (sampled and claim.is_vacuous):
            return NO_SCORE
        try:
            value, error = self._measure(case, replicates) if sampled else self._exact(case)
        except RoomError:
            return NO_SCORE
        if not math.isfinite(value):
            return Score(math.inf, f"the measured value is {value}")
        rounding = self._rounding(case, claim, value) / CAUTION
        pressed = claim.cautious_pressure(value, max(error, rounding))
        # If rounding dominates the sampling error, the last digits cannot show whether the bound is violated.
        says_nothing = claim.is_vacuous or (sampled and error < rounding)
        return NO_SCORE if says_nothing and pressed <= 1.0 else Score(pressed)

    def pressure_of_verdict(self, case: Case[Any], verdict: Verdict) -> float:
        """Return the pressure of a verdict's estimate; only the rounding of exact values is forgiven.

        Returns:
            The pressure; nan if the statement claims nothing finite about the case, or if the verdict has no
            number.
        """
        claim = self.claim(case)
        if claim is None or not math.isfinite(claim.bound) or not math.isfinite(verdict.measured):
            return math.nan
        exact = self.statement.measure is None
        rounding = self._rounding(case, claim, verdict.measured) / CAUTION if exact else 0.0
        return claim.cautious_pressure(verdict.measured, rounding)

    def prepare(self, case: Case[Any]) -> None:
        """Compile what `score` runs, so that another thread can compile ahead of time."""
        if self.statement.measure is not None:
            prepare(self.statement.measure, case)

    def _exact(self, case: Case[Any]) -> tuple[float, float]:
        return exact_value_of(self.statement, case), 0.0

    def _measure(self, case: Case[Any], replicates: int) -> tuple[float, float]:
        """Return the measured number and its standard error."""
        measure = self.statement.measure
        assert measure is not None
        values = replicate(measure, case, seed=self.seed, start=0, stop=replicates)
        means, errors = values.mean(axis=0), values.std(axis=0, ddof=1) / replicates**0.5
        functional = self.statement.functional_of(case)
        if functional is None:
            return float(means), float(errors)
        low, high = functional.interval(means - errors, means + errors)
        return float(functional.value(means)), 0.5 * (high - low)

    def _rounding(self, case: Case[Any], claim: Claim, value: float) -> float:
        """Return the rounding error of the value, in the precision in which it is computed."""
        size = max(abs(value), abs(claim.bound))
        if self.statement.measure is None:
            return rounding_of(self.statement) * max(size, scale_of(self.statement, case))
        steps = ROUNDING_STEPS * float(jnp.finfo(jnp.zeros(()).dtype).eps)
        return steps * size + resolution_of(self.statement, case, claim.bound)

    def gradient(
        self, space: SearchSpace, point: Float[np.ndarray, " size"], replicates: int
    ) -> Float[np.ndarray, " size"] | None:
        """Return the gradient of the estimated pressure at a point of a box; None if there is none to use."""
        measure = self.statement.measure
        if measure is None or self.statement.functional is not None:
            return None
        case, pull_back = jax.vjp(space.case_at, jnp.asarray(point, dtype=float))
        slopes = ValueAndSlope(measure)
        try:
            mean = replicate(slopes, case, seed=self.seed, start=0, stop=replicates).mean(axis=0)
            # Without its name, which is static: every name would be compiled anew.
            nameless = dataclasses.replace(case, name="")
            slope_of_case = _pressure_gradient(nameless, self.statement, jnp.asarray(mean, dtype=float))
        except (ValueError, NotImplementedError, jax.errors.JAXTypeError, TypeError):
            # One tile does not fit in the memory, a quantity is computed outside JAX, or the derivative of an
            # operation is not defined, as that of a loop of unknown length.
            return None
        slope = np.asarray(pull_back(dataclasses.replace(slope_of_case, name=case.name))[0], np.float64)
        return slope if np.all(np.isfinite(slope)) and np.any(slope) else None


@dataclasses.dataclass(frozen=True)
class ValueAndSlope:
    """A measured number, and its derivatives with respect to all numbers of the case.

    Attributes:
        measure: The measured quantity.
    """

    measure: Measure

    def __call__(self, key: Key[Array, ""], case: Case[Any]) -> Float[Array, " numbers"]:
        value, slope = eqx.filter_value_and_grad(lambda moved: self.measure(key, moved))(case)
        return jnp.concatenate([value[None], ravel_pytree(slope)[0]])


@eqx.filter_jit
@eqx.filter_grad
def _pressure_gradient(case: Case[Any], statement: Statement, mean: Float[Array, " numbers"]) -> Any:
    """Return the gradient of the pressure, given the mean of `ValueAndSlope` over replicates."""
    numbers, _ = ravel_pytree(eqx.filter(case, eqx.is_inexact_array))
    # The measured number as a function of the case, to first order.
    measured = mean[0] + mean[1:] @ (numbers - jax.lax.stop_gradient(numbers))
    margin = statement.margin(case) if statement.margin else 1.0
    return pressure(statement.kind, measured, jnp.asarray(statement.bound(case)), margin)
