"""Confidence sequences: intervals for a mean that hold at every look, so that sampling may stop at any."""

import dataclasses
import math
from typing import Literal, get_args

import numpy as np
from jaxtyping import ArrayLike, Float

from w2s_sim._checks import require_between
from w2s_sim.engine.measured import UNBOUNDED as UNBOUNDED
from w2s_sim.errors import InputError
from w2s_sim.rounding import FEW_OPERATIONS, SINGLE_ROUNDING
from w2s_sim.statements import Functional
from w2s_sim.verify.information import lack_of_information

# The guarantee behind an interval, strongest first: "exact", a known value; "bounded", a known range of the
# values, valid at every sample size; "bounded below" and "bounded above", a range known on one side, where
# that end is valid at every sample size; "asymptotic", the central limit theorem.
Basis = Literal["exact", "bounded", "bounded below", "bounded above", "asymptotic"]
BASES: tuple[Basis, ...] = get_args(Basis)
# Largest bet of the empirical-Bernstein sequence; 3/4 suits rare events.
LARGEST_BET = 0.75
# For values bounded on one side, the first 1/16 of the first look only sets the scale of the sequence.
BURN_IN_SHARE = 16


@dataclasses.dataclass(frozen=True)
class Interval:
    """An estimate of a mean, or of a functional of several means, with its confidence interval.

    Attributes:
        mean: The estimate: sample mean, or the functional of the sample means.
        se: Monte Carlo standard error of `mean`.
        low: Lower end of the confidence interval.
        high: Upper end.
        parts: For a functional of several means, the intervals of these means.
        basis: The guarantee behind the interval; see `Basis`.
        lacking: Why the sample says too little about the mean; "" if it says enough. A bounded interval is
            valid in either case.
    """

    mean: float
    se: float
    low: float
    high: float
    parts: "tuple[Interval, ...]" = ()
    basis: Basis = "asymptotic"
    lacking: str = ""


def interval_of(
    values: Float[np.ndarray, "n *r"],
    support: tuple[ArrayLike, ArrayLike],
    functional: Functional | None,
    alpha: float,
    tuned_at: int,
) -> Interval:
    """Return the confidence sequence that suits the support, for the mean or for a functional of the means.

    Args:
        values: Independent draws, scalars (n,) or vectors (n, r), in the order drawn.
        support: Smallest and largest possible value; infinite if the values are unbounded, equal to each
            other if the value is known.
        functional: Function of the r means that is estimated; required for vectors.
        alpha: Error level in (0, 1), shared equally by the coordinates (Bonferroni).
        tuned_at: Sample size at which an asymptotic sequence is tightest.
    """
    if functional is None:
        low, high = (float(np.asarray(end)) for end in support)
        return _interval_of_mean(values, low, high, alpha, tuned_at)
    width = values.shape[1]
    lows, highs = (np.broadcast_to(np.asarray(end, dtype=np.float64), width) for end in support)
    parts = tuple(
        _interval_of_mean(column, float(low), float(high), alpha / width, tuned_at)
        for column, low, high in zip(values.T, lows, highs, strict=True)
    )
    means = values.mean(axis=0)
    se = _delta_se(values, functional, means)
    lacking = next((part.lacking for part in parts if part.lacking), "")
    low, high = _ends(functional, np.array([p.low for p in parts]), np.array([p.high for p in parts]))
    basis = BASES[max(BASES.index(part.basis) for part in parts)]
    return Interval(functional.value(means), se, low, high, parts, basis, lacking)


def _ends(
    functional: Functional, lows: Float[np.ndarray, " r"], highs: Float[np.ndarray, " r"]
) -> tuple[float, float]:
    """Return the range of a functional on a box, which may be unbounded; nan counts as unbounded."""
    with np.errstate(all="ignore"):
        low, high = functional.interval(lows, highs)
    return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)


def _interval_of_mean(
    values: Float[np.ndarray, " n"], low: float, high: float, alpha: float, tuned_at: int
) -> Interval:
    if low == high:
        return Interval(low, 0.0, low, low, basis="exact")
    if math.isfinite(low) and math.isfinite(high):
        return empirical_bernstein(values, low, high, alpha)
    found = asymptotic(values, alpha, tuned_at)
    if found.lacking:
        found = dataclasses.replace(found, low=-math.inf, high=math.inf)
    if math.isfinite(low):
        end = low + lower_limit(values - low, alpha / 2.0, tuned_at)
        return dataclasses.replace(found, low=end, high=max(end, found.high), basis="bounded below")
    if math.isfinite(high):
        end = high - lower_limit(high - values, alpha / 2.0, tuned_at)
        return dataclasses.replace(found, low=min(end, found.low), high=end, basis="bounded above")
    return found


def _delta_se(
    values: Float[np.ndarray, "n r"], functional: Functional, means: Float[np.ndarray, " r"]
) -> float:
    """Standard error of a functional by the delta method; gradient by central differences of one s.e."""
    steps = values.std(axis=0, ddof=1) / math.sqrt(len(values))
    gradient = np.zeros(len(means))
    for i, step in enumerate(steps):
        if step > 0:
            shift = np.zeros(len(means))
            shift[i] = step
            gradient[i] = (functional.value(means + shift) - functional.value(means - shift)) / (2.0 * step)
    linear = (values - means) @ gradient
    return float(linear.std(ddof=1) / math.sqrt(len(values)))


