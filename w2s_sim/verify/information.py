"""How much a sample of unbounded values says about their mean: the guard of the asymptotic intervals.

An interval from the central limit theorem is right if many values contribute to the variance of the sample.
If a few large values carry the variance, as with rare events and heavy tails, the interval lies too low far
more often than its level says; if none of the large values was drawn, it certainly lies too low.
"""

import functools

import numpy as np
from jaxtyping import Float
from scipy.special import pdtr

from w2s_sim.rounding import FEW_OPERATIONS

# Below an index of 3 the third moment is infinite, and with it the bound on the error of the CLT.
LEAST_TAIL_INDEX = 3.0
# Hill's estimator uses this share of the values that carry the variance: the rest may follow another law.
TAIL_SHARE = 0.8
REMEDY = "give its `support`, sample the rare part by tilting, or raise `max_replicates`"


def is_constant(values: Float[np.ndarray, " n"]) -> bool:
    """Return whether all values are equal up to the rounding of float32."""
    return bool(np.ptp(values) <= FEW_OPERATIONS * np.max(np.abs(values)))


def effective_number(values: Float[np.ndarray, " n"]) -> float:
    """Return (sum c_i^2)^2 / sum c_i^4, c = values - mean: how many values carry the sample's variance.

    The number is n/3 for a large normal sample, about the number of events for rare events, about 1 if one
    value outweighs all others, and 0 for a constant sample.

    Args:
        values: Finite values, at least one, in any unit.
    """
    if is_constant(values):
        return 0.0
    squares = _distances(values) ** 2
    return float(squares.sum() ** 2 / (squares**2).sum())


def tail_index(values: Float[np.ndarray, " n"], size: int) -> float:
    """Estimate a in P(|value - mean| > t) ~ t^-a from the `size` values farthest from the mean.

    The estimate is infinite if these values are equally far from the mean.

    Source: Hill 1975, Ann. Statist. 3, "A simple general approach to inference about the tail of a
    distribution".
    """
    distances = _distances(values)
    farthest = np.partition(distances, len(distances) - size - 1)[-size - 1 :]
    spread = float(np.mean(np.log(farthest[1:] / farthest[0]))) if farthest[0] > 0 else np.inf
    return 1.0 / spread if spread > 0 else np.inf


def _distances(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Return |value - mean| divided by its maximum; values are scaled first, so that nothing overflows."""
    scaled = values / np.max(np.abs(values))
    distances = np.abs(scaled - scaled.mean())
    return distances / np.max(distances)


@functools.lru_cache(maxsize=4096)
def needed_number(factor: float, alpha: float) -> float:
    """Return how many rare events a sample needs for the interval count +- factor sqrt(count) to be valid.

    The number is the smallest N such that a Poisson variable of mean N + factor sqrt(N) is N or less with
    probability at most alpha/2. For more events the probability is smaller still.

    Args:
        factor: Half-width of the interval in standard errors, > 0.
        alpha: Error level of the interval, in (0, 1).
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
    """Return why a sample without a support says too little about its mean; "" if it says enough.

    Args:
        values: Finite values.
        factor: Half-width of the asymptotic interval, in standard errors.
        alpha: Error level of the interval.
    """
    if is_constant(values):
        return f"too little information: all {len(values)} replicates are {values[0]:.6g}; {REMEDY}"
    found, needed = effective_number(values), needed_number(round(factor, 2), alpha)
    if found < needed:
        return (
            f"too little information: the variance of {len(values)} replicates rests on about {found:.0f} of "
            f"them, and {needed:.0f} are needed; {REMEDY}"
        )
    index = tail_index(values, int(TAIL_SHARE * min(found, len(values) ** 0.5)))
    if index < LEAST_TAIL_INDEX:
        return (
            f"too little information: {len(values)} replicates have a heavy tail, of index {index:.2g}; "
            f"at least {LEAST_TAIL_INDEX:g} is needed; {REMEDY}"
        )
    return ""
