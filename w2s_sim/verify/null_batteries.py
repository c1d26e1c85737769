"""Synthetic batteries: how often does checking refute what is true, or call consistent what is false?

Every claim is about values whose mean is known. True ones are as nearly false as they can be: an upper or
lower bound that equals the mean, an equality that is off by exactly its margin. False ones are off by a
tenth. Whatever true one is refuted, and whatever false one is called consistent, is a wrong verdict.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import ArrayLike, Float

from w2s_sim.statements import L1_NORM, Functional, Kind, monotone
from w2s_sim.verify.intervals import UNBOUNDED, interval_of
from w2s_sim.verify.sequential import Claim, sample_until_decided
from w2s_sim.verify.settings import Settings

UNIT, POSITIVE = (0.0, 1.0), (0.0, float("inf"))


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


def _coin(probability: float) -> Callable[[np.random.Generator, int], Float[np.ndarray, " n"]]:
    return lambda generator, size: (generator.random(size) < probability).astype(float)


def _coin_and_exponential(generator: np.random.Generator, size: int) -> Float[np.ndarray, "n 2"]:
    return np.stack([generator.standard_exponential(size), _coin(1e-4)(generator, size)], axis=1)


ROOTS = monotone(lambda means: float(np.sqrt(np.maximum(means, 0.0)).sum()))
LAWS = (
    Law("coin of probability 1/2", _coin(0.5), 0.5, UNIT),
    Law("coin of probability 1/100", _coin(0.01), 0.01, UNIT),
    Law("uniform", lambda g, n: g.random(n), 0.5, UNIT),
    Law("beta(0.1, 2)", lambda g, n: g.beta(0.1, 2.0, n), 0.1 / 2.1, UNIT),
    Law("normal", lambda g, n: g.standard_normal(n), 0.0),
    Law("exponential", lambda g, n: g.standard_exponential(n), 1.0),
    Law("squared normal", lambda g, n: g.standard_normal(n) ** 2, 1.0),
    Law("log-normal", lambda g, n: g.lognormal(0.0, 1.0, n), float(np.exp(0.5))),
    Law("sum of two roots", lambda g, n: g.standard_exponential((n, 2)), 2.0, UNBOUNDED, ROOTS),
    Law("L1 norm of three", lambda g, n: g.random((n, 3)) - 0.25, 0.75, (-0.25, 0.75), L1_NORM),
)
# Rare and heavy-tailed values of which nothing is declared. Of Pareto's, the first has a variance, barely.
WILD_LAWS = (
    *(
        Law(f"coin of probability 1e-{power}, undeclared", _coin(10.0**-power), 10.0**-power)
        for power in (3, 4, 5)
    ),
    Law("log-normal of sigma 2", lambda g, n: g.lognormal(0.0, 2.0, n), float(np.exp(2.0))),
    Law("log-normal of sigma 3", lambda g, n: g.lognormal(0.0, 3.0, n), float(np.exp(4.5))),
    Law("Pareto of index 2.1", lambda g, n: 1.0 + g.pareto(2.1, n), 2.1 / 1.1),
    Law("Pareto of index 3", lambda g, n: 1.0 + g.pareto(3.0, n), 1.5),
    Law(
        "log-normal of sigma 2, nonnegative",
        lambda g, n: g.lognormal(0.0, 2.0, n),
        float(np.exp(2.0)),
        POSITIVE,
    ),
    Law("Pareto of index 2.1, nonnegative", lambda g, n: 1.0 + g.pareto(2.1, n), 2.1 / 1.1, POSITIVE),
    Law("two roots, one of a coin", _coin_and_exponential, 1.0 + 1e-2, UNBOUNDED, ROOTS),
)
ALL_LAWS = LAWS + WILD_LAWS
KINDS: tuple[Kind, ...] = ("upper", "lower", "equality")
# The equalities' margin, and what false claims are off by, as shares of the truth; of one where it is zero.
MARGIN, FALSE_BY = 0.05, 0.1


@dataclasses.dataclass(frozen=True)
class BatteryErrors:
    """What went wrong in one battery, and what went right.

    Attributes:
        refuted: Names of the true claims that were refuted.
        accepted: Names of the false claims that were called consistent.
        missed: Names of the laws whose interval missed the truth at any look, up to the budget.
        caught: Names of the false claims that were refuted.
    """

    refuted: tuple[str, ...]
    accepted: tuple[str, ...]
    missed: tuple[str, ...]
    caught: tuple[str, ...]


def claims(law: Law) -> list[tuple[bool, Claim]]:
    """Every kind of claim about a law, true at the boundary and false by a tenth."""
    unit = abs(law.truth) or 1.0
    found = []
    for kind in KINDS:
        # Downwards is false for an upper bound, and upwards for a lower one.
        side = 1.0 if kind == "lower" else -1.0
        margin = MARGIN * unit if kind == "equality" else 0.0
        for true in (True, False):
            off = margin if true else margin + FALSE_BY * unit
            found.append((true, Claim(kind, law.truth + side * off, margin, law.functional)))
    return found


def run_null_battery(index: int, settings: Settings, laws: Sequence[Law] = LAWS) -> BatteryErrors:
    """One battery: every law under every kind of claim, at the family-wise level `settings.alpha`.

    Args:
        index: Number of the battery; its values depend on (settings.seed, index) alone.
        settings: First look, budget and level.
        laws: Whose values are drawn.
    """
    level = settings.alpha / (len(laws) * len(KINDS))
    refuted, accepted, missed, caught = [], [], [], []
    for number, law in enumerate(laws):
        generator = np.random.default_rng([settings.seed, index, number])
        values = law.draw(generator, settings.max_replicates)
        seen = {
            size: interval_of(values[:size], law.support, law.functional, level, settings.first_round)
            for size in _looks(settings)
        }
        if any(not interval.low <= law.truth <= interval.high for interval in seen.values()):
            missed.append(law.name)
        for true, claim in claims(law):
            outcome = sample_until_decided(
                lambda start, stop, v=values: v[start:stop],
                claim,
                law.support,
                settings,
                level,
                lambda sample, *_, looks=seen: looks[len(sample)],
            ).outcome
            name = f"{law.name}, {claim.kind}"
            if outcome == "refuted":
                (refuted if true else caught).append(name)
            elif outcome == "consistent" and not true:
                accepted.append(name)
    return BatteryErrors(tuple(refuted), tuple(accepted), tuple(missed), tuple(caught))


def _looks(settings: Settings) -> Iterator[int]:
    """Sample sizes of all looks, as if nobody stopped early."""
    size = settings.first_round
    while size < settings.max_replicates:
        yield size
        size *= 2
    yield settings.max_replicates
