"""Priors from frequencies: the projection against an optimiser, the channel against what made the data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import w2s_sim as w2s
from w2s_sim.concepts import CategoricalModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import ChannelUnknown, FrequencyProjection, MaximumLikelihood
from w2s_sim.runs import compare_priors
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task
from w2s_sim.tasks.finite_task import FiniteTask

MIXED = [0.1, 0.2, 0.3, 0.4]
KEY = jax.random.key(0)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("kind", ["tables", "languages"])
def test_projection_is_the_nearest_mixture(kind: str) -> None:
    mixed = table_task(target_prior=MIXED), language_task(target_prior=[0.2, 0.3, 0.5])
    task = mixed[kind == "languages"]
    data = task.sample_weak(50, key=KEY)
    found = np.asarray(FrequencyProjection(num_weak=50).transferred_prior(task.source, data, key=KEY))
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    inputs, labels = (np.asarray(part).reshape(laws.shape[1], -1) for part in task.source.outcomes)
    outcomes = {tuple(row): i for i, row in enumerate(np.hstack([inputs, labels]).tolist())}
    drawn = np.hstack([np.asarray(part).reshape(50, -1) for part in (data.inputs, data.labels)])
    frequencies = np.bincount([outcomes[tuple(row)] for row in drawn.tolist()], minlength=laws.shape[1]) / 50

    def distance(weights: np.ndarray) -> float:
        return float(np.sum((weights @ laws - frequencies) ** 2))

    size = len(laws)
    best = optimize.minimize(
        distance,
        np.full(size, 1 / size),
        method="SLSQP",
        bounds=[(0, 1)] * size,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-16, "maxiter": 1000},
    )
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert distance(found) <= best.fun + 1e-12


def garbled_task() -> FiniteTask:
    """Ten contexts, enough for a channel that favours no symbol and is no smoothing."""
    tables = np.random.default_rng(0).dirichlet(np.full(3, 0.5), (4, 10)) * 0.97 + 0.01
    source = CategoricalModel([0.5, 0.25, 0.15, 0.1], tables, np.full(10, 0.1))
    channel = jnp.array([[0.8, 0.2, 0.0], [0.05, 0.9, 0.05], [0.1, 0.0, 0.9]])
    return FiniteTask(source, MIXED, source.through(channel))


def test_the_objective_never_falls_and_rows_are_laws() -> None:
    with jax.enable_x64(True):
        task = garbled_task()
        fit = ChannelUnknown(num_weak=400, steps=100).fitted(task.source, task.sample_weak(400, key=KEY))
        assert np.all(np.diff(fit.objective) > -1e-12)
        np.testing.assert_allclose(np.sum(fit.channel, axis=1), 1.0, atol=1e-12)
        assert float(jnp.sum(fit.prior)) == pytest.approx(1.0, abs=1e-12)


def test_one_step_is_that_of_enumerated_posteriors() -> None:
    with jax.enable_x64(True):
        task = garbled_task()
        assert isinstance(task.source, CategoricalModel)
        tables, prior = np.asarray(task.source.tables), np.asarray(task.source.prior)
        data = task.sample_weak(30, key=KEY)
        share = 0.3
        channel = (1 - share) * np.eye(3) + share / 3
        concepts, pairs = np.zeros(4), 5.0 * np.eye(3) + 0.1
        for x, w in zip(np.asarray(data.inputs), np.asarray(data.labels), strict=True):
            joint = prior[:, None] * tables[:, x, :] * channel[:, w]
            joint /= joint.sum()
            concepts += joint.sum(axis=1)
            pairs[:, w] += joint.sum(axis=0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("w2s_sim.estimators.frequencies.START_SHARES", (share,))
            fit = ChannelUnknown(num_weak=30, steps=1).fitted(task.source, data)
        np.testing.assert_allclose(fit.prior, concepts / concepts.sum(), atol=1e-12)
        np.testing.assert_allclose(fit.channel, pairs / pairs.sum(axis=1, keepdims=True), atol=1e-12)


def test_many_labels_show_prior_and_channel() -> None:
    task = garbled_task()
    num_weak = 200_000
    fit = ChannelUnknown(num_weak=num_weak, steps=3000).fitted(
        task.source, task.sample_weak(num_weak, key=KEY)
    )
    np.testing.assert_allclose(fit.prior, MIXED, atol=0.06)
    np.testing.assert_allclose(fit.channel[1], [0.05, 0.9, 0.05], atol=0.08)


def test_knowing_nothing_of_the_channel_beats_a_wrong_one() -> None:
    """The strong model's own account of garbled labels is wrong, however many there are."""
    task = garbled_task()
    rules = {
        "believed right": MaximumLikelihood(num_weak=4000),
        "unknown": ChannelUnknown(num_weak=4000, steps=1000),
    }
    table = compare_priors(task, rules, replicates=60).set_index("estimator")
    gap = table.risk["believed right"] - table.risk["unknown"]
    assert gap > 5 * np.hypot(table.risk_se["believed right"], table.risk_se["unknown"])


def test_style_and_content_concepts_are_tables_too() -> None:
    task = style_content_task()
    data = task.sample_weak(100, key=KEY)
    prior = ChannelUnknown(num_weak=100).transferred_prior(task.source, data, key=KEY)
    assert float(prior[2]) > 0.8


@pytest.mark.parametrize(
    ("estimator", "message"),
    [(FrequencyProjection(num_weak=5), "finitely many"), (ChannelUnknown(num_weak=5), "categorical")],
)
def test_other_concepts_are_refused(estimator: w2s.Estimator, message: str) -> None:
    task = w2s.canonical_task()
    with pytest.raises(InputError, match=message):
        estimator.fit(task.source, task.sample_weak(5, key=KEY), key=KEY)


@pytest.mark.parametrize(("field", "value"), [("steps", 0), ("faith", -1.0), ("doubt", 0.0), ("num_weak", 0)])
def test_bad_numbers_are_refused(field: str, value: float) -> None:
    with pytest.raises(InputError, match=field):
        ChannelUnknown(**{"num_weak": 10, field: value})  # pyright: ignore[reportArgumentType]
