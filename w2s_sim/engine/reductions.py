"""Exact reductions: draws of fewer random numbers from which the students' risks have the same law."""

import enum
from collections.abc import Hashable, Sequence
from typing import Any

from w2s_sim.engine.moment_draw import FitsMoments, MomentDraw
from w2s_sim.engine.shared_draw import SharedDraw
from w2s_sim.estimators.base import Estimator
from w2s_sim.tasks.moment_law import MomentLaw
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import Task

Draw = SharedDraw | MomentDraw


class Reduction(enum.Enum):
    """A way to draw for an estimator: its weak data, their moments, or the weak data of `task.reduced()`."""

    NONE, MOMENTS, SPAN = range(3)


def reduction_of(task: Task[Any, Any], estimator: Estimator, context_size: int) -> Reduction:
    """Return the reduction with the fewest random numbers that is exact. Needs concrete values.

    Args:
        task: The task.
        estimator: An estimator that suits the strong model of the task.
        context_size: Number of consecutive pairs that share one draw of the concept.
    """
    if not isinstance(task, TransferTask):
        return Reduction.NONE
    if isinstance(estimator, FitsMoments) and context_size == 1 and not MomentLaw.why_unknown(task):
        return Reduction.MOMENTS
    if estimator.sees_predictions_alone and task.features.normal_factor is not None:
        return Reduction.SPAN
    return Reduction.NONE


def shares_draws_by(reduction: Reduction, estimator: Estimator) -> Hashable:
    """Return a key that is equal for estimators that can share reduced draws: moments are for one size."""
    return reduction, estimator.sample_size if reduction is Reduction.MOMENTS else 0


def draw_of(reduction: Reduction, task: Any, estimators: Sequence[Any], context_size: int) -> Draw:
    """Return the draw of estimators that share one, in a reduction that is exact for all of them."""
    if reduction is Reduction.MOMENTS:
        return MomentDraw.of(task, estimators)
    return SharedDraw.of(task.reduced() if reduction is Reduction.SPAN else task, estimators, context_size)
