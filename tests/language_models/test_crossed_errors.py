"""Errors of a mean over two crossed factors: closed forms, and coverage in simulated crossed designs."""

import numpy as np
import pytest

from w2s_sim.language_models.crossed_errors import clustered_mean


def test_one_factor_is_the_error_of_cluster_means() -> None:
    """Clusters of equal size: the error of the mean of their means."""
    values = np.random.default_rng(0).normal(size=(12, 4))
    found = clustered_mean(values.ravel(), np.repeat(np.arange(12), 4))
    np.testing.assert_allclose(found.mean, values.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.standard_error, values.mean(axis=1).std(ddof=1) / 12**0.5, rtol=1e-12)
    # The quantile of Student's t for 11 degrees of freedom, from a table.
    np.testing.assert_allclose(found.half_width / found.standard_error, 2.20099, rtol=1e-5)


def test_a_second_factor_adds_what_it_explains() -> None:
    """All values of a run are equal: the error is that of the run means, and questions add nothing but it."""
    runs = np.array([0.0, 1.0, 5.0])
    values, question, run = np.tile(runs, 10), np.repeat(np.arange(10), 3), np.tile(np.arange(3), 10)
    found = clustered_mean(values, question, run)
    independent = np.sqrt(values.var() / 29)
    wanted = np.sqrt(runs.var(ddof=1) / 3 - independent**2)
    np.testing.assert_allclose(found.standard_error, wanted, rtol=1e-12)
    # The quantile for two degrees of freedom.
    np.testing.assert_allclose(found.half_width / found.standard_error, 4.30265, rtol=1e-5)


def test_the_error_is_never_below_that_of_questions() -> None:
    for seed in range(50):
        values = np.random.default_rng(seed).normal(size=60)
        question, run = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
        alone, crossed = clustered_mean(values, question), clustered_mean(values, question, run)
        assert crossed.standard_error >= alone.standard_error
    constant = clustered_mean(np.ones(6), np.arange(6), np.arange(6) % 2)
    assert (constant.mean, constant.standard_error, constant.half_width) == (1.0, 0.0, 0.0)


def test_one_run_says_nothing_about_others() -> None:
    values, question = np.random.default_rng(1).normal(size=9), np.arange(9)
    assert clustered_mean(values, question, np.zeros(9)) == clustered_mean(values, question)


@pytest.mark.parametrize(("of_question", "of_run"), [(1.0, 0.0), (0.3, 0.5), (0.0, 0.3), (1.0, 1.0)])
def test_intervals_cover_the_mean_of_a_crossed_design(of_question: float, of_run: float) -> None:
    """As in the experiment: 3 runs with 96 of 257 questions each; variances known."""
    rng = np.random.default_rng(7)
    covered, squares, variances = 0, [], []
    for _ in range(2000):
        asked = np.concatenate([rng.permutation(257)[:96] for _ in range(3)])
        run = np.repeat(np.arange(3), 96)
        effects = of_question * rng.normal(size=257), of_run * rng.normal(size=3)
        values = effects[0][asked] + effects[1][run] + rng.normal(size=288)
        found = clustered_mean(values, asked, run)
        covered += abs(found.mean) <= found.half_width
        squares.append(found.mean**2)
        variances.append(found.standard_error**2)
    error = np.hypot(np.std(squares), np.std(variances)) / 2000**0.5
    # Too large by what the cut at zero adds, never too small. The share of covered means has error 0.005.
    assert np.mean(variances) > np.mean(squares) - 5 * error
    assert 0.925 < covered / 2000 < 0.995
