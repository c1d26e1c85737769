"""Measured quantities that depend on one weak data set."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from w2s_sim.rounding import FEW_OPERATIONS, SINGLE_ROUNDING
from w2s_sim.statements.case import Case
from w2s_sim.statements.quantities import squared_error
from w2s_sim.task import WeakData

Support = tuple[ArrayLike, ArrayLike]
# The support of values that may be anything.
UNBOUNDED: Support = (-math.inf, math.inf)


def unbounded(case: Case[Any]) -> Support:
    """The range of a quantity of which nothing is known."""
    return UNBOUNDED


def nonnegative(case: Case[Any]) -> Support:
    """The range of a square, a norm or a distance."""
    return 0.0, math.inf


@dataclasses.dataclass(frozen=True)
class FromWeakData:
    """A measured quantity in two steps: draw the weak data, then evaluate something on them.

    To whoever calls it, it is a function of (key, case) like any other. Said in two steps, it lets the
    engine compile the drawing once for all cases that draw alike.

    Attributes:
        evaluate: Pure function of (key, data, case) to a scalar or a vector (r,); the key is independent of
            the data.
        support: Range [low, high] of what it evaluates, for a case; see `Statement.support`.
    """

    evaluate: Callable[[Key[Array, ""], WeakData, Case[Any]], Float[Array, "*r"]]
    support: Callable[[Case[Any]], Support] = unbounded

    def __call__(self, key: Key[Array, ""], case: Case[Any]) -> Float[Array, "*r"]:
        data_key, own_key = jax.random.split(key)
        return self.evaluate(own_key, case.sample_weak(key=data_key), case)


def student_error(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """||b - beta_Q||^2 of the student that the case's estimator makes of the data."""
    return squared_error(case.task, case.estimator.fit(case.task.source, data, key=key))


def student_error_range(case: Case) -> Support:
    """The range of `student_error`: of no width where the student reads no data, so that it is one number.

    A student made of the strong model's concepts is a mean of their vectors, and a squared distance is
    convex.
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
        # Where the two nearly meet, what is computed is mostly rounding.
        if 2.0 * slack > SINGLE_ROUNDING * distance:
            return max(0.0, distance - slack) ** 2, (distance + slack) ** 2
        return distance**2, distance**2
    return (0.0, float(jnp.max(distances))) if estimator.stays_in_hull else nonnegative(case)


STUDENT_ERROR = FromWeakData(student_error, student_error_range)
