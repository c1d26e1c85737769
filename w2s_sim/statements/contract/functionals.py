"""Functionals of several means: the measured number of a statement whose replicates are vectors."""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
from jaxtyping import Float


@dataclasses.dataclass(frozen=True)
class Functional:
    """A function of the means of vector replicates, with its range on a box of means.

    Attributes:
        value: Function of the means, shape (r,), that returns the measured number.
        interval: Function of the lower and the upper ends of a box, shapes (r,), that returns an interval
            containing the values at all points of the box.
    """

    value: Callable[[Float[np.ndarray, " r"]], float]
    interval: Callable[[Float[np.ndarray, " r"], Float[np.ndarray, " r"]], tuple[float, float]]


def monotone(function: Callable[[Float[np.ndarray, " r"]], float]) -> Functional:
    """Return the functional of a function monotone in every coordinate; its extremes on a box are at corners.

    Args:
        function: Function that in each coordinate is increasing, or decreasing, for all values of the others.
    """

    def interval(lows: Float[np.ndarray, " r"], highs: Float[np.ndarray, " r"]) -> tuple[float, float]:
        corners = [function(np.array(corner)) for corner in itertools.product(*zip(lows, highs, strict=True))]
        return min(corners), max(corners)

    return Functional(function, interval)


def _l1_interval(lows: Float[np.ndarray, " r"], highs: Float[np.ndarray, " r"]) -> tuple[float, float]:
    nearest = np.maximum(np.maximum(lows, -highs), 0.0)
    return float(nearest.sum()), float(np.maximum(np.abs(lows), np.abs(highs)).sum())


# sum_i |mean_i|
L1_NORM = Functional(lambda means: float(np.abs(means).sum()), _l1_interval)
# max_i mean_i
MAXIMUM = Functional(
    lambda means: float(means.max()), lambda lows, highs: (float(lows.max()), float(highs.max()))
)
