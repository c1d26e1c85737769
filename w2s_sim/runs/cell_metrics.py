"""The metrics of a replicate as a vector: the task names them, studies and comparisons choose among them."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.statements import Case, FromWeakData
from w2s_sim.tasks.task import WeakData


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Some metrics of the student that a case's estimator makes of weak data.

    Attributes:
        names: Which, in this order.
    """

    names: tuple[str, ...]

    def __call__(self, key: Key[Array, ""], data: WeakData, case: Case[Any]) -> Float[Array, " metrics"]:
        """The values; nan for a metric that the task or its student has not.

        Args:
            key: Typed PRNG key of the estimator, independent of the data.
            data: The weak data that it consumes.
            case: The task and the estimator.
        """
        metrics = case.task.metrics(case.estimator.fit(case.task.source, data, key=key))
        return jnp.stack([metrics.get(name, jnp.full_like(metrics["risk"], jnp.nan)) for name in self.names])


def measured(names: Sequence[str]) -> FromWeakData:
    """The measured quantity of a study: a vector of metrics, in the order of their names."""
    return FromWeakData(Metrics(tuple(names)))
