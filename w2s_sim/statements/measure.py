"""Measured quantities that depend on one weak data set."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Float, Key

from w2s_sim.statements.case import Case
from w2s_sim.statements.quantities import squared_error
from w2s_sim.task import WeakData


@dataclasses.dataclass(frozen=True)
class FromWeakData:
    """A measured quantity in two steps: draw the weak data, then evaluate something on them.

    To whoever calls it, it is a function of (key, case) like any other. Said in two steps, it lets the
    engine compile the drawing once for all cases that draw alike.

    Attributes:
        evaluate: Pure function of (key, data, case) to a scalar or a vector (r,); the key is independent of
            the data.
    """

    evaluate: Callable[[Key[Array, ""], WeakData, Case[Any]], Float[Array, "*r"]]

    def __call__(self, key: Key[Array, ""], case: Case[Any]) -> Float[Array, "*r"]:
        data_key, own_key = jax.random.split(key)
        return self.evaluate(own_key, case.sample_weak(key=data_key), case)


def student_error(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """||b - beta_Q||^2 of the student that the case's estimator makes of the data."""
    return squared_error(case.task, case.estimator.fit(case.task.source, data, key=key))
