"""Metrics of a replicate against closed forms, and the labels of their axes."""

from typing import Any

import jax
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.concepts import StyleContentModel
from w2s_sim.errors import InputError
from w2s_sim.runs.cell_metrics import METRICS, metric_label, study_scores
from w2s_sim.runs.prior_comparison import prior_scores
from w2s_sim.statements import Case, FromWeakData
from w2s_sim.statements.shared.finite_examples import style_content_task, table_task
from w2s_sim.verify import replicate

MIXED = [0.1, 0.2, 0.3, 0.4]
CASES: dict[str, Case[Any]] = {
    "naive": Case("", w2s.canonical_task(), w2s.Ridge(0.3, num_weak=20)),
    "in context": Case("", w2s.canonical_task(), w2s.InContext(8)),
    "tables": Case("", table_task(target_prior=MIXED), w2s.MaximumLikelihood(num_weak=20)),
    "styles": Case("", style_content_task(), w2s.IteratedRefinement(3, num_weak=20)),
}


def scores_of(case: Case[Any], seed: int = 0) -> dict[str, float]:
    """Of one replicate, outside of any program."""
    data_key, key = jax.random.split(jax.random.key(seed))
    values = study_scores(key, case.sample_weak(key=data_key), case)
    return dict(zip(METRICS, np.asarray(values, dtype=np.float64).tolist(), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_the_first_three_are_those_of_the_comparison_of_priors(name: str) -> None:
    """And what a case has not is no number."""
    scores, plain = (
        replicate(FromWeakData(measure), CASES[name], seed=1, start=0, stop=20)
        for measure in (study_scores, prior_scores)
    )
    assert scores.shape == (20, len(METRICS))
    # Two programs: rounding may differ.
    np.testing.assert_allclose(scores[:, :3], plain, rtol=1e-4, atol=1e-6)
    has_prior, has_style = name != "naive", name == "styles"
    expected = [True, has_prior, has_prior, has_style, has_style]
    assert np.isfinite(scores).all(axis=0).tolist() == expected
    assert np.isnan(scores).all(axis=0).tolist() == [not there for there in expected]


def test_style_and_content_errors_of_known_priors() -> None:
    """0.95 of the wrong style, whose law is 0.75 off; 0.1 of the wrong content, whose law is 0.85 off."""
    task = style_content_task()
    source = scores_of(Case("", task, w2s.Oracle(task.source.prior)))
    np.testing.assert_allclose([source["style_error"], source["content_error"]], [0.7125, 0.085], atol=1e-6)
    oracle = scores_of(Case("", task, w2s.Oracle(task.target_prior)))
    np.testing.assert_allclose(list(oracle.values()), 0.0, atol=1e-6)


@pytest.mark.usefixtures("x64")
def test_style_and_content_errors_of_a_posterior_are_those_of_bayes_rule() -> None:
    task = style_content_task()
    case = Case("", task, w2s.InContext(3))
    data_key, key = jax.random.split(jax.random.key(5))
    data = case.sample_weak(key=data_key)
    assert isinstance(task.source, StyleContentModel)
    tables, prior = np.asarray(task.source.tables), np.asarray(task.source.prior)
    inputs, labels = (np.asarray(part).reshape(-1) for part in (data.inputs, data.labels))
    posterior = prior * np.prod(tables[:, inputs, labels], axis=1)
    posterior /= posterior.sum()
    styles, contents = posterior.reshape(2, 2).sum(axis=1), posterior.reshape(2, 2).sum(axis=0)
    # Wanted are style 2 and content 1.
    expected = [posterior[[0, 1, 3]].sum(), 0.75 * styles[0], 0.85 * contents[1]]
    np.testing.assert_allclose(study_scores(key, data, case)[2:], expected, atol=1e-10)


def test_labels_have_the_unit_of_the_tasks() -> None:
    regression, finite = w2s.canonical_task(), table_task()
    assert metric_label("risk", [regression, regression]) == "excess risk (squared label units)"
    assert metric_label("risk", [finite]) == "excess log loss (nats)"
    both = metric_label("risk", [finite, regression])
    assert both == "excess risk (squared label units) or excess log loss (nats)"
    assert "nats" in metric_label("prior_kl", [regression])
    assert "share" in metric_label("pgr", [finite])
    for metric in (*METRICS, "pgr"):
        assert metric_label(metric, [finite]).endswith(")")
    with pytest.raises(InputError, match=r"metric: got 'rsik'.*prior_tv.*pgr"):
        metric_label("rsik", [regression])
