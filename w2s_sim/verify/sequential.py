"""Sampling in rounds until a claim about a mean is decided, or the budget is spent."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import ArrayLike, Float

from w2s_sim.statements import Functional, Kind
from w2s_sim.verify.intervals import Interval, interval_of
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
    """

    kind: Kind
    bound: float
    margin: float = 0.0
    functional: Functional | None = None


@dataclasses.dataclass(frozen=True)
class Decision:
    """How sampling ended.

    Attributes:
        interval: The estimate and its interval, at the last look.
        outcome: "consistent", "refuted" or "inconclusive".
        replicates: Number of replicates drawn.
        reason: Why it is inconclusive, if it is.
    """

    interval: Interval
    outcome: Outcome
    replicates: int
    reason: str = ""


def sample_until_decided(
    draw: Draw, claim: Claim, support: tuple[ArrayLike, ArrayLike], settings: Settings, alpha: float
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
    """
    values, target = draw(0, settings.first_round), settings.first_round
    while True:
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if not finite.all():
            nothing = Interval(math.nan, math.nan, math.nan, math.nan)
            reason = f"{np.sum(~finite)} of {len(values)} replicates are not finite"
            return Decision(nothing, "inconclusive", len(values), reason)
        interval = interval_of(values, support, claim.functional, alpha, settings.first_round)
        outcome = judge(claim.kind, interval.low, interval.high, claim.bound, claim.margin)
        if outcome != "inconclusive" and _is_fine(interval, claim, settings):
            return Decision(interval, outcome, target)
        if target >= settings.max_replicates:
            reason = f"the interval holds the bound after {target} replicates, the budget"
            return Decision(interval, outcome, target, reason if outcome == "inconclusive" else "")
        start, target = target, min(2 * target, settings.max_replicates)
        values = np.concatenate([values, draw(start, target)])


def _is_fine(interval: Interval, claim: Claim, settings: Settings) -> bool:
    half_width = 0.5 * (interval.high - interval.low)
    enough = settings.precision * max(abs(interval.mean), claim.margin)
    return half_width <= max(enough, FINE_SHARE_OF_MARGIN * claim.margin)
