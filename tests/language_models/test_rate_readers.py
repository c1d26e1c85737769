"""Readers of rates, against numerical integrals over their priors and against what they were made with."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, binom

from w2s_sim.errors import InputError
from w2s_sim.language_models.rate_readers import (
    KnownRates,
    UnknownRate,
    fit_known_rates,
    fit_unknown_rate,
    log_loss,
)

PAIRS = [(0, 0), (0, 1), (1, 1), (2, 5), (0, 32), (16, 32)]
EVENTS, NUMBER = np.array(PAIRS).T


@pytest.mark.parametrize(("mean", "weight"), [(0.2, 3.0), (0.5, 2.0), (0.7, 10.0)])
def test_an_unknown_rate_is_integrated_over(mean: float, weight: float) -> None:
    shape = weight * mean, weight * (1.0 - mean)
    for events, number in PAIRS:

        def joint(rate: float, events: int = events, number: int = number) -> float:
            return float(beta.pdf(rate, *shape)) * rate**events * (1.0 - rate) ** (number - events)

        integral, _ = quad(lambda rate: rate * joint(rate), 0.0, 1.0, epsabs=0.0, epsrel=1e-10, limit=400)
        total, _ = quad(joint, 0.0, 1.0, epsabs=0.0, epsrel=1e-10, limit=400)
        reader = UnknownRate(mean, weight)
        np.testing.assert_allclose(
            reader.probability(np.array([events]), np.array([number])), integral / total, rtol=1e-6
        )


def test_known_rates_are_weighed_by_bayes() -> None:
    low, high, prior = 0.05, 0.6, 0.2
    reader = KnownRates(low, high, float(np.log(prior / (1.0 - prior))))
    for events, number in PAIRS:
        first, second = (binom.pmf(events, number, rate) for rate in (low, high))
        weight = prior * second / (prior * second + (1.0 - prior) * first)
        expected = weight * high + (1.0 - weight) * low
        np.testing.assert_allclose(
            reader.probability(np.array([events]), np.array([number])), expected, rtol=1e-10
        )


def test_a_fit_finds_its_own_reader() -> None:
    events, number = (each.ravel() for each in np.meshgrid(np.arange(12), np.arange(33)))
    events, number = events[events <= number], number[events <= number]
    urn = UnknownRate(0.1, 2.5)
    fitted = fit_unknown_rate(events, number, urn.probability(events, number))
    np.testing.assert_allclose([fitted.mean, fitted.weight], [0.1, 2.5], rtol=1e-2)
    known = KnownRates(0.05, 0.6, -1.0)
    again = fit_known_rates(events, number, known.probability(events, number))
    np.testing.assert_allclose([again.low, again.high, again.log_odds], [0.05, 0.6, -1.0], rtol=1e-2)
    # Neither reader is the other: the loss of the wrong one stays above 0.
    wrong = fit_known_rates(events, number, urn.probability(events, number))
    assert np.mean(log_loss(wrong.probability(events, number), urn.probability(events, number))) > 1e-3


def test_the_loss_is_a_relative_entropy() -> None:
    said, expected = np.array([0.0, 0.3, 1.0]), np.array([0.4, 0.3, 0.2])
    by_hand = [-np.log(0.6), 0.0, -np.log(0.2)]
    np.testing.assert_allclose(log_loss(expected, said), by_hand, atol=1e-12)


def test_weights_and_rates_are_checked() -> None:
    with pytest.raises(InputError, match=r"weight: got 0\.0; expected a finite number > 0"):
        UnknownRate(0.5, 0.0)
    with pytest.raises(InputError, match="high"):
        KnownRates(0.1, 1.5, 0.0)
