"""How much a sample of unbounded values says of their mean: the guard of the asymptotic intervals.

An interval from the central limit theorem is right where many values share the spread of the sample. Where
a few large ones carry it, as with rare events and heavy tails, it is too low far more often than its level
says, and where none of them was drawn it is too low for sure.
"""

import functools

import numpy as np
from jaxtyping import Float
from scipy.special import pdtr

from w2s_sim.rounding import FEW_OPERATIONS

# Below three the third moment is infinite, on which the error of the central limit theorem rests.
LEAST_TAIL_INDEX = 3.0
# Of the values that carry the spread, the share whose tail is looked at: below them may lie another world.
TAIL_SHARE = 0.8
REMEDY = "give its `support`, sample the rare part by tilting, or raise `max_replicates`"


def is_constant(values: Float[np.ndarray, " n"]) -> bool:
    """Whether all values are equal up to the rounding of float32."""
    return bool(np.ptp(values) <= FEW_OPERATIONS * np.max(np.abs(values)))


def effective_number(values: Float[np.ndarray, " n"]) -> float:
    """(sum c_i^2)^2 / sum c_i^4 with c = values - mean: how many values share the spread of a sample.

    n/3 for a large normal sample, about the number of events for rare events, about 1 where one value
    outweighs all others, and 0 for a constant sample.

    Args:
        values: Finite values, at least one, in any unit.
    """
    if is_constant(values):
        return 0.0
    squares = _distances(values) ** 2
    return float(squares.sum() ** 2 / (squares**2).sum())


def tail_index(values: Float[np.ndarray, " n"], size: int) -> float:
    """Estimate of a in P(|value - mean| > t) ~ t^-a, from the `size` values that are farthest off.

    Infinite where they are equally far.

    Source: Hill 1975, Ann. Statist. 3, "A simple general approach to inference about the tail of a
    distribution".
    """
    distances = _distances(values)
    farthest = np.partition(distances, len(distances) - size - 1)[-size - 1 :]
    spread = float(np.mean(np.log(farthest[1:] / farthest[0]))) if farthest[0] > 0 else np.inf
    return 1.0 / spread if spread > 0 else np.inf


def _distances(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """|value - mean| as shares of the largest; scaled before the mean is taken, so that nothing overflows."""
    scaled = values / np.max(np.abs(values))
    distances = np.abs(scaled - scaled.mean())
    return distances / np.max(distances)


@functools.lru_cache(maxsize=4096)
def needed_number(factor: float, alpha: float) -> float:
    """How many rare events a sample must hold for the interval count +- factor sqrt(count) to be right.

    The smallest N such that, if N + factor sqrt(N) were the expected number, N events or fewer would come
    with probability alpha/2 at most: they are Poisson. For more events it holds all the more.

    Args:
        factor: Half-width of the interval in standard errors, > 0.
        alpha: Its error level, in (0, 1).
    """

    def suffices(count: int) -> bool:
        return bool(pdtr(count, count + factor * count**0.5) <= alpha / 2.0)

    high = 1
    while not suffices(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return float(high)


def lack_of_information(values: Float[np.ndarray, " n"], factor: float, alpha: float) -> str:
    """Why the mean of a sample without a support is not known; empty where it is.

    Args:
        values: Finite values.
        factor: Half-width in standard errors of the interval that is to be believed.
        alpha: Its error level.
    """
    if is_constant(values):
        return f"too little information: all {len(values)} replicates are {values[0]:.6g}; {REMEDY}"
    found, needed = effective_number(values), needed_number(round(factor, 2), alpha)
    if found < needed:
        return (
            f"too little information: {len(values)} replicates have the spread of {found:.0f} rare events, "
            f"and {needed:.0f} are needed; {REMEDY}"
        )
    index = tail_index(values, int(TAIL_SHARE * min(found, len(values) ** 0.5)))
    if index < LEAST_TAIL_INDEX:
        return (
            f"too little information: {len(values)} replicates have a heavy tail, of index {index:.2g}, "
            f"and {LEAST_TAIL_INDEX:g} is needed; {REMEDY}"
        )
    return ""
