"""The squared error of the student that a case's estimator fits, and the range of that error."""

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
    """Return the range of `student_error`; its width is zero if the student reads no data.

    A student in the hull of the concepts is a weighted mean of their vectors, and the squared distance is
    convex: it is at most the largest squared distance of a concept.
    """
    task, estimator = case.task, case.estimator
    distances = jnp.sum((task.source.vectors - task.target_vector) ** 2, axis=1)
    if estimator.stays_in_hull and not jnp.any(distances):
        return 0.0, 0.0
    if estimator.ignores_data(task.source):
        pair = WeakData(jnp.zeros((1, task.dim)), jnp.zeros(1))
        student = estimator.fit(task.source, pair, key=jax.random.key(0))
        size = max(float(jnp.linalg.norm(vector)) for vector in (student.coefficients, task.target_vector))
        distance, slack = float(jnp.sqrt(squared_error(task, student))), FEW_OPERATIONS * size
        # If student and target nearly coincide, the computed error is mostly rounding.
        if 2.0 * slack > SINGLE_ROUNDING * distance:
            return max(0.0, distance - slack) ** 2, (distance + slack) ** 2
        return distance**2, distance**2
    return (0.0, float(jnp.max(distances))) if estimator.stays_in_hull else nonnegative(case)


STUDENT_ERROR = FromWeakData(student_error, student_error_range)
