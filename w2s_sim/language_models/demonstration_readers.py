"""Readers of demonstrations that may show an event, such as a wrong content, and expect it at the next.

In the theory a concept fixes the law of every demonstration. Demonstrations are then independent given the
concept, and each adds the same evidence. The other readers extend the theory in one direction each: the
concept may change between demonstrations, old evidence fades, or the rate of the event is not known. Proofs:
the page theory/language-model-evidence.md.
"""

import abc
import dataclasses
from collections.abc import Sequence
from typing import ClassVar, TypeVar

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize
from scipy.special import expit, xlog1py, xlogy

from w2s_sim._checks import require_between
from w2s_sim.errors import InputError

# Probabilities and rates of a fit stay this far from 0 and 1, so that every log loss is finite.
CLOSEST = 1e-9


class DemonstrationReader(abc.ABC):
    """A reader who expects the event with some probability, after each number of demonstrations.

    Attributes:
        starts: Numbers, as for `from_numbers`, at which a fit begins.
    """

    starts: ClassVar[tuple[tuple[float, ...], ...]]

    @classmethod
    @abc.abstractmethod
    def from_numbers(cls, numbers: Sequence[float] | Float[np.ndarray, " k"]) -> "DemonstrationReader":
        """Make a reader from any real numbers, which a fit may vary freely."""

    @abc.abstractmethod
    def probabilities(self, events: Bool[np.ndarray, "P N"]) -> Float[np.ndarray, "P M"]:
        """Return the probability of the event after 0, 1, ..., N demonstrations, M = N + 1 values.

        Args:
            events: Which demonstrations of each of P paths show the event.
        """


@dataclasses.dataclass(frozen=True)
class SwitchingConcept(DemonstrationReader):
    """A Bayesian with two concepts, which differ in the rate of the event; the concept may change on the way.

    Between two demonstrations the concept is drawn anew from the prior with probability `switching`. Without
    switching, this is the reader of the theory.

    Attributes:
        low: Rate of the event under the first concept, in (0, 1).
        high: Rate under the second concept, in (0, 1).
        prior: Prior probability of the second concept, in (0, 1).
        switching: Probability that the concept is drawn anew after a demonstration, in [0, 1].
    """

    low: float
    high: float
    prior: float
    switching: float

    starts: ClassVar = ((-2.0, 1.0, -2.0, -2.0), (-3.0, 2.0, -1.0, -3.0))

    def __post_init__(self) -> None:
        for name in ("low", "high", "prior", "switching"):
            require_between(name, getattr(self, name), 0.0, 1.0)

    @classmethod
    def from_numbers(cls, numbers: Sequence[float] | Float[np.ndarray, " k"]) -> "SwitchingConcept":
        """Make a reader from the logits of its four numbers."""
        low, high, prior, switching = np.clip(expit(np.asarray(numbers, dtype=float)), CLOSEST, 1 - CLOSEST)
        return cls(float(low), float(high), float(prior), float(switching))

    def probabilities(self, events: Bool[np.ndarray, "P N"]) -> Float[np.ndarray, "P M"]:
        """Return the probability of the event after 0, 1, ..., N demonstrations: Bayes' rule, then switch."""
        second = np.full(len(events), self.prior)
        expected = [second]
        for shown in events.T:
            likelihoods = (np.where(shown, rate, 1.0 - rate) for rate in (self.low, self.high))
            of_first, of_second = (
                weight * likelihood
                for weight, likelihood in zip((1.0 - second, second), likelihoods, strict=True)
            )
            after = of_second / (of_first + of_second)
            second = (1.0 - self.switching) * after + self.switching * self.prior
            expected.append(second)
        return self.low + (self.high - self.low) * np.stack(expected, axis=1)


@dataclasses.dataclass(frozen=True)
class KnownConcepts(SwitchingConcept):
    """The reader of the theory: two concepts with known rates, one of which all demonstrations show."""

    switching: float = 0.0

    starts: ClassVar = ((-2.0, 1.0, -2.0), (-4.0, 1.0, -1.0))

    @classmethod
    def from_numbers(cls, numbers: Sequence[float] | Float[np.ndarray, " k"]) -> "KnownConcepts":
        """Make a reader from the logits of the two rates and of the prior."""
        low, high, prior = np.clip(expit(np.asarray(numbers, dtype=float)), CLOSEST, 1 - CLOSEST)
        return cls(float(low), float(high), float(prior))


