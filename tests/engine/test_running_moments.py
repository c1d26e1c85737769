"""Means and standard errors of replicates in pieces, against numpy on all of them at once."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_sim.engine.running_moments import RunningMoments, in_blocks
from w2s_sim.verify.information import effective_number


def moments_of(values: np.ndarray, cuts: Sequence[int] = (), size: int = 100) -> RunningMoments:
    moments = RunningMoments(values.shape[1])
    for block in in_blocks(iter(np.split(values, list(cuts))), size):
        moments.add(block)
    return moments


@pytest.mark.parametrize(("offset", "tolerance"), [(0.0, 1e-12), (1e6, 1e-12), (1e8, 1e-7)])
def test_moments_are_those_of_numpy(offset: float, tolerance: float) -> None:
    """Sums of squares instead of deviations would lose all digits at these offsets."""
    values = np.random.default_rng(1).normal(size=(1234, 3)) * [1.0, 5.0, 0.2] + offset
    moments = moments_of(values)
    for column in range(3):
        expected = values[:, column].std(ddof=1) / math.sqrt(1234)
        assert moments.mean(column) == pytest.approx(values[:, column].mean(), rel=1e-12)
        assert moments.standard_error(column) == pytest.approx(expected, rel=tolerance)


def test_what_is_no_number_does_not_count_and_infinite_values_are_counted_apart() -> None:
    values = np.random.default_rng(2).normal(size=(450, 4))
    values[7::13, 0] = np.nan
    values[3::50, 1], values[4::50, 1] = np.inf, -np.inf
    values[:, 2], values[:, 3] = np.nan, np.inf
    moments = moments_of(values)
    for column in range(2):
        finite = values[np.isfinite(values[:, column]), column]
        assert moments.finite[column] == len(finite)
        assert moments.mean(column) == pytest.approx(finite.mean(), rel=1e-12)
        expected = finite.std(ddof=1) / math.sqrt(len(finite))
        assert moments.standard_error(column) == pytest.approx(expected, rel=1e-12)
    assert moments.infinite.tolist() == [0, 18, 0, 450]
    assert moments.finite.tolist()[2:] == [0, 0]
    assert all(math.isnan(moments.mean(column)) for column in (2, 3))
    assert all(math.isnan(moments.standard_error(column)) for column in (2, 3))


def test_one_value_has_a_mean_and_no_standard_error() -> None:
    moments = moments_of(np.array([[3.5]]))
    assert moments.mean(0) == 3.5
    assert math.isnan(moments.standard_error(0))
    assert math.isnan(moments_of(np.zeros((0, 1))).mean(0))


def test_constant_columns_have_no_error() -> None:
    moments = moments_of(np.full((333, 1), 0.1))
    assert moments.mean(0) == pytest.approx(0.1, rel=1e-15)
    assert moments.standard_error(0) == pytest.approx(0.0, abs=1e-17)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 1000), max_size=12).map(sorted), st.sampled_from([7, 64, 100, 999, 1000, 4096])
)
def test_moments_are_the_same_to_the_bit_however_the_rows_are_cut(cuts: list[int], size: int) -> None:
    values = np.random.default_rng(3).normal(size=(1000, 2)) ** 3
    values[::17, 1] = np.nan
    blocks = list(in_blocks(iter(np.split(values, cuts)), size))
    assert [len(block) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert 0 < len(blocks[-1]) <= size
    np.testing.assert_array_equal(np.concatenate(blocks), values)
    ours, whole = moments_of(values, cuts, size), moments_of(values, (), size)
    for column, read in itertools.product(range(2), (RunningMoments.mean, RunningMoments.standard_error)):
        assert read(ours, column) == read(whole, column)


def test_no_rows_make_no_block() -> None:
    assert not list(in_blocks(iter([])))
    assert not list(in_blocks(iter([np.zeros((0, 2)), np.zeros((0, 2))])))


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_effective_number_is_that_of_all_values_at_once(unit: float) -> None:
    generator = np.random.default_rng(3)
    values = unit * np.stack(
        [generator.normal(size=900), generator.lognormal(0, 2, 900), generator.random(900) < 0.02], axis=1
    )
    moments = moments_of(values, cuts=(100, 350))
    for column in range(3):
        centred = values[:, column] - values[:, column].mean()
        expected = np.sum(centred**2) ** 2 / np.sum(centred**4)
        assert moments.effective_number(column) == pytest.approx(expected, rel=1e-9)
        assert effective_number(values[:, column]) == pytest.approx(expected, rel=1e-9)


def test_equal_values_say_nothing_of_rare_ones() -> None:
    assert moments_of(np.full((500, 1), 0.3)).effective_number(0) == 0
    assert moments_of(np.zeros((500, 1))).effective_number(0) == 0
    rare = np.zeros((500, 1))
    rare[7] = 1.0
    assert moments_of(rare).effective_number(0) == pytest.approx(1.0, abs=0.01)
