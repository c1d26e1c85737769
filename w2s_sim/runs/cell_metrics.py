"""The metrics of a replicate as a vector: tasks define the metrics, studies and comparisons select some."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.statements import Case, FromWeakData
from w2s_sim.tasks.task import WeakData


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Selected metrics of the student that a case's estimator fits to weak data.

    Attributes:
        names: Names of the metrics, in the order of the vector.
    """

    names: tuple[str, ...]

    def __call__(self, key: Key[Array, ""], data: WeakData, case: Case[Any]) -> Float[Array, " metrics"]:
        """Fit the student and return its metrics; nan for a metric that the task or student does not have.

        Args:
            key: Typed PRNG key of the estimator, independent of the data.
            data: The weak data that the estimator consumes.
            case: The task and the estimator.
        """
        metrics = case.task.metrics(case.estimator.fit(case.task.source, data, key=key))
        return jnp.stack([metrics.get(name, jnp.full_like(metrics["risk"], jnp.nan)) for name in self.names])


def measured(names: Sequence[str]) -> FromWeakData:
    """Return the measured quantity of a study: the vector of the named metrics, in this order."""
    return FromWeakData(Metrics(tuple(names)))