@dataclasses.dataclass(frozen=True)
class FadingEvidence(DemonstrationReader):
    """Constant evidence a demonstration, of which each later demonstration leaves a part.

    The log odds of the event are log_odds + evidence * sum_i retention^(n - i) x_i, where x_i is 1 for an
    event and -1 otherwise. Many demonstrations count as much as 1/(1 - retention) that do not fade.

    Attributes:
        log_odds: Log odds of the event before any demonstration, in nats.
        evidence: Evidence of the latest demonstration, at least 0, in nats.
        retention: The part of the evidence that is left after one more demonstration, in [0, 1].
    """

    log_odds: float
    evidence: float
    retention: float

    starts: ClassVar = ((-1.0, 0.0, 1.0), (-3.0, 1.0, 3.0))

    def __post_init__(self) -> None:
        require_between("retention", self.retention, 0.0, 1.0)
        if not (0.0 <= self.evidence < np.inf):
            raise InputError("evidence", self.evidence, "a finite number >= 0")

    @classmethod
    def from_numbers(cls, numbers: Sequence[float] | Float[np.ndarray, " k"]) -> "FadingEvidence":
        """Make a reader from its log odds, the logarithm of the evidence and the logit of the retention."""
        log_odds, log_evidence, retention = numbers
        return cls(float(log_odds), float(np.exp(log_evidence)), float(expit(retention)))

    def effective_number(self, number: Float[np.ndarray, " N"] | float) -> Float[np.ndarray, " N"] | float:
        """Return the number of demonstrations without fading that carry as much evidence as n alike ones."""
        if self.retention == 1.0:
            return number
        return (1.0 - self.retention**number) / (1.0 - self.retention)

    def probabilities(self, events: Bool[np.ndarray, "P N"]) -> Float[np.ndarray, "P M"]:
        """Return the probability of the event after 0, 1, ..., N demonstrations."""
        kept = np.zeros(len(events))
        all_kept = [kept]
        for shown in events.T:
            kept = self.retention * kept + np.where(shown, 1.0, -1.0)
            all_kept.append(kept)
        return expit(self.log_odds + self.evidence * np.stack(all_kept, axis=1))


@dataclasses.dataclass(frozen=True)
class UnknownRate(DemonstrationReader):
    """A Bayesian for whom the rate has the law Beta(weight * mean, weight * (1 - mean)): the urn of Polya.

    Attributes:
        mean: Probability of the event before any demonstration, in [0, 1].
        weight: The number c > 0 of demonstrations that weigh as much as the prior.
    """

    mean: float
    weight: float

    starts: ClassVar = ((-3.0, 1.0),)

    def __post_init__(self) -> None:
        require_between("mean", self.mean, 0.0, 1.0)
        if not (0.0 < self.weight < np.inf):
            raise InputError("weight", self.weight, "a finite number > 0")

    @classmethod
    def from_numbers(cls, numbers: Sequence[float] | Float[np.ndarray, " k"]) -> "UnknownRate":
        """Make a reader from the logit of the mean and the logarithm of the weight."""
        mean, log_weight = numbers
        return cls(float(np.clip(expit(mean), CLOSEST, 1 - CLOSEST)), float(np.exp(log_weight)))

    def probabilities(self, events: Bool[np.ndarray, "P N"]) -> Float[np.ndarray, "P M"]:
        """Return the probability of the event after 0, 1, ..., N demonstrations."""
        counts = np.cumsum(np.pad(events.astype(float), ((0, 0), (1, 0))), axis=1)
        return (self.weight * self.mean + counts) / (self.weight + np.arange(counts.shape[1]))


Reader = TypeVar("Reader", bound=DemonstrationReader)


def fit_reader(kind: type[Reader], events: Bool[np.ndarray, "P N"], said: Float[np.ndarray, "P M"]) -> Reader:
    """Fit the reader of a kind whose probabilities are closest to those of a model, in mean `log_loss`.

    Args:
        kind: The class of readers.
        events: Which demonstrations of each of P paths show the event.
        said: Probabilities of the event that the model gave after 0, 1, ..., N of them, M = N + 1 values.
    """

    def loss(numbers: np.ndarray) -> float:
        return float(np.mean(log_loss(kind.from_numbers(numbers).probabilities(events), said)))

    found = [
        minimize(loss, np.array(start), method="Nelder-Mead", options={"maxiter": 4000})
        for start in kind.starts
    ]
    best = kind.from_numbers(min(found, key=lambda each: each.fun).x)
    assert isinstance(best, kind)
    return best


def log_loss(
    expected: Float[np.ndarray, "*shape"], said: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Return the relative entropy, in nats, of a reader's probability to that of a model, for each event.

    Args:
        expected: The reader's probability, in [0, 1]; it counts as at least 1e-9 from both ends.
        said: The model's probability, in [0, 1].
    """
    kept = np.clip(expected, CLOSEST, 1.0 - CLOSEST)
    cross = xlogy(said, kept) + xlog1py(1.0 - said, -kept)
    return xlogy(said, said) + xlog1py(1.0 - said, -said) - cross
