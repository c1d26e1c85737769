"""How near a statement comes to failing at a point of its search space."""

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.falsifier.space import SearchSpace
from w2s_sim.randomness import key_of
from w2s_sim.statements import Case, Kind, Statement
from w2s_sim.verify.evaluation import bound_of, exact_value_of, margin_of, trivial_of
from w2s_sim.verify.replication import Measure
from w2s_sim.verify.verdict import is_vacuous

# An estimate counts at this many standard errors on its safe side: luck is not a discovery.
CAUTION = 2.0
# Smaller bounds than this are lost in the rounding of what is measured against them.
SMALLEST_BOUND = 1e-5


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


class Objective:
    """Cautious estimates of the pressure at points of a search space, on common random numbers.

    Attributes:
        statement: What is under attack.
        space: The cases that are tried.
        seed: Seed of the replicates, the same at every point.
    """

    def __init__(self, statement: Statement, space: SearchSpace, seed: int) -> None:
        self.statement, self.space, self.seed = statement, space, seed

    def __call__(
        self, points: Float[np.ndarray, "candidates size"], replicates: int
    ) -> Float[np.ndarray, " candidates"]:
        """Pressure at each point, -inf where an assumption fails or the bound says nothing."""
        scores = np.full(len(points), -math.inf)
        bounds = [self._claim(point) for point in points]
        judged = [i for i, claim in enumerate(bounds) if claim is not None]
        if not judged:
            return scores
        measured, errors = self._measure(points, judged, replicates)
        for i, value, error in zip(judged, measured, errors, strict=True):
            claim = bounds[i]
            assert claim is not None
            scores[i] = self._cautious(value, error, *claim)
        return scores

    def gradient(
        self, point: Float[np.ndarray, " size"], replicates: int
    ) -> Float[np.ndarray, " size"] | None:
        """Gradient of the estimated pressure, or None where there is none to follow."""
        if self.statement.measure is None or self.statement.functional is not None:
            return None
        case, pull_back = jax.vjp(self._case_at, jnp.asarray(point, dtype=float))
        try:
            slope_of_case = _pressure_gradient(case, self.statement, self._keys(replicates))
        except (jax.errors.JAXTypeError, TypeError):
            # A bound that is computed outside JAX.
            return None
        slope = np.asarray(pull_back(slope_of_case)[0], dtype=np.float64)
        return slope if np.all(np.isfinite(slope)) and np.any(slope) else None

    def _case_at(self, point: Array) -> Case[Any]:
        # Without its name, which is static and would compile every case anew.
        return dataclasses.replace(self.space.case_at(point), name="")

    def _keys(self, replicates: int) -> Key[Array, " replicates"]:
        return jax.random.split(key_of(self.seed), replicates)

    def _claim(self, point: Float[np.ndarray, " size"]) -> tuple[float, float] | None:
        """Bound and margin at a point; None where the statement claims nothing, or nothing of interest."""
        case = self.space.case_at(jnp.asarray(point, dtype=float))
        statement = self.statement
        if statement.broken_assumption(case) is not None:
            return None
        bound = bound_of(statement, case)
        small = not statement.is_equality and abs(bound) < SMALLEST_BOUND
        if (
            not math.isfinite(bound)
            or small
            or is_vacuous(statement.kind, bound, trivial_of(statement, case))
        ):
            return None
        return bound, margin_of(statement, case)

    def _measure(
        self, points: Float[np.ndarray, "candidates size"], judged: list[int], replicates: int
    ) -> tuple[list[float], list[float]]:
        """Measured numbers and their standard errors at the points that are judged."""
        statement = self.statement
        if statement.measure is None:
            cases = [self.space.case_at(jnp.asarray(points[i], dtype=float)) for i in judged]
            return [exact_value_of(statement, case) for case in cases], [0.0] * len(judged)
        # All points, so that one compiled program serves every generation.
        cases = [self._case_at(jnp.asarray(point, dtype=float)) for point in points]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *cases)
        summaries = _sample_means(stacked, statement.measure, self._keys(replicates))
        means, errors = (np.asarray(part, dtype=np.float64)[judged] for part in summaries)
        if statement.functional is None:
            return means.tolist(), errors.tolist()
        functionals = [statement.functional_of(cases[i]) for i in judged]
        values = [f.value(mean) for f, mean in zip(functionals, means, strict=True) if f]
        boxes = [f.interval(m - e, m + e) for f, m, e in zip(functionals, means, errors, strict=True) if f]
        return values, [0.5 * (high - low) for low, high in boxes]

    def _cautious(self, value: float, error: float, bound: float, margin: float) -> float:
        kind = self.statement.kind
        if not math.isfinite(value):
            return -math.inf
        if kind == "upper":
            value -= CAUTION * error
        elif kind == "lower":
            value += CAUTION * error
        else:
            value = bound + max(abs(value - bound) - CAUTION * error, 0.0)
        return float(pressure(kind, value, bound, margin)) if value or kind != "lower" else -math.inf


@eqx.filter_jit
def _sample_means(
    cases: Case[Any], measure: Measure, keys: Key[Array, " replicates"]
) -> tuple[Float[Array, "candidates *r"], Float[Array, "candidates *r"]]:
    """Means and standard errors over the same keys, at each of a stack of cases."""

    def summary(case: Case[Any]) -> tuple[Array, Array]:
        values = jax.vmap(lambda key: measure(key, case))(keys)
        return values.mean(axis=0), values.std(axis=0, ddof=1) / len(keys) ** 0.5

    return jax.lax.map(summary, cases)


@eqx.filter_jit
@eqx.filter_grad
def _pressure_gradient(case: Case[Any], statement: Statement, keys: Key[Array, " replicates"]) -> Any:
    assert statement.measure is not None
    measure = statement.measure
    measured = jax.vmap(lambda key: measure(key, case))(keys).mean()
    margin = statement.margin(case) if statement.margin else 1.0
    return pressure(statement.kind, measured, jnp.asarray(statement.bound(case)), margin)
