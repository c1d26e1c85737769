"""The squared error and the excess risk of the student that a case's estimator fits, and their ranges."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, Support, nonnegative
from w2s_sim.rounding import FEW_OPERATIONS, SINGLE_ROUNDING
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.quantities import squared_error
from w2s_sim.tasks.task import WeakData


def student_error(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||b - beta_Q||^2 of the student that the case's estimator fits to the data."""
    return squared_error(case.task, case.estimator.fit(case.task.source, data, key=key))


def student_error_range(case: Case) -> Support:
    """Return the range of `student_error`; its width is zero if the student reads no data."""
    return _range(case, jnp.eye(case.task.dim))


def student_risk(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the excess risk of the labeller or student that the case's estimator fits to the data."""
    return case.task.excess_risk(case.estimator.fit(case.task.source, data, key=key))


def student_risk_range(case: Case) -> Support:
    """Return the range of `student_risk`; its width is zero if the student reads no data."""
    return _range(case, case.task.features.covariance)


def _range(case: Case, metric: Float[Array, "d d"]) -> Support:
    """Return the range of the squared distance of the student from the target, in the norm of a metric.

    A student in the hull of the concepts is a weighted mean of their vectors, and the squared distance is
    convex: it is at most the largest squared distance of a concept.
    """
    task, estimator = case.task, case.estimator

    def square(vector: Float[Array, " d"]) -> Float[Array, ""]:
        return vector @ metric @ vector

    distances = jax.vmap(square)(task.source.vectors - task.target_vector)
    if estimator.stays_in_hull and not jnp.any(distances):
        return 0.0, 0.0
    if estimator.ignores_data(task.source):
        pair = WeakData(jnp.zeros((1, task.dim)), jnp.zeros(1))
        student = estimator.fit(task.source, pair, key=jax.random.key(0)).coefficients
        size = max(float(jnp.sqrt(square(vector))) for vector in (student, task.target_vector))
        distance, slack = float(jnp.sqrt(square(student - task.target_vector))), FEW_OPERATIONS * size
        # If student and target nearly coincide, the computed error is mostly rounding.
        if 2.0 * slack > SINGLE_ROUNDING * distance:
            return max(0.0, distance - slack) ** 2, (distance + slack) ** 2
        return distance**2, distance**2
    return (0.0, float(jnp.max(distances))) if estimator.stays_in_hull else nonnegative(case)


STUDENT_ERROR = FromWeakData(student_error, student_error_range)
STUDENT_RISK = FromWeakData(student_risk, student_risk_range)
