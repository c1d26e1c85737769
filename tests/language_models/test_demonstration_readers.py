"""Readers of demonstrations, against enumeration, integrals over priors, and what they were made with."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import beta

from w2s_sim.errors import InputError
from w2s_sim.language_models.demonstration_readers import (
    DemonstrationReader,
    FadingEvidence,
    KnownConcepts,
    SwitchingConcept,
    UnknownRate,
    fit_reader,
    log_loss,
)

RNG = np.random.default_rng(0)
PATHS = RNG.random((40, 24)) < RNG.random((40, 1))
READERS = [
    KnownConcepts(0.05, 0.6, 0.3),
    SwitchingConcept(0.05, 0.8, 0.3, 0.1),
    FadingEvidence(-0.3, 0.9, 0.8),
    UnknownRate(0.1, 2.5),
]


@pytest.mark.parametrize(("mean", "weight"), [(0.2, 3.0), (0.5, 2.0), (0.7, 10.0)])
def test_an_unknown_rate_is_integrated_over(mean: float, weight: float) -> None:
    shape = weight * mean, weight * (1.0 - mean)
    for events in (np.zeros((1, 5), dtype=bool), np.array([[True, False, True]])):
        shown, number = int(events.sum()), events.shape[1]

        def joint(rate: float, shown: int = shown, number: int = number) -> float:
            return float(beta.pdf(rate, *shape)) * rate**shown * (1.0 - rate) ** (number - shown)

        integral, _ = quad(lambda rate: rate * joint(rate), 0.0, 1.0, epsabs=0.0, epsrel=1e-10, limit=400)
        total, _ = quad(joint, 0.0, 1.0, epsabs=0.0, epsrel=1e-10, limit=400)
        found = UnknownRate(mean, weight).probabilities(events)[0, -1]
        np.testing.assert_allclose(found, integral / total, rtol=1e-6)


@pytest.mark.parametrize("switching", [0.0, 0.2, 1.0])
def test_a_switching_concept_is_summed_over(switching: float) -> None:
    low, high, prior = 0.1, 0.7, 0.25
    events = np.array([[True, True, False, True], [False, False, False, True]])
    reader = SwitchingConcept(low, high, prior, switching)
    rates, first = np.array([low, high]), np.array([1.0 - prior, prior])
    moves = (1.0 - switching) * np.eye(2) + switching * first
    for shown, expected in zip(events, reader.probabilities(events), strict=True):
        for number in range(5):
            total = event = 0.0
            # All sequences of concepts, of the demonstrations before and of the next one.
            for concepts in itertools.product(range(2), repeat=number + 1):
                weight = first[concepts[0]]
                for before, after in itertools.pairwise(concepts):
                    weight *= moves[before, after]
                for concept, seen in zip(concepts[:-1], shown, strict=False):
                    weight *= rates[concept] if seen else 1.0 - rates[concept]
                total += weight
                event += weight * rates[concepts[-1]]
            np.testing.assert_allclose(expected[number], event / total, rtol=1e-10)


def test_without_switching_the_reader_is_that_of_the_theory() -> None:
    theory = KnownConcepts(0.05, 0.6, 0.3).probabilities(PATHS)
    np.testing.assert_array_equal(theory, SwitchingConcept(0.05, 0.6, 0.3, 0.0).probabilities(PATHS))


def test_evidence_fades_geometrically() -> None:
    reader = FadingEvidence(-0.3, 0.9, 0.8)
    events = np.array([[True, False, True]])
    log_odds = -0.3 + 0.9 * np.array([0.0, 1.0, 0.8 - 1.0, 0.64 - 0.8 + 1.0])
    np.testing.assert_allclose(reader.probabilities(events)[0], expit(log_odds), rtol=1e-12)
    np.testing.assert_allclose(reader.effective_number(3), 1.0 + 0.8 + 0.64, rtol=1e-12)
    assert FadingEvidence(0.0, 1.0, 1.0).effective_number(7) == 7


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: type(reader).__name__)
def test_a_fit_finds_its_own_reader(reader: DemonstrationReader) -> None:
    said = reader.probabilities(PATHS)
    losses = {}
    for kind in (KnownConcepts, SwitchingConcept, FadingEvidence, UnknownRate):
        losses[kind] = np.mean(log_loss(fit_reader(kind, PATHS, said).probabilities(PATHS), said))
    assert losses[type(reader)] < 1e-6
    others = [
        loss for kind, loss in losses.items() if not isinstance(reader, kind) and kind != SwitchingConcept
    ]
    assert min(others) > 1e-3


def test_the_loss_is_a_relative_entropy() -> None:
    said, expected = np.array([0.0, 0.3, 1.0]), np.array([0.4, 0.3, 0.2])
    by_hand = [-np.log(0.6), 0.0, -np.log(0.2)]
    np.testing.assert_allclose(log_loss(expected, said), by_hand, atol=1e-12)


def test_numbers_are_checked() -> None:
    with pytest.raises(InputError, match=r"weight: got 0\.0; expected a finite number > 0"):
        UnknownRate(0.5, 0.0)
    with pytest.raises(InputError, match="high"):
        KnownConcepts(0.1, 1.5, 0.5)
    with pytest.raises(InputError, match="retention"):
        FadingEvidence(0.0, 1.0, 1.5)
    with pytest.raises(InputError, match="evidence"):
        FadingEvidence(0.0, -1.0, 0.5)
