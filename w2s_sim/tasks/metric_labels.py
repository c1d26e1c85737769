"""Names and axis labels of the metrics of a set of tasks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from w2s_sim.errors import not_among
from w2s_sim.tasks.task import Task

# Measures that are computed from the mean risk of many students, not for one student, by their axis labels.
RELATIVE_RISKS: Mapping[str, str] = {
    "pgr": "performance gap recovered (share)",
    "gain_over_source": "gain over the unaligned strong model (share)",
}


def metric_names(tasks: Iterable[Task[Any, Any]]) -> tuple[str, ...]:
    """Names of all metrics that at least one of the tasks has, `risk` first."""
    return tuple(dict.fromkeys(name for task in tasks for name in task.metric_labels))


def metric_label(metric: str, tasks: Sequence[Task[Any, Any]]) -> str:
    """Axis label of a metric, with its unit.

    Args:
        metric: A metric of one of the tasks, or one of `RELATIVE_RISKS`.
        tasks: The tasks in the figure, which determine the unit of the risk.

    Raises:
        InputError: If no task has this metric.
    """
    if metric in RELATIVE_RISKS:
        return RELATIVE_RISKS[metric]
    labels: Sequence[Mapping[str, str]] = [task.metric_labels for task in tasks]
    found = dict.fromkeys(each[metric] for each in labels if metric in each)
    if not found:
        raise not_among("metric", metric, (*metric_names(tasks), *RELATIVE_RISKS))
    return " or ".join(found)
