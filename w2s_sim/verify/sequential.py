"""Sampling in rounds until a claim about a mean is decided, or the budget is spent."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import ArrayLike, Float

from w2s_sim.rounding import SINGLE_ROUNDING
from w2s_sim.statements import Functional, Kind
from w2s_sim.verify.intervals import Interval, interval_of, within
from w2s_sim.verify.settings import Settings
from w2s_sim.verify.verdict import Outcome, judge

# Function of (start, stop) that returns the replicates start .. stop - 1: scalars (n,) or vectors (n, r).
Draw = Callable[[int, int], Float[np.ndarray, "n *r"]]
# An interval whose half-width is at most this share of the margin of an equality is narrow enough.
FINE_SHARE_OF_MARGIN = 0.1


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim about a mean, or about a functional of several means.

    Attributes:
        kind: Direction.
        bound: The bound.
        margin: Largest difference that still counts as equal.
        functional: Function of the means of vector replicates.
        rounding: Relative rounding error of the measured number and the bound.
        resolution: Absolute rounding error of these numbers, if they are computed from much larger numbers.
    """

    kind: Kind
    bound: float
    margin: float = 0.0
    functional: Functional | None = None
    rounding: float = SINGLE_ROUNDING
    resolution: float = 0.0


@dataclasses.dataclass(frozen=True)
class Decision:
    """The result of sampling.

    Attributes:
        interval: The estimate and its interval, at the last look.
        outcome: "consistent", "refuted" or "inconclusive".
        replicates: Number of replicates drawn.
        reason: Why the outcome is "inconclusive"; "" for other outcomes.
        judged: Whether the sample could be judged: it is finite, not empty, and within its support.
    """

    interval: Interval
    outcome: Outcome
    replicates: int
    reason: str = ""
    judged: bool = True


def sample_until_decided(
    draw: Draw,
    claim: Claim,
    support: tuple[ArrayLike, ArrayLike],
    settings: Settings,
    alpha: float,
    estimate: Callable[..., Interval] = interval_of,
) -> Decision:
    """Sample, doubling the sample until the claim is decided and the interval is narrow enough.

    The intervals hold at every look, so that stopping early costs no confidence: a true claim is refuted with
    probability at most alpha, however often the sample is looked at.

    Args:
        draw: Source of replicates.
        claim: The claim to test.
        support: Smallest and largest possible value of a replicate; infinite if there is none.
        settings: First look, budget and precision.
        alpha: Error level of this claim, in (0, 1).
        estimate: Function that computes the interval; replaceable by a cache that several claims share.
    """
    values, target = draw(0, settings.first_round), settings.first_round
    while True:
        fault = _fault(values, support)
        if fault:
            nothing = Interval(math.nan, math.nan, math.nan, math.nan)
            return Decision(nothing, "inconclusive", len(values), fault, judged=False)
        interval = estimate(values, support, claim.functional, alpha, settings.first_round)
        outcome = _judge(interval, claim)
        # More replicates do not improve an exact value.
        done = interval.basis == "exact" or target >= settings.max_replicates
        if done or (outcome != "inconclusive" and _is_fine(interval, claim, settings)):
            return Decision(
                interval,
                outcome,
                target,
                _reason(interval, target, claim) if outcome == "inconclusive" else "",
            )
        start, target = target, min(2 * target, settings.max_replicates)
        values = np.concatenate([values, draw(start, target)])


def _judge(interval: Interval, claim: Claim) -> Outcome:
    """Return the outcome for an interval, with an allowance for rounding.

    If a bound is attained, the interval at it may have width zero: a value beyond the bound by relative
    rounding alone counts as equal to the bound. A value beyond the bound by no more than the claim's
    resolution, which may be a large share of the numbers, is inconclusive and not refuted.
    """
    rounding = claim.rounding * max(abs(interval.mean), abs(claim.bound))
    outcome = _judge_within(interval, claim, rounding)
    if outcome == "refuted" and _judge_within(interval, claim, claim.resolution) != "refuted":
        return "inconclusive"
    return outcome


def _judge_within(interval: Interval, claim: Claim, slack: float) -> Outcome:
    """Return the outcome for the claim weakened by `slack`: a relaxed bound, or a wider margin."""
    bound = claim.bound + {"upper": slack, "lower": -slack}.get(claim.kind, 0.0)
    return judge(claim.kind, interval.low, interval.high, bound, claim.margin + slack)


def _fault(values: Float[np.ndarray, "n *r"], support: tuple[ArrayLike, ArrayLike]) -> str:
    """Return why a sample cannot be judged; "" if it can."""
    if len(values) == 0:
        return "there are no replicates"
    low, high = (np.asarray(end, dtype=np.float64) for end in support)
    if not np.all(low <= high):
        return f"the support [{low}, {high}] is no range"
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.all():
        return f"{np.sum(~finite)} of {len(values)} replicates are not finite"
    if not within(values, low, high):
        seen = f"[{values.min(axis=0)}, {values.max(axis=0)}]"
        return f"replicates lie in {seen}, outside their support [{low}, {high}]"
    return ""


def _reason(interval: Interval, replicates: int, claim: Claim) -> str:
    """Return why a sample that can be judged leaves the claim undecided."""
    if judge(claim.kind, interval.low, interval.high, claim.bound, claim.margin) == "refuted":
        return f"the value is beyond the bound by no more than the rounding error, {claim.resolution:.2g}"
    if interval.basis == "exact":
        return "the exact value is neither on one side of the bound nor within its margin"
    if interval.lacking and not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return interval.lacking
    undecided = f"the interval holds the bound after {replicates} replicates, the budget"
    return f"{undecided}; {interval.lacking}" if interval.lacking else undecided


def _is_fine(interval: Interval, claim: Claim, settings: Settings) -> bool:
    half_width = 0.5 * (interval.high - interval.low)
    enough = settings.precision * max(abs(interval.mean), claim.margin)
    return half_width <= max(enough, FINE_SHARE_OF_MARGIN * claim.margin)
