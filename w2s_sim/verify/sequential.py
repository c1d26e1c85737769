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

# Replicates start .. stop - 1: scalars (n,) or vectors (n, r).
Draw = Callable[[int, int], Float[np.ndarray, "n *r"]]
# An interval this much narrower than an equality's margin need not become narrower.
FINE_SHARE_OF_MARGIN = 0.1


@dataclasses.dataclass(frozen=True)
class Claim:
    """What is claimed of a mean, or of a functional of several.

    Attributes:
        kind: Direction.
        bound: The bound.
        margin: Difference that still counts as equal.
        functional: The number made of the means of vector replicates.
        rounding: What the computation may change in the measured number and the bound, as a share of them.
        resolution: What it may change in them because they are made of much larger numbers, absolute.
    """

    kind: Kind
    bound: float
    margin: float = 0.0
    functional: Functional | None = None
    rounding: float = SINGLE_ROUNDING
    resolution: float = 0.0


@dataclasses.dataclass(frozen=True)
class Decision:
    """How sampling ended.

    Attributes:
        interval: The estimate and its interval, at the last look.
        outcome: "consistent", "refuted" or "inconclusive".
        replicates: Number of replicates drawn.
        reason: Why it is inconclusive, if it is.
        judged: Whether there was a sample to judge by: finite, not empty, and within its support.
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
    """Look after every doubling; stop when the claim is decided and the interval narrow enough.

    Intervals hold at every look, so that stopping early costs no confidence: a true claim is refuted with
    probability at most alpha, however often one looks.

    Args:
        draw: Source of replicates.
        claim: What is tested.
        support: Smallest and largest possible value of a replicate; infinite where there is none.
        settings: First look, budget and precision.
        alpha: Error level of this claim, in (0, 1).
        estimate: Makes the interval; for whoever judges several claims by the same one.
    """
    values, target = draw(0, settings.first_round), settings.first_round
    while True:
        fault = _fault(values, support)
        if fault:
            nothing = Interval(math.nan, math.nan, math.nan, math.nan)
            return Decision(nothing, "inconclusive", len(values), fault, judged=False)
        interval = estimate(values, support, claim.functional, alpha, settings.first_round)
        outcome = _judge(interval, claim)
        # An exact value becomes no more exact.
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
    """The outcome for an interval, whose last digits neither refute a claim nor carry it.

    A bound that is attained has an interval of no width around it: what is beyond it by rounding alone is
    on it. Within the claim's resolution, which may be no small share of the numbers, nothing is refuted.
    """
    rounding = claim.rounding * max(abs(interval.mean), abs(claim.bound))
    outcome = _judge_within(interval, claim, rounding)
    if outcome == "refuted" and _judge_within(interval, claim, claim.resolution) != "refuted":
        return "inconclusive"
    return outcome


def _judge_within(interval: Interval, claim: Claim, slack: float) -> Outcome:
    """The outcome where the bound is moved by `slack` to the side on which it claims less."""
    bound = claim.bound + {"upper": slack, "lower": -slack}.get(claim.kind, 0.0)
    return judge(claim.kind, interval.low, interval.high, bound, claim.margin + slack)


def _fault(values: Float[np.ndarray, "n *r"], support: tuple[ArrayLike, ArrayLike]) -> str:
    """Why a sample cannot be judged; empty where it can."""
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
    """Why a sample that can be judged decides nothing."""
    if judge(claim.kind, interval.low, interval.high, claim.bound, claim.margin) == "refuted":
        return f"what is beyond the bound is no more than rounding makes, {claim.resolution:.2g}"
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
