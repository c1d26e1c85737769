"""The limits and the ticks of the axes of a study's figure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.plotting.study_bounds import BOUNDS
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS
from w2s_sim.plotting.ticks import labels_that_fit

# Bounds farther than this from the measured values do not stretch the axis: a factor on a logarithmic axis, a
# multiple of the measured range on a linear one.
FARTHEST_BOUND_LOG, FARTHEST_BOUND_LINEAR = 100.0, 2.0
# Largest factor by which a mean that is not clearly above zero may extend a logarithmic axis downwards.
FARTHEST_UNSURE = 1000.0
MOST_TICKS = 12


def y_limits(points: pd.DataFrame, log: bool) -> tuple[float, float]:
    """Return the ends of a vertical axis that shows all measured values, their error bars and nearby bounds.

    Args:
        points: Columns y and se, and the columns of the bounds; at least one y is finite, and positive on a
            logarithmic axis.
        log: Whether the axis is logarithmic.
    """
    columns = {name: points[name].to_numpy(dtype=float) for name in ("y", "se", *BOUNDS)}
    bars = BAR_STANDARD_ERRORS * columns["se"]
    y = _shown(columns["y"], log)
    ends = _shown(np.concatenate([columns["y"] - bars, columns["y"] + bars]), log)
    bounds = np.concatenate([_shown(columns[kind], log) for kind in BOUNDS])
    if log:
        # The mean of rare events may be many decades too low, with a bar that reaches zero: such means, and
        # the lower ends of bars, extend the axis only by a limited factor.
        sure = _shown(np.where(columns["y"] <= bars, np.nan, columns["y"]), log)
        reliable = sure.min() if len(sure) else y.max()
        low = np.log(max(y.min(), reliable / FARTHEST_UNSURE))
        low = min(low, np.log(np.maximum(ends, 0.3 * np.exp(low))).min(initial=low))
        high = np.log(max(y.max(), ends.max(initial=0.0)))
        reach = np.log(FARTHEST_BOUND_LOG)
        low, high = _taking_in(np.log(bounds), low, high, reach)
        margin = 0.05 * max(high - low, 1.0)
        return float(np.exp(low - margin)), float(np.exp(high + margin))
    measured = np.concatenate([y, ends])
    low, high = measured.min(), measured.max()
    low, high = _taking_in(bounds, low, high, FARTHEST_BOUND_LINEAR * max(high - low, 0.5 * abs(high)))
    margin = 0.05 * (high - low) or 0.5 * abs(high) or 1.0
    # If no value is negative, the axis begins at zero when that costs less than half of its length.
    bottom = 0.0 if 0.0 <= low < 0.5 * high else low - margin
    return float(bottom), float(high + margin)


def _taking_in(bounds: Float[np.ndarray, " n"], low: float, high: float, reach: float) -> tuple[float, float]:
    near = bounds[(bounds >= low - reach) & (bounds <= high + reach)]
    return min(low, near.min(initial=low)), max(high, near.max(initial=high))


def _shown(values: Float[np.ndarray, " n"], log: bool) -> Float[np.ndarray, " m"]:
    return values[np.isfinite(values) & ((values > 0) | (not log))]


def x_ticks(positions: Sequence[float], log: bool, width: float) -> dict[float, str] | None:
    """Return ticks at the measured positions, labelled where there is room; None for the axis's own ticks.

    Too many values on a logarithmic axis are replaced by round numbers; on a linear axis, by its own ticks.

    Args:
        positions: The measured positions.
        log: Whether the axis is logarithmic.
        width: Length of the axis in inches.
    """
    values = sorted(set(positions))
    if not values or (not log and len(values) > MOST_TICKS // 2):
        return None
    if len(values) > MOST_TICKS:
        values = _round_values(values[0], values[-1])
    if len(values) < 2:
        return None
    return labels_that_fit(values, np.log(values) if log else np.asarray(values), width)


def _round_values(low: float, high: float) -> list[float]:
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    steps = (1, 2, 5) if last - first <= MOST_TICKS // 3 else (1,)
    values = [float(f"{step}e{decade}") for decade in range(first, last + 1) for step in steps]
    return [value for value in values if low <= value <= high]
