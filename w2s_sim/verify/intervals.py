"""Confidence sequences: intervals for a mean that hold at every look, so that one may stop at any."""

import dataclasses
import math

import numpy as np
from jaxtyping import ArrayLike, Float

from w2s_sim._checks import require_between
from w2s_sim.errors import InputError
from w2s_sim.statements import Functional

# Largest bet of the empirical-Bernstein sequence; 3/4 suits rare events.
LARGEST_BET = 0.75
# The support of values that may be anything.
UNBOUNDED = (-math.inf, math.inf)


@dataclasses.dataclass(frozen=True)
class Interval:
    """An estimate of a mean.

    Attributes:
        mean: Sample mean.
        se: Its Monte Carlo standard error.
        low: Lower end of the confidence interval.
        high: Upper end.
        parts: The intervals of the means that it was made of, for a functional of several.
    """

    mean: float
    se: float
    low: float
    high: float
    parts: "tuple[Interval, ...]" = ()


def interval_of(
    values: Float[np.ndarray, "n *r"],
    support: tuple[ArrayLike, ArrayLike],
    functional: Functional | None,
    alpha: float,
    tuned_at: int,
) -> Interval:
    """The confidence sequence that suits the values: for their mean, or for a functional of their means.

    Args:
        values: Independent draws, scalars (n,) or vectors (n, r), in the order drawn.
        support: Smallest and largest possible value; infinite where there is none.
        functional: The number made of r means; needed for vectors.
        alpha: Error level in (0, 1), shared equally by the coordinates (Bonferroni).
        tuned_at: Sample size at which an asymptotic sequence is tightest.
    """
    if functional is None:
        low, high = (float(np.asarray(end)) for end in support)
        if math.isfinite(low) and math.isfinite(high):
            return empirical_bernstein(values, low, high, alpha)
        return asymptotic(values, alpha, tuned_at)
    width = values.shape[1]
    lows, highs = (np.broadcast_to(np.asarray(end, dtype=np.float64), width) for end in support)
    parts = [
        interval_of(column, ends, None, alpha / width, tuned_at)
        for column, ends in zip(values.T, zip(lows, highs, strict=True), strict=True)
    ]
    low, high = functional.interval(np.array([p.low for p in parts]), np.array([p.high for p in parts]))
    means = values.mean(axis=0)
    se = _delta_se(values, functional, means)
    return Interval(functional.value(means), se, low, high, tuple(parts))


def _delta_se(
    values: Float[np.ndarray, "n r"], functional: Functional, means: Float[np.ndarray, " r"]
) -> float:
    """Standard error of a functional by the delta method; gradient by differences of one standard error."""
    steps = values.std(axis=0, ddof=1) / math.sqrt(len(values))
    gradient = np.zeros(len(means))
    for i, step in enumerate(steps):
        if step > 0:
            shift = np.zeros(len(means))
            shift[i] = step
            gradient[i] = (functional.value(means + shift) - functional.value(means - shift)) / (2.0 * step)
    linear = (values - means) @ gradient
    return float(linear.std(ddof=1) / math.sqrt(len(values)))


def sample_summary(values: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Mean and its Monte Carlo standard error; the latter is nan for a single value."""
    size = len(values)
    if size < 2:
        return float(np.mean(values)), math.nan
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(size))


def empirical_bernstein(values: Float[np.ndarray, " n"], low: float, high: float, alpha: float) -> Interval:
    """Empirical-Bernstein confidence sequence for the mean of bounded values, at its last look.

    Holds at all sample sizes at once with probability 1 - alpha, for every law on [low, high].

    Args:
        values: Independent draws, in the order drawn.
        low: Smallest possible value.
        high: Largest possible value.
        alpha: Error level in (0, 1).

    Raises:
        InputError: If a value lies outside [low, high], or alpha outside (0, 1).

    Source: Waudby-Smith & Ramdas 2024, arXiv 2010.09686, Theorem 2 (predictable plug-in).
    """
    require_between("alpha", alpha, 0.0, 1.0, open_low=True)
    slack = 1e-5 * (high - low)
    if values.min() < low - slack or values.max() > high + slack:
        raise InputError("values", f"[{values.min():g}, {values.max():g}]", f"values in [{low:g}, {high:g}]")
    scaled = np.clip((values - low) / (high - low), 0.0, 1.0)
    times = np.arange(1, len(scaled) + 1)
    means = (0.5 + np.cumsum(scaled)) / (times + 1)
    variances = (0.25 + np.cumsum((scaled - means) ** 2)) / (times + 1)
    # Both must be known before the value they are used for is drawn.
    previous_means = np.concatenate([[0.5], means[:-1]])
    previous_variances = np.concatenate([[0.25], variances[:-1]])
    log_level = math.log(2.0 / alpha)
    bets = np.sqrt(2.0 * log_level / (previous_variances * times * np.log1p(times)))
    bets = np.minimum(bets, LARGEST_BET)
    penalties = 4.0 * (scaled - previous_means) ** 2 * (-np.log1p(-bets) - bets) / 4.0
    total = bets.sum()
    centre = float((bets * scaled).sum() / total)
    radius = float((log_level + penalties.sum()) / total)
    mean, se = sample_summary(values)
    width = high - low
    return Interval(
        mean, se, low + width * max(0.0, centre - radius), low + width * min(1.0, centre + radius)
    )


def asymptotic(values: Float[np.ndarray, " n"], alpha: float, tuned_at: int) -> Interval:
    """Asymptotic confidence sequence for the mean of values with a finite variance, at its last look.

    The time-uniform analogue of the interval from the central limit theorem: it holds at all sample
    sizes at once in the limit of a large first look.

    Args:
        values: Independent draws.
        alpha: Error level in (0, 1).
        tuned_at: Sample size at which the interval is tightest.

    Raises:
        InputError: If alpha lies outside (0, 1).

    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, arXiv 2103.06476, Theorem 2.2.
    """
    require_between("alpha", alpha, 0.0, 1.0, open_low=True)
    mean, se = sample_summary(values)
    size = len(values)
    log_level = -2.0 * math.log(alpha)
    rho_squared = (log_level + math.log(log_level + 1.0)) / tuned_at
    spread = size * rho_squared + 1.0
    # se^2 = variance / size, so that the sequence's factor multiplies se * sqrt(size).
    factor = math.sqrt(2.0 * spread / (size**2 * rho_squared) * math.log(math.sqrt(spread) / alpha))
    radius = se * math.sqrt(size) * factor
    return Interval(mean, se, mean - radius, mean + radius)
