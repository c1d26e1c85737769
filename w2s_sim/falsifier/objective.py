"""How near a statement comes to failing on a case."""

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
from w2s_sim.errors import InputError
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

# An estimate counts at this many standard errors on its safe side: luck is not a discovery.
CAUTION = 2.0
# What a sample may miss by, in units of the rounding of one operation and relative to its numbers.
ROUNDING_STEPS = 1e3


def pressure(kind: Kind, measured: Any, bound: Any, margin: Any) -> Any:
    """How hard a measured number presses on its bound: above 1 the statement fails.

    measured / bound for an upper bound, bound / measured for a lower one, and the distance in margins for an
    equality or a rate.
    """
    if kind == "upper":
        return measured / bound
    if kind == "lower":
        return bound / measured
    return abs(measured - bound) / margin


def pressure_of_verdict(verdict: Verdict, margin: float) -> float:
    """The pressure of what was measured, without caution; nan where it is a division by zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers = (np.float64(number) for number in (verdict.measured, verdict.bound, margin))
        return float(pressure(verdict.kind, *numbers))


@dataclasses.dataclass(frozen=True)
class Claim:
    """What a statement says of a case whose assumptions hold.

    Attributes:
        bound: The bound.
        margin: Of an equality or a rate.
        trivial: What holds without the theorem, if anything.
        kind: Direction of the claim.
    """

    kind: Kind
    bound: float
    margin: float
    trivial: float | None

    @property
    def fault(self) -> str:
        """Why it is no claim at all; empty if it is one.

        An infinite bound on the side where it says nothing is a fault if the statement itself knows a trivial
        bound that is finite.
        """
        if math.isnan(self.bound) or math.isnan(self.margin):
            return "the bound is nan"
        if math.isfinite(self.bound):
            return ""
        empty = math.inf if self.kind == "upper" else -math.inf
        if self.bound == empty and self.kind in ("upper", "lower"):
            known = self.trivial is not None and math.isfinite(self.trivial)
            return f"the bound is infinite, where {self.trivial:g} is known" if known else ""
        return "the bound is infinite"

    @property
    def is_vacuous(self) -> bool:
        """Whether the trivial bound says as much."""
        return is_vacuous(self.kind, self.bound, self.trivial)

    def cautious_pressure(self, value: float, error: float) -> float:
        """Pressure of a value at `CAUTION` of its errors on the safe side; -inf where there is none."""
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
    """How hard a case presses.

    Attributes:
        pressure: Cautious; inf where something is not a finite number, -inf where nothing presses.
        fault: What is not a finite number; empty where all are.
    """

    pressure: float
    fault: str = ""


NO_SCORE = Score(-math.inf)


class Objective:
    """Cautious estimates of the pressure of cases, on common random numbers.

    Attributes:
        statement: What is under attack.
        seed: Seed of the replicates, the same for every case.
    """

    def __init__(self, statement: Statement, seed: int) -> None:
        self.statement, self.seed = statement, seed

    def claim(self, case: Case[Any]) -> Claim | None:
        """What the statement says of a case; None where an assumption does not hold."""
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
        """Pressure of a case; none where an assumption fails or the bound says nothing."""
        claim = self.claim(case)
        return NO_SCORE if claim is None else self.pressure_of(case, claim, replicates)

    def pressure_of(self, case: Case[Any], claim: Claim, replicates: int) -> Score:
        """The same for a case whose claim is known."""
        if claim.fault:
            return Score(math.inf, claim.fault)
        # Without a finite bound nothing is claimed. No sample breaks what is trivial; a computation may.
        sampled = self.statement.measure is not None
        if not math.isfinite(claim.bound) or (sampled and claim.is_vacuous):
            return NO_SCORE
        try:
            value, error = self._measure(case, replicates) if sampled else self._exact(case)
        except RoomError:
            return NO_SCORE
        if not math.isfinite(value):
            return Score(math.inf, f"what is measured is {value}")
        rounding = self._rounding(case, claim, value) / CAUTION
        pressed = claim.cautious_pressure(value, max(error, rounding))
        # What attains its bound without noise is no nearer to failing than the last digits say.
        says_nothing = claim.is_vacuous or (sampled and error < rounding)
        return NO_SCORE if says_nothing and pressed <= 1.0 else Score(pressed)

    def prepare(self, case: Case[Any]) -> None:
        """Compile what `score` will run, for another thread."""
        if self.statement.measure is not None:
            prepare(self.statement.measure, case)

    def _exact(self, case: Case[Any]) -> tuple[float, float]:
        return exact_value_of(self.statement, case), 0.0

    def _measure(self, case: Case[Any], replicates: int) -> tuple[float, float]:
        """Measured number and its standard error."""
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
        """What the value may miss by in the precision in which it is computed."""
        size = max(abs(value), abs(claim.bound))
        if self.statement.measure is None:
            return rounding_of(self.statement) * max(size, scale_of(self.statement, case))
        steps = ROUNDING_STEPS * float(jnp.finfo(jnp.zeros(()).dtype).eps)
        return steps * size + resolution_of(self.statement, case, claim.bound)

    def gradient(
        self, space: SearchSpace, point: Float[np.ndarray, " size"], replicates: int
    ) -> Float[np.ndarray, " size"] | None:
        """Gradient of the estimated pressure at a point of a box, or None where there is none to follow."""
        measure = self.statement.measure
        if measure is None or self.statement.functional is not None:
            return None
        case, pull_back = jax.vjp(space.case_at, jnp.asarray(point, dtype=float))
        slopes = ValueAndSlope(measure)
        try:
            mean = replicate(slopes, case, seed=self.seed, start=0, stop=replicates).mean(axis=0)
            # Without its name, which is static and would compile every case anew.
            nameless = dataclasses.replace(case, name="")
            slope_of_case = _pressure_gradient(nameless, self.statement, jnp.asarray(mean, dtype=float))
        except (InputError, jax.errors.JAXTypeError, TypeError):
            # No room for a tile, or something that is computed outside JAX.
            return None
        slope = np.asarray(pull_back(dataclasses.replace(slope_of_case, name=case.name))[0], np.float64)
        return slope if np.all(np.isfinite(slope)) and np.any(slope) else None


@dataclasses.dataclass(frozen=True)
class ValueAndSlope:
    """A measured number, and its derivatives by all numbers of the case.

    Attributes:
        measure: Of the number.
    """

    measure: Measure

    def __call__(self, key: Key[Array, ""], case: Case[Any]) -> Float[Array, " numbers"]:
        value, slope = eqx.filter_value_and_grad(lambda moved: self.measure(key, moved))(case)
        return jnp.concatenate([value[None], ravel_pytree(slope)[0]])


@eqx.filter_jit
@eqx.filter_grad
def _pressure_gradient(case: Case[Any], statement: Statement, mean: Float[Array, " numbers"]) -> Any:
    """Slope of the pressure, for the mean of `ValueAndSlope` over replicates."""
    numbers, _ = ravel_pytree(eqx.filter(case, eqx.is_inexact_array))
    # The measured number as a function of the case, to first order.
    measured = mean[0] + mean[1:] @ (numbers - jax.lax.stop_gradient(numbers))
    margin = statement.margin(case) if statement.margin else 1.0
    return pressure(statement.kind, measured, jnp.asarray(statement.bound(case)), margin)
