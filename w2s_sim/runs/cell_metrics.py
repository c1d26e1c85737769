"""The metrics of a replicate as a vector: tasks define the metrics, studies and comparisons select some."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import Measure
from w2s_sim.engine.reductions import Draw
from w2s_sim.statements import Case, FromWeakData
from w2s_sim.tasks.task import Task, WeakData


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Selected metrics of a student.

    Attributes:
        names: Names of the metrics, in the order of the vector.
    """

    names: tuple[str, ...]

    def __call__(self, task: Task[Any, Any], student: Any) -> Float[Array, " metrics"]:
        """Return the metrics of a student; nan for a metric that the task or the student does not have."""
        metrics = task.metrics(student)
        return jnp.stack([metrics.get(name, jnp.full_like(metrics["risk"], jnp.nan)) for name in self.names])


@dataclasses.dataclass(frozen=True)
class FittedMetrics:
    """Selected metrics of the student that a case's estimator fits to its own weak data.

    Attributes:
        metrics: The metrics.
    """

    metrics: Metrics

    def __call__(self, key: Key[Array, ""], data: WeakData, case: Case[Any]) -> Float[Array, " metrics"]:
        """Fit the student and return its metrics.

        Args:
            key: Typed PRNG key of the estimator, independent of the data.
            data: The weak data that the estimator consumes.
            case: The task and the estimator.
        """
        return self.metrics(case.task, case.estimator.fit(case.task.source, data, key=key))


def measured(names: Sequence[str]) -> FromWeakData:
    """Return the metrics of one case, by the plain route: a draw for each case, a fit to these data."""
    return FromWeakData(FittedMetrics(Metrics(tuple(names))))


def measured_together(names: Sequence[str], draw: Draw) -> Measure:
    """Return the named metrics of all estimators of a draw, one estimator after the other."""
    return draw.measure(Metrics(tuple(names)))
