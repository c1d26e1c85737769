"""An estimate with its confidence interval, from runs that are independent of one another."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import stats

from w2s_sim._checks import require_between
from w2s_sim.errors import InputError

LEVEL = 0.99


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A measured number, with an interval that holds the true mean over runs with probability `level`.

    Attributes:
        value: The estimate.
        low: Lower end of the interval.
        high: Upper end.
        num_runs: Number of independent runs: seeds, sets of demonstrations, or whatever was drawn anew.
        level: Probability that the interval holds, in (0, 1).
    """

    value: float
    low: float
    high: float
    num_runs: int
    level: float = LEVEL

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise InputError("estimate", f"{self.value} in [{self.low}, {self.high}]", "low <= value <= high")


def estimate_from_runs(values: Sequence[float] | Float[np.ndarray, " n"], level: float = LEVEL) -> Estimate:
    """Return the mean over runs with Student's t interval.

    The interval is exact if the values are normal; otherwise it holds in the limit of many runs.

    Args:
        values: One number from each of n >= 2 independent runs, in the unit of the quantity.
        level: Probability that the interval holds, in (0, 1).

    Raises:
        InputError: If there are fewer than two values, or a value is not finite.
    """
    require_between("level", level, 0.0, 1.0, open_low=True)
    runs = np.asarray(values, dtype=np.float64)
    if runs.ndim != 1 or len(runs) < 2 or not np.isfinite(runs).all():
        raise InputError("values", f"an array of shape {runs.shape}", "finite numbers of at least two runs")
    mean = float(runs.mean())
    half = float(stats.t.ppf((1 + level) / 2, len(runs) - 1) * runs.std(ddof=1) / math.sqrt(len(runs)))
    return Estimate(mean, mean - half, mean + half, len(runs), level)