def within(values: Float[np.ndarray, "n *r"], low: ArrayLike, high: ArrayLike) -> bool:
    """Return whether all values lie in [low, high], up to the rounding of float32."""
    ends = np.stack(np.broadcast_arrays(np.asarray(low, dtype=np.float64), np.asarray(high)))
    slack = SINGLE_ROUNDING * np.max(np.abs(ends), axis=0, where=np.isfinite(ends), initial=0.0)
    return bool(np.all(values >= ends[0] - slack) and np.all(values <= ends[1] + slack))


def sample_summary(values: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Return the mean, nan without values, and its Monte Carlo standard error, nan below two values."""
    size = len(values)
    if size < 2:
        return (float(values[0]) if size else math.nan), math.nan
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(size))


def empirical_bernstein(values: Float[np.ndarray, " n"], low: float, high: float, alpha: float) -> Interval:
    """Return the empirical-Bernstein confidence sequence for the mean of bounded values, at the last look.

    The sequence holds at all sample sizes at once with probability 1 - alpha, for every law on [low, high].

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
    if not low < high:
        raise InputError("low, high", f"{low:g}, {high:g}", "low < high")
    if not within(values, low, high):
        raise InputError("values", f"[{values.min():g}, {values.max():g}]", f"values in [{low:g}, {high:g}]")
    scaled = np.clip((values - low) / (high - low), 0.0, 1.0)
    times = np.arange(1, len(scaled) + 1)
    means = (0.5 + np.cumsum(scaled)) / (times + 1)
    variances = (0.25 + np.cumsum((scaled - means) ** 2)) / (times + 1)
    # The bet on a value may use the mean and variance of earlier values only (predictable plug-in).
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
        mean,
        se,
        low + width * max(0.0, centre - radius),
        low + width * min(1.0, centre + radius),
        basis="bounded",
        lacking=lack_of_information(values, math.sqrt(2.0 * log_level), alpha),
    )


def lower_limit(values: Float[np.ndarray, " n"], alpha: float, tuned_at: int) -> float:
    """Return the lower confidence sequence for the mean of nonnegative values, at the last look.

    The limit holds at all sample sizes at once with probability 1 - alpha, for every law on [0, infinity); it
    needs no moments. Each value y is predicted by m, the mean of the values before it. A bet b < 1/m on y
    multiplies the wealth, with l = b m, by
        1 + b (y - m) >= exp(b (y - m) - psi(l) (y/m - 1)^2),    psi(l) = -log(1 - l) - l.
    Values above the point where this exponent is largest are set to that point: that only lowers the mean.

    Args:
        values: Independent draws, in the order drawn.
        alpha: Error level in (0, 1).
        tuned_at: Sample size at which the limit is tightest; the first sixteenth of it only sets the scale.

    Source: Waudby-Smith & Ramdas 2024, arXiv 2010.09686, Theorem 2, the side that needs only the lower end of
    the range; the truncation and the bets are those of theory/verdicts.md.
    """
    require_between("alpha", alpha, 0.0, 1.0, open_low=True)
    burn_in = max(1, tuned_at // BURN_IN_SHARE)
    before = np.arange(burn_in, len(values))
    # Values are divided by the largest value, so that no square overflows.
    unit = float(np.max(values, initial=0.0))
    drawn = np.maximum(values, 0.0) / (unit or 1.0)
    means, squares = (np.cumsum(power)[before - 1] / before for power in (drawn, drawn**2))
    useful = means > 0
    if not useful.any():
        return 0.0
    means, squares, drawn, before = means[useful], squares[useful], drawn[before][useful], before[useful]
    spreads = np.maximum(squares - means**2, (FEW_OPERATIONS * means) ** 2)
    log_level = -math.log(alpha)
    bets = np.sqrt(2.0 * log_level / (spreads * np.maximum(before, tuned_at)))
    bets = np.minimum(bets, LARGEST_BET / means)
    penalties = -np.log1p(-bets * means) - bets * means
    heights = np.minimum(drawn, means + bets * means**2 / (2.0 * penalties))
    gain = np.sum(bets * heights - penalties * (heights / means - 1.0) ** 2)
    return unit * max(0.0, float((gain - log_level) / bets.sum()))


def asymptotic(values: Float[np.ndarray, " n"], alpha: float, tuned_at: int) -> Interval:
    """Return the asymptotic confidence sequence for the mean of finite-variance values, at the last look.

    The sequence is the time-uniform analogue of the interval from the central limit theorem: it holds at all
    sample sizes at once in the limit of a large first look.

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
    # The source's factor multiplies the standard deviation, which is se * sqrt(size).
    factor = math.sqrt(2.0 * spread / (size**2 * rho_squared) * math.log(math.sqrt(spread) / alpha))
    scaled = math.sqrt(size) * factor
    lacking = lack_of_information(values, scaled, alpha)
    return Interval(mean, se, mean - scaled * se, mean + scaled * se, lacking=lacking)
