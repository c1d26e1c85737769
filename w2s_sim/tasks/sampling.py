"""How weak data are drawn: what two cases share that differ in the estimator alone."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Key

from w2s_sim.tasks.task import WeakData


class Sampling(eqx.Module):
    """How a case's weak data are drawn: all of the case that the draw depends on.

    Attributes:
        task: The weak-to-strong problem.
        sample_size: Weak pairs of one data set.
        context_size: Consecutive pairs that share one draw of the concept.
    """

    task: Any
    sample_size: int = eqx.field(static=True)
    context_size: int = eqx.field(static=True)

    def draw(self, *, key: Key[Array, ""]) -> WeakData:
        """One weak data set."""
        return self.task.sample_weak(self.sample_size, context_size=self.context_size, key=key)
