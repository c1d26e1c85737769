"""Confidence sequences: measured coverage at every look, and a broken one that the measurement catches."""

from collections.abc import Callable

import numpy as np
import pytest

from w2s_sim.errors import InputError
from w2s_sim.verify.intervals import Interval, asymptotic, empirical_bernstein, sample_summary

ALPHA, SEQUENCES = 0.05, 300
LOOKS = (256, 512, 1024, 2048, 4096)


def share_missing(draw: Callable, mean: float, interval: Callable[[np.ndarray], Interval]) -> float:
    """Share of sequences whose interval misses the mean at any look."""
    generator = np.random.default_rng(0)
    misses = 0
    for _ in range(SEQUENCES):
        values = draw(generator, LOOKS[-1])
        looks = [interval(values[:size]) for size in LOOKS]
        misses += any(not look.low <= mean <= look.high for look in looks)
    return misses / SEQUENCES


LIMIT = ALPHA + 5 * (ALPHA * (1 - ALPHA) / SEQUENCES) ** 0.5


@pytest.mark.parametrize("probability", [0.01, 0.5])
def test_empirical_bernstein_covers_at_every_look(probability: float) -> None:
    def draw(generator: np.random.Generator, size: int) -> np.ndarray:
        return (generator.random(size) < probability).astype(float)

    assert share_missing(draw, probability, lambda v: empirical_bernstein(v, 0, 1, ALPHA)) <= LIMIT


@pytest.mark.parametrize(("name", "mean"), [("standard_normal", 0.0), ("standard_exponential", 1.0)])
def test_asymptotic_covers_at_every_look(name: str, mean: float) -> None:
    def draw(generator: np.random.Generator, size: int) -> np.ndarray:
        return getattr(generator, name)(size)

    assert share_missing(draw, mean, lambda v: asymptotic(v, ALPHA, LOOKS[0])) <= LIMIT


def test_an_interval_that_is_valid_at_one_look_only_is_caught() -> None:
    def narrow(values: np.ndarray) -> Interval:
        mean, se = sample_summary(values)
        return Interval(mean, se, mean - 1.96 * se, mean + 1.96 * se)

    def draw(generator: np.random.Generator, size: int) -> np.ndarray:
        return generator.standard_normal(size)

    assert share_missing(draw, 0.0, narrow) > LIMIT


def test_constant_values_and_scaling() -> None:
    unit = empirical_bernstein(np.full(4096, 0.25), 0.0, 1.0, 0.01)
    wide = empirical_bernstein(np.full(4096, 1.5), 1.0, 3.0, 0.01)
    assert unit.low < 0.25 < unit.high
    np.testing.assert_allclose([wide.low, wide.high], [1 + 2 * unit.low, 1 + 2 * unit.high])


def test_more_values_and_larger_alpha_make_it_narrower() -> None:
    values = np.random.default_rng(1).random(8192)
    width = [(i.high - i.low) for i in (empirical_bernstein(values[:n], 0, 1, 0.01) for n in (512, 8192))]
    assert width[1] < width[0]
    assert empirical_bernstein(values, 0, 1, 0.2).low > empirical_bernstein(values, 0, 1, 0.01).low


def test_values_outside_the_range_are_refused() -> None:
    with pytest.raises(InputError, match="values"):
        empirical_bernstein(np.array([0.0, 2.0]), 0.0, 1.0, 0.05)
