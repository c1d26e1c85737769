"""Fine-tuned students on one draw of the moments of weak data, without the data."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import Measure
from w2s_sim.engine.shared_draw import Family, Score, families_of
from w2s_sim.tasks.moment_law import MomentLaw
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.weak_moments import WeakMoments


@runtime_checkable
class FitsMoments(Protocol):
    """An estimator that sees weak data through their moments S and r."""

    @property
    def sample_size(self) -> int: ...

    def fit_moments(self, source: Any, moments: WeakMoments) -> Any:
        """Fit a student to the moments of weak data."""
        ...


class MomentDraw(eqx.Module):
    """Estimators that learn from one draw of the moments of n weak pairs.

    Attributes:
        task: The task.
        law: The law of the moments.
        families: The estimators.
        order: For each estimator, the position of its results among those of all families.
    """

    task: TransferTask
    law: MomentLaw
    families: tuple[Family, ...]
    order: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, task: TransferTask, estimators: Sequence[FitsMoments]) -> "MomentDraw":
        """Let estimators with one sample size share the draws of the moments. Needs concrete values.

        Raises:
            InputError: If the law of the moments is not known.
        """
        families, positions = families_of(estimators)
        order = np.argsort(positions)
        law = MomentLaw.of(task, estimators[0].sample_size)
        return cls(task, law, families, tuple(order.tolist()))

    def measure(self, score: Score) -> Measure:
        """Return the measured quantity: the metrics of all students, one student after the other."""
        return MomentMetrics(score)


@dataclasses.dataclass(frozen=True)
class MomentMetrics:
    """The metrics of the students of all estimators of a `MomentDraw`, one after the other.

    Attributes:
        score: Function of the task and a student to a vector (r,).
    """

    score: Score

    def __call__(self, key: Key[Array, ""], shared: MomentDraw) -> Float[Array, " results"]:
        task, moments = shared.task, shared.law.sample(key=key)

        def scored(own: Any) -> Float[Array, " r"]:
            return self.score(task, own.fit_moments(task.source, moments))

        results = jnp.concatenate([family.each(scored) for family in shared.families])
        return results[np.array(shared.order)].ravel()
