"""Numbers made of several means: their values, boxes and standard errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from w2s_sim.statements import L1_NORM, MAXIMUM, Functional, monotone
from w2s_sim.verify.intervals import UNBOUNDED, asymptotic, interval_of

RATIO = monotone(lambda means: float(np.log(means[0]) - np.log(means[1])))
BOXES = hnp.arrays(np.float64, (3, 2), elements=st.floats(-3, 3))


@pytest.mark.parametrize("functional", [L1_NORM, MAXIMUM, monotone(lambda m: float(m[0] - 2 * m[1] + m[2]))])
@given(box=BOXES, share=hnp.arrays(np.float64, 3, elements=st.floats(0, 1)))
def test_interval_of_a_box_holds_every_point_of_it(
    functional: Functional, box: np.ndarray, share: np.ndarray
) -> None:
    lows, highs = box.min(axis=1), box.max(axis=1)
    low, high = functional.interval(lows, highs)
    assert low - 1e-12 <= functional.value(lows + share * (highs - lows)) <= high + 1e-12


def test_interval_of_a_box_is_no_wider_than_it_must_be() -> None:
    lows, highs = np.array([-1.0, 0.5]), np.array([2.0, 1.0])
    assert L1_NORM.interval(lows, highs) == (0.5, 3.0)
    assert MAXIMUM.interval(lows, highs) == (0.5, 2.0)
    assert RATIO.interval(np.array([1.0, 2.0]), np.array([4.0, 8.0])) == pytest.approx(
        (-np.log(8), np.log(2))
    )


def test_standard_error_by_the_delta_method() -> None:
    """log of a ratio of correlated means, against the spread of many repetitions."""
    generator = np.random.default_rng(0)

    def draw(size: int) -> np.ndarray:
        shared = generator.standard_exponential(size)
        return np.stack([shared + generator.random(size), shared + 2 * generator.random(size)], axis=1)

    repeated = [interval_of(draw(400), UNBOUNDED, RATIO, 0.05, 100) for _ in range(400)]
    spread = float(np.std([interval.mean for interval in repeated], ddof=1))
    assert np.mean([interval.se for interval in repeated]) == pytest.approx(spread, rel=5 / (2 * 400) ** 0.5)


def test_alpha_is_shared_by_the_coordinates() -> None:
    values = np.random.default_rng(1).standard_normal((1000, 2))
    box = [asymptotic(column, 0.05 / 2, 100) for column in values.T]
    found = interval_of(values, UNBOUNDED, MAXIMUM, 0.05, 100)
    assert found.low == max(part.low for part in box)
    assert found.high == max(part.high for part in box)
