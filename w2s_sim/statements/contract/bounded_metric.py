"""The metric of a student whose mean a theorem bounds, so that studies can show the bound beside the mean."""

import dataclasses
from collections.abc import Callable
from typing import Any

from w2s_sim.statements.contract.case import Case


@dataclasses.dataclass(frozen=True)
class BoundedMetric:
    """A metric of a task, and the cases in which the number that a theorem bounds is the mean of that metric.

    Attributes:
        name: The metric's name in `task.metrics`.
        applies: Whether the theorem's number is the mean of the metric in a case. It is asked before the
            theorem's assumptions, so that these see cases of the right kind alone.
    """

    name: str
    applies: Callable[[Case[Any]], bool]
