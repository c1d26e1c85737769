"""Risks relative to those of the weak model and of the unaligned strong model."""

import math
from typing import Any, NamedTuple

from w2s_sim.metrics import gain_over_source, performance_gap_recovered
from w2s_sim.tasks.task import Task


class ReferenceRisks(NamedTuple):
    """The exact risks with which a task compares the risk of a student.

    Attributes:
        weak: Risk of the weak model's own predictor.
        source: Risk of the strong model before alignment.
    """

    weak: float
    source: float

    @classmethod
    def of(cls, task: Task[Any, Any]) -> "ReferenceRisks":
        """Return the reference risks of a task."""
        return cls(float(task.weak_risk), float(task.source_risk))

    def columns(self, risk: float, risk_se: float) -> dict[str, float]:
        """Return the relative measures of a mean risk with their standard errors.

        The reference risks are exact, so that both measures are linear in the risk.

        Args:
            risk: Mean risk of a student.
            risk_se: Its Monte Carlo standard error.
        """
        gain = float(gain_over_source(risk, self.source))
        return {
            "pgr": float(performance_gap_recovered(risk, self.weak)),
            "pgr_se": risk_se / self.weak if self.weak > 0 else math.nan,
            "gain_over_source": gain,
            "gain_over_source_se": math.nan if math.isnan(gain) else risk_se / self.source,
        }
