"""Numbers made of several means: what a statement measures when its replicates are vectors."""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
from jaxtyping import Float


@dataclasses.dataclass(frozen=True)
class Functional:
    """A function of the means of vector replicates, with the interval that a box of means gives it.

    Attributes:
        value: Means, shape (r,), to the measured number.
        interval: Lower and upper ends of all means, shapes (r,), to an interval that holds the measured
            number of every point of the box.
    """

    value: Callable[[Float[np.ndarray, " r"]], float]
    interval: Callable[[Float[np.ndarray, " r"], Float[np.ndarray, " r"]], tuple[float, float]]


def monotone(function: Callable[[Float[np.ndarray, " r"]], float]) -> Functional:
    """A function that is monotone in every coordinate: a box's extremes are at its corners.

    Args:
        function: Up or down in each coordinate, whatever the others are.
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
