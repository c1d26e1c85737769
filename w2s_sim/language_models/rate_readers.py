"""Two readers of demonstrations: one knows the rates of every concept, the other infers a rate.

An event is a wrong content, or a departure from the style. In the theory a concept fixes the law of a
demonstration. Demonstrations are then independent given the concept, and each adds the same evidence. The
smallest extension leaves the rate of the event open. Demonstrations are then exchangeable, but depend on one
another. Proofs: the page theory/language-model-evidence.md.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Shaped
from scipy.optimize import minimize
from scipy.special import expit, xlog1py, xlogy

from w2s_sim._checks import require_between
from w2s_sim.errors import InputError

Counts = Shaped[np.ndarray, "*shape"]


@dataclasses.dataclass(frozen=True)
class KnownRates:
    """Two concepts with known rates of the event: a Bayesian of the theory, who asks only which one is shown.

    Attributes:
        low: Rate of the event under the first concept, in (0, 1).
        high: Its rate under the second concept, in (0, 1).
        log_odds: Log odds of the second concept before any demonstration, in nats.
    """

    low: float
    high: float
    log_odds: float

    def __post_init__(self) -> None:
        require_between("low", self.low, 0.0, 1.0)
        require_between("high", self.high, 0.0, 1.0)

    def probability(self, events: Counts, number: Counts) -> Float[np.ndarray, "*shape"]:
        """Return the probability of the event at the next demonstration.

        Args:
            events: Number m of events among the demonstrations before.
            number: Their number n.
        """
        of_event = np.log(self.high / self.low)
        of_none = np.log1p(-self.high) - np.log1p(-self.low)
        second = expit(self.log_odds + events * of_event + (number - events) * of_none)
        return self.low + (self.high - self.low) * second


@dataclasses.dataclass(frozen=True)
class UnknownRate:
    """An event whose rate has the prior law Beta(weight * mean, weight * (1 - mean)): Polya's urn.

    Attributes:
        mean: Probability of the event before any demonstration, in [0, 1].
        weight: The number c > 0 of demonstrations that weigh as much as the prior.
    """

    mean: float
    weight: float

    def __post_init__(self) -> None:
        require_between("mean", self.mean, 0.0, 1.0)
        if not (self.weight > 0.0 and np.isfinite(self.weight)):
            raise InputError("weight", self.weight, "a finite number > 0")

    def probability(self, events: Counts, number: Counts) -> Float[np.ndarray, "*shape"]:
        """Return the probability of the event at the next demonstration.

        The probability is linear in m, so that the expected m gives the expected probability.

        Args:
            events: Number m of events among the demonstrations before, or its expected value.
            number: Their number n.
        """
        return (self.weight * self.mean + events) / (self.weight + number)


RateReader = KnownRates | UnknownRate


def fit_unknown_rate(events: Counts, number: Counts, said: Float[np.ndarray, "*shape"]) -> UnknownRate:
    """Fit the reader whose probabilities are closest to those of a model, in mean `log_loss`.

    Args:
        events: Numbers m of events before.
        number: Numbers n of demonstrations before.
        said: Probabilities of the event that the model gave.
    """

    def reader(numbers: np.ndarray) -> UnknownRate:
        return UnknownRate(float(expit(numbers[0])), float(np.exp(numbers[1])))

    return reader(_least_loss(reader, [np.array([-3.0, 1.0])], events, number, said))


def fit_known_rates(events: Counts, number: Counts, said: Float[np.ndarray, "*shape"]) -> KnownRates:
    """Fit the reader with two concepts, as `fit_unknown_rate` does; the best of several starts."""

    def reader(numbers: np.ndarray) -> KnownRates:
        # Rates that are 0 or 1 in floating point would give logarithms of 0.
        low, high = np.clip(expit(numbers[:2]), 1e-9, 1.0 - 1e-9)
        return KnownRates(float(low), float(high), float(numbers[2]))

    starts = [
        np.array([low, high, odds]) for low in (-4.0, -1.0) for high in (0.0, 2.0) for odds in (-4.0, 0.0)
    ]
    return reader(_least_loss(reader, starts, events, number, said))


def log_loss(
    expected: Float[np.ndarray, "*shape"], said: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Return the relative entropy, in nats, of a reader's probability to that of a model, for each event.

    Args:
        expected: The reader's probability, in (0, 1).
        said: The model's probability, in [0, 1].
    """
    cross = xlogy(said, expected) + xlog1py(1.0 - said, -expected)
    return xlogy(said, said) + xlog1py(1.0 - said, -said) - cross


def _least_loss(
    reader: Callable[[np.ndarray], RateReader],
    starts: Sequence[np.ndarray],
    events: Counts,
    number: Counts,
    said: np.ndarray,
) -> np.ndarray:
    """Return the numbers of the reader with the least mean loss."""

    def loss(numbers: np.ndarray) -> float:
        return float(np.mean(log_loss(reader(numbers).probability(events, number), said)))

    found = [minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000}) for start in starts]
    return min(found, key=lambda each: each.fun).x
