"""The metrics of several tasks together: their names, and how figures label them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.tasks.task import Task

# Not a metric of a student, but made of the mean risk of many students.
GAP_RECOVERED = "pgr"
GAP_LABEL = "performance gap recovered (share)"


def metric_names(tasks: Iterable[Task[Any, Any]]) -> tuple[str, ...]:
    """The metrics that any of the tasks has, `risk` first."""
    return tuple(dict.fromkeys(name for task in tasks for name in task.metric_labels))


def metric_label(metric: str, tasks: Sequence[Task[Any, Any]]) -> str:
    """A metric with its unit, as an axis of a figure is labelled.

    Args:
        metric: A metric of one of the tasks, or "pgr", the performance gap recovered.
        tasks: Those that are drawn: the unit of a risk is theirs.

    Raises:
        InputError: If there is no such metric.
    """
    if metric == GAP_RECOVERED:
        return GAP_LABEL
    labels: Sequence[Mapping[str, str]] = [task.metric_labels for task in tasks]
    found = dict.fromkeys(each[metric] for each in labels if metric in each)
    if not found:
        raise InputError("metric", repr(metric), "one of " + ", ".join((*metric_names(tasks), GAP_RECOVERED)))
    return " or ".join(found)
