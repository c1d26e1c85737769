"""Metrics of a replicate against closed forms, and the labels of their axes."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.concepts import StyleContentModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import PriorTransfer
from w2s_sim.runs.cell_metrics import FittedMetrics, Metrics, measured
from w2s_sim.statements import Case
from w2s_sim.statements.shared.finite_examples import style_content_task, table_task
from w2s_sim.tasks.metric_labels import metric_label
from w2s_sim.verify import replicate

METRICS = ("risk", "prior_kl", "prior_tv", "style_error", "content_error")
MIXED = [0.1, 0.2, 0.3, 0.4]
CASES: dict[str, Callable[[], Case[Any]]] = {
    "naive": lambda: Case("", w2s.canonical_task(), w2s.Ridge(0.3, num_weak=20)),
    "in context": lambda: Case("", w2s.canonical_task(), w2s.InContext(8)),
    "tables": lambda: Case("", table_task(target_prior=MIXED), w2s.MaximumLikelihood(num_weak=20)),
    "styles": lambda: Case("", style_content_task(), w2s.IteratedRefinement(3, num_weak=20)),
}


def scores_of(case: Case[Any], seed: int = 0) -> dict[str, float]:
    """Of one replicate, outside of any program."""
    data_key, key = jax.random.split(jax.random.key(seed))
    names = case.task.metric_labels
    values = FittedMetrics(Metrics(tuple(names)))(key, case.sample_weak(key=data_key), case)
    return dict(zip(names, np.asarray(values, dtype=np.float64).tolist(), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_metric_that_a_student_has_not_is_no_number(name: str) -> None:
    case = CASES[name]()
    values = replicate(measured(METRICS), case, seed=1, start=0, stop=20)
    assert values.shape == (20, len(METRICS))
    has_prior, has_style = name != "naive", name == "styles"
    expected = [True, has_prior, has_prior, has_style, has_style]
    assert np.isfinite(values).all(axis=0).tolist() == expected
    assert np.isnan(values).all(axis=0).tolist() == [not there for there in expected]
    assert case.metrics == tuple(np.array(METRICS)[expected])


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", ["in context", "tables", "styles"])
def test_metrics_of_a_prior_are_those_of_their_definitions(name: str) -> None:
    case = CASES[name]()
    data_key, key = jax.random.split(jax.random.key(3))
    estimator, data = case.estimator, case.sample_weak(key=data_key)
    assert isinstance(estimator, PriorTransfer)
    prior = np.asarray(estimator.transferred_prior(case.task.source, data, key=key))
    wanted = np.asarray(case.task.target_prior)
    held = wanted > 0
    divergence = np.sum(wanted[held] * np.log(wanted[held] / prior[held]))
    _, prior_kl, prior_tv, *_ = FittedMetrics(Metrics(METRICS))(key, data, case)
    np.testing.assert_allclose(prior_kl, divergence, rtol=1e-10)
    np.testing.assert_allclose(prior_tv, 0.5 * np.abs(wanted - prior).sum(), rtol=1e-10)


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
    found = FittedMetrics(Metrics(METRICS))(key, data, case)
    np.testing.assert_allclose(found[2:], expected, atol=1e-10)


def test_labels_have_the_unit_of_the_tasks() -> None:
    regression, finite = w2s.canonical_task(), table_task()
    assert metric_label("risk", [regression, regression]) == "excess risk (squared label units)"
    assert metric_label("risk", [finite]) == "excess log loss (nats)"
    both = metric_label("risk", [regression, finite])
    assert both == "excess risk (squared label units) or excess log loss (nats)"
    assert "nats" in metric_label("prior_kl", [regression])
    assert "share" in metric_label("pgr", [finite])
    for metric in (*METRICS, "pgr", "gain_over_source"):
        assert metric_label(metric, [style_content_task()]).endswith(")")
    with pytest.raises(InputError, match=r"metric: got 'rsik'.*prior_tv.*pgr"):
        metric_label("rsik", [regression])
