"""compare: the table of several estimators on one task."""

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.runs.pairing import paired_summary


def test_table_has_risks_standard_errors_and_gap_recovered() -> None:
    task = w2s.canonical_task()
    frame = w2s.compare(
        task,
        {
            "naive": w2s.Ridge(0.3, num_weak=60),
            "oracle": w2s.Oracle([0.0, 0.0, 0.0, 1.0]),
            "source": w2s.Oracle(task.source.prior),
        },
        replicates=1000,
        seed=3,
    ).set_index("estimator")
    naive = frame.loc["naive"]
    weak_risk = 0.49
    assert naive["sample_size"] == 60
    assert naive["replicates"] == 1000
    assert naive["risk"] > 0.343150
    np.testing.assert_allclose(naive["pgr"], 1 - naive["risk"] / weak_risk, rtol=1e-5)
    np.testing.assert_allclose(naive["pgr_se"], naive["risk_se"] / weak_risk, rtol=1e-5)
    np.testing.assert_allclose(naive["gain_over_source"], 1 - naive["risk"] / 1.145, rtol=1e-5)
    np.testing.assert_allclose(naive["gain_over_source_se"], naive["risk_se"] / 1.145, rtol=1e-5)
    assert frame.loc["oracle", "risk"] == 0.0
    assert frame.loc["oracle", "pgr"] == frame.loc["oracle", "gain_over_source"] == 1.0
    # The strong model's own labels: worse than the weak model, and no gain over itself.
    source = frame.loc["source"]
    np.testing.assert_allclose(source["risk"], 1.145, rtol=1e-6)
    np.testing.assert_allclose([source["pgr"], source["gain_over_source"]], [1 - 1.145 / 0.49, 0], atol=1e-6)


def test_standard_error_is_that_of_the_replicates() -> None:
    task, estimator = w2s.canonical_task(), w2s.Ridge(0.3, num_weak=60)
    frame = w2s.compare(task, {"naive": estimator}, replicates=600, seed=1)
    values = w2s.replicate(
        lambda key, case: case.task.excess_risk(case.fit(key=key)),
        w2s.Case("", task, estimator),
        seed=1,
        start=0,
        stop=600,
    )
    # Both are computed in float32, in another order.
    np.testing.assert_allclose(frame["risk"][0], values.mean(), rtol=1e-6)
    np.testing.assert_allclose(frame["risk_se"][0], values.std(ddof=1) / 600**0.5, rtol=1e-6)


def test_a_baseline_is_compared_replicate_by_replicate() -> None:
    task = w2s.canonical_task()
    ridges = {"naive": w2s.Ridge(0.3, num_weak=60), "close": w2s.Ridge(0.35, num_weak=60)}
    frame = w2s.compare(task, ridges, replicates=800, seed=2, baseline="naive").set_index("estimator")
    own, base = (
        w2s.replicate(
            lambda key, case: case.task.excess_risk(case.fit(key=key)),
            w2s.Case("", task, ridges[name]),
            seed=2,
            start=0,
            stop=800,
        )
        for name in ("close", "naive")
    )
    close = frame.loc["close"]
    difference = own - base
    np.testing.assert_allclose(close["risk_difference"], difference.mean(), rtol=1e-4)
    np.testing.assert_allclose(close["risk_difference_se"], difference.std(ddof=1) / 800**0.5, rtol=1e-4)
    ratio = own.mean() / base.mean()
    np.testing.assert_allclose(close["risk_ratio"], ratio, rtol=1e-6)
    spread = (own - ratio * base).std(ddof=1) / base.mean() / 800**0.5
    np.testing.assert_allclose(close["risk_ratio_se"], spread, rtol=1e-3)
    # Most of the noise is common to both.
    assert close["risk_difference_se"] < 0.2 * np.hypot(frame["risk_se"]["close"], frame["risk_se"]["naive"])
    naive = frame.loc["naive"]
    assert [naive["risk_difference"], naive["risk_difference_se"], naive["risk_ratio"]] == [0.0, 0.0, 1.0]
    with pytest.raises(w2s.InputError, match="baseline: got 'none'; expected one of naive, close"):
        w2s.compare(task, ridges, baseline="none")


def test_intervals_of_paired_ratios_cover_the_true_ratio() -> None:
    """500 samples of 40 pairs of lognormal risks with a common factor: 95 % of intervals hold the ratio."""
    generator = np.random.default_rng(5)
    common = generator.normal(size=(500, 40))
    own, base = (np.exp(0.3 * (common + 0.3 * generator.normal(size=common.shape))) for _ in range(2))
    covered = 0
    for first, second in zip(2.0 * own, base, strict=True):
        found = paired_summary(first, second)
        covered += abs(found["risk_ratio"] - 2.0) <= 1.96 * found["risk_ratio_se"]
    # 5 standard errors of 500 draws.
    assert abs(covered / 500 - 0.95) < 5 * (0.95 * 0.05 / 500) ** 0.5


def test_pairs_of_a_risk_that_is_not_finite_are_left_out() -> None:
    own, base = np.array([1.0, np.nan, np.inf, 3.0]), np.array([1.0, 2.0, 2.0, 1.0])
    assert paired_summary(own, base)["risk_difference"] == 1.0
    assert np.isnan(paired_summary(own, np.zeros(4))["risk_ratio"])


def test_gap_is_undefined_without_one() -> None:
    task = w2s.regression_task(4, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], bias=0.0)
    frame = w2s.compare(task, {"in context": w2s.InContext(2)}, replicates=10)
    assert np.isnan(frame["pgr"][0])


def test_one_replicate_is_refused() -> None:
    with pytest.raises(w2s.InputError, match="replicates"):
        w2s.compare(w2s.canonical_task(), {}, replicates=1)
