"""compare: the table of several estimators on one task."""

import numpy as np
import pytest

import w2s_sim as w2s


def test_table_has_risks_standard_errors_and_gap_recovered() -> None:
    task = w2s.canonical_task()
    frame = w2s.compare(
        task,
        {"naive": w2s.Ridge(0.3, num_weak=60), "oracle": w2s.Oracle([0.0, 0.0, 0.0, 1.0])},
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
    assert frame.loc["oracle", "risk"] == 0.0
    assert frame.loc["oracle", "pgr"] == 1.0


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
    np.testing.assert_allclose(frame["risk"][0], values.mean(), rtol=1e-12)
    np.testing.assert_allclose(frame["risk_se"][0], values.std(ddof=1) / 600**0.5, rtol=1e-12)


def test_gap_is_undefined_without_one() -> None:
    task = w2s.regression_task(4, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], bias=0.0)
    frame = w2s.compare(task, {"in context": w2s.InContext(2)}, replicates=10)
    assert np.isnan(frame["pgr"][0])


def test_one_replicate_is_refused() -> None:
    with pytest.raises(w2s.InputError, match="replicates"):
        w2s.compare(w2s.canonical_task(), {}, replicates=1)
