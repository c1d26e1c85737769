"""Sampling of weak data, which cases that differ only in the estimator share."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Key

from w2s_sim.tasks.task import WeakData


class Sampling(eqx.Module):
    """The part of a case that determines the law of its weak data.

    Attributes:
        task: The weak-to-strong problem.
        sample_size: Number of weak pairs in a data set.
        context_size: Number of consecutive pairs that share one draw of the concept.
    """

    task: Any
    sample_size: int = eqx.field(static=True)
    context_size: int = eqx.field(static=True)

    def draw(self, *, key: Key[Array, ""]) -> WeakData:
        """Draw one weak data set."""
        return self.task.sample_weak(self.sample_size, context_size=self.context_size, key=key)
