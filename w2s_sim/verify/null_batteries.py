"""Synthetic batteries of true claims at the boundary: how often does checking refute what is true?

Each claim is about values whose mean is known, and is as nearly false as a true claim can be: an upper or
lower bound that equals the mean, an equality that is off by exactly its margin. Whatever is refuted here is
refuted falsely.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import ArrayLike, Float

from w2s_sim.statements import L1_NORM, Functional, Kind, monotone
from w2s_sim.verify.intervals import UNBOUNDED, interval_of
from w2s_sim.verify.sequential import Claim, sample_until_decided
from w2s_sim.verify.settings import Settings

UNIT = (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Law:
    """Values of known mean.

    Attributes:
        name: What they are.
        draw: A generator and a size to that many independent values.
        truth: Their mean, or the functional of their means.
        support: Smallest and largest value.
        functional: The number made of several means.
    """

    name: str
    draw: Callable[[np.random.Generator, int], Float[np.ndarray, "n *r"]]
    truth: float
    support: tuple[ArrayLike, ArrayLike] = UNBOUNDED
    functional: Functional | None = None


LAWS = (
    Law("coin of probability 1/2", lambda g, n: (g.random(n) < 0.5).astype(float), 0.5, UNIT),
    Law("coin of probability 1/100", lambda g, n: (g.random(n) < 0.01).astype(float), 0.01, UNIT),
    Law("uniform", lambda g, n: g.random(n), 0.5, UNIT),
    Law("beta(0.1, 2)", lambda g, n: g.beta(0.1, 2.0, n), 0.1 / 2.1, UNIT),
    Law("normal", lambda g, n: g.standard_normal(n), 0.0),
    Law("exponential", lambda g, n: g.standard_exponential(n), 1.0),
    Law("squared normal", lambda g, n: g.standard_normal(n) ** 2, 1.0),
    Law("log-normal", lambda g, n: g.lognormal(0.0, 1.0, n), float(np.exp(0.5))),
    Law(
        "sum of two roots",
        lambda g, n: g.standard_exponential((n, 2)),
        2.0,
        UNBOUNDED,
        monotone(lambda means: float(np.sqrt(np.maximum(means, 0.0)).sum())),
    ),
    Law("L1 norm of three", lambda g, n: g.random((n, 3)) - 0.25, 0.75, (-0.25, 0.75), L1_NORM),
)
KINDS: tuple[Kind, ...] = ("upper", "lower", "equality")
# The equalities' margin, relative to the size of the truth or to one.
MARGIN = 0.05
NUM_CLAIMS = len(LAWS) * len(KINDS)


@dataclasses.dataclass(frozen=True)
class BatteryErrors:
    """What went wrong in one battery.

    Attributes:
        refuted: Names of the true claims that were refuted.
        missed: Names of the laws whose interval missed the truth at any look, up to the budget.
    """

    refuted: tuple[str, ...]
    missed: tuple[str, ...]


def run_null_battery(index: int, settings: Settings) -> BatteryErrors:
    """One battery: every law under every kind of claim, at the family-wise level `settings.alpha`.

    Args:
        index: Number of the battery; its values depend on (settings.seed, index) alone.
        settings: First look, budget and level.
    """
    level = settings.alpha / NUM_CLAIMS
    refuted, missed = [], []
    for number, law in enumerate(LAWS):
        generator = np.random.default_rng([settings.seed, index, number])
        values = law.draw(generator, settings.max_replicates)
        for kind in KINDS:
            margin = MARGIN * max(1.0, abs(law.truth)) if kind == "equality" else 0.0
            claim = Claim(kind, law.truth - margin, margin, law.functional)
            decision = sample_until_decided(
                lambda start, stop, v=values: v[start:stop], claim, law.support, settings, level
            )
            if decision.outcome == "refuted":
                refuted.append(f"{law.name}, {kind}")
        if _misses(law, values, settings, level):
            missed.append(law.name)
    return BatteryErrors(tuple(refuted), tuple(missed))


def _misses(law: Law, values: Float[np.ndarray, "n *r"], settings: Settings, level: float) -> bool:
    """Whether the interval misses the truth at any look, as if nobody had stopped early."""
    size = settings.first_round
    while True:
        seen = interval_of(values[:size], law.support, law.functional, level, settings.first_round)
        if not seen.low <= law.truth <= seen.high:
            return True
        if size >= settings.max_replicates:
            return False
        size = min(2 * size, settings.max_replicates)
