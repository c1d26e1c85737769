"""The metric whose mean a theorem bounds, so that studies can show the bound next to the measured mean."""

import dataclasses
from collections.abc import Callable
from typing import Any

from w2s_sim.statements.contract.case import Case


@dataclasses.dataclass(frozen=True)
class BoundedMetric:
    """A metric of a task, and the cases in which its mean is the quantity that a theorem bounds.

    Attributes:
        name: The metric's name in `task.metrics`.
        applies: Predicate of a case: whether the bounded quantity is the mean of the metric, up to a factor.
            It is evaluated before the theorem's assumptions, so that these only see cases of the right kind.
        factor: The mean of the metric divided by the bounded quantity.
    """

    name: str
    applies: Callable[[Case[Any]], bool]
    factor: Callable[[Case[Any]], float] = lambda case: 1.0
