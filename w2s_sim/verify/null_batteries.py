"""Synthetic batteries: how often is a true claim refuted, or a false claim called consistent?

Every claim is about values whose mean is known. True claims are as nearly false as possible: an upper or
lower bound that equals the mean, an equality that is off by exactly its margin. False claims are off by a
further tenth. A verdict is wrong if it refutes a true claim or calls a false claim consistent.
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
    """A distribution of known mean.

    Attributes:
        name: Name of the distribution.
        draw: Function of a generator and a size n that returns n independent values.
        truth: The mean, or the functional of the means.
        support: Smallest and largest value, as declared to the check.
        functional: Function of the means, for vectors.
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
# Rare events and heavy tails, mostly without a declared support. Pareto of index 2.1 barely has a variance.
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
# The margin of equalities, and the error of false claims, as shares of the truth; absolute if the truth is 0.
MARGIN, FALSE_BY = 0.05, 0.1


@dataclasses.dataclass(frozen=True)
class BatteryErrors:
    """Wrong verdicts of one battery, and the false claims that it refuted.

    Attributes:
        refuted: Names of the true claims that were refuted.
        accepted: Names of the false claims that were called consistent.
        missed: Names of the laws whose interval missed the truth at some look, up to the budget.
        caught: Names of the false claims that were refuted.
    """

    refuted: tuple[str, ...]
    accepted: tuple[str, ...]
    missed: tuple[str, ...]
    caught: tuple[str, ...]


def claims(law: Law) -> list[tuple[bool, Claim]]:
    """Return every kind of claim about a law: a true one at the boundary, and a false one a tenth off."""
    unit = abs(law.truth) or 1.0
    found = []
    for kind in KINDS:
        # A smaller upper bound is false, and so is a larger lower bound.
        side = 1.0 if kind == "lower" else -1.0
        margin = MARGIN * unit if kind == "equality" else 0.0
        for true in (True, False):
            off = margin if true else margin + FALSE_BY * unit
            found.append((true, Claim(kind, law.truth + side * off, margin, law.functional)))
    return found


def run_null_battery(index: int, settings: Settings, laws: Sequence[Law] = LAWS) -> BatteryErrors:
    """Run one battery: every law under every kind of claim, at the family-wise level `settings.alpha`.

    Args:
        index: Number of the battery; its values depend only on (settings.seed, index).
        settings: First look, budget and level.
        laws: Distributions to draw from.
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
    """Yield the sample sizes of all looks, up to the budget."""
    size = settings.first_round
    while size < settings.max_replicates:
        yield size
        size *= 2
    yield settings.max_replicates
