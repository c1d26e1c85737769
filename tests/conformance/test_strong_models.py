"""Every strong model reads and relabels alike; the plain routes are the oracles of the fast ones."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from tests.conformance.kinds import STRONG_MODELS
from tests.conformance.texts import next_token_law
from w2s_sim.concepts import GaussianConceptModel
from w2s_sim.errors import InputError
from w2s_sim.language_models.in_context_model import InContextModel
from w2s_sim.statements.shared.finite_examples import table_task
from w2s_sim.strong_model import OneContextEach, PredictsMeans, StrongModel
from w2s_sim.weak_data import WeakData

pytestmark = pytest.mark.usefixtures("x64")

# Every left-out query is read in a context of its own.
PLAIN = ("gaussian", "language model")
# Batches of one pair more than a context has.
SIZE, NUM_BATCHES = 3, 4


def example(name: str) -> tuple[Any, WeakData]:
    """A model, and weak pairs for it."""
    make, task = STRONG_MODELS[name]
    return make(), task().sample_weak(NUM_BATCHES * (SIZE + 1), key=jax.random.key(1))


def numbers_of(model: StrongModel) -> np.ndarray:
    """All numbers that reading may change, the sign of a factor apart; a law that depends on all of them."""
    if isinstance(model, InContextModel):
        return np.asarray(next_token_law(model))
    if isinstance(model, GaussianConceptModel):
        return np.concatenate([np.asarray(model.mean), np.asarray(model.covariance).ravel()])
    assert isinstance(model, w2s.LatentConceptModel)
    return np.asarray(model.prior)


def others_of(batches: WeakData, batch: int, query: int) -> WeakData:
    """All pairs of a batch but one, by a loop."""
    rest = [i for i in range(batches.labels.shape[1]) if i != query]
    return WeakData(batches.inputs[batch][np.array(rest)], batches.labels[batch][np.array(rest)])


@pytest.mark.parametrize("name", [name for name in STRONG_MODELS if name != "prompt"])
def test_a_context_may_be_read_in_parts(name: str) -> None:
    model, pairs = example(name)
    part = model
    for first in range(5):
        part = part.read(pairs[first : first + 1])
    assert np.abs(numbers_of(part) - numbers_of(model)).max() > 1e-3
    np.testing.assert_allclose(numbers_of(part), numbers_of(model.read(pairs[:5])), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", STRONG_MODELS)
def test_nothing_read_changes_nothing(name: str) -> None:
    model, pairs = example(name)
    np.testing.assert_allclose(numbers_of(model.read(pairs[:0])), numbers_of(model), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in STRONG_MODELS if name not in PLAIN])
def test_many_contexts_are_read_as_each_alone(name: str) -> None:
    model, pairs = example(name)
    batches = pairs.batches(SIZE + 1)
    contexts = WeakData(batches.inputs[:, :SIZE], batches.labels[:, :SIZE])
    each = [
        numbers_of(model.read(WeakData(contexts.inputs[i], contexts.labels[i]))) for i in range(NUM_BATCHES)
    ]
    np.testing.assert_allclose(model.read_each(contexts).prior, each, rtol=1e-9, atol=1e-12)
    left_out = [
        numbers_of(model.read(others_of(batches, batch, query)))
        for batch in range(NUM_BATCHES)
        for query in range(SIZE + 1)
    ]
    fast = model.read_left_out(batches)
    np.testing.assert_allclose(fast.prior, left_out, rtol=1e-9, atol=1e-12)
    whole = [
        numbers_of(model.read(WeakData(batches.inputs[i], batches.labels[i])))
        for i in range(NUM_BATCHES)
        for _ in range(SIZE + 1)
    ]
    np.testing.assert_allclose(model.read_whole(batches).prior, whole, rtol=1e-9, atol=1e-12)
    if name == "regression":
        means = _plain(model, batches).predict(pairs.inputs)
        np.testing.assert_allclose(fast.predict(pairs.inputs), means, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", STRONG_MODELS)
def test_the_plain_route_labels_left_out_queries_as_each_alone(name: str) -> None:
    """By its means where there are any, else by the keys of its draws."""
    model, pairs = example(name)
    batches = pairs.batches(SIZE + 1)
    plain = StrongModel.read_left_out(model, batches) if name in PLAIN else _plain(model, batches)
    assert isinstance(plain, OneContextEach)
    keys = jax.random.split(jax.random.key(5), len(pairs.labels))
    drawn = plain.relabel(pairs.inputs, key=jax.random.key(5))
    for position in (0, 2, len(pairs.labels) - 1):
        reader = model.read(others_of(batches, position // (SIZE + 1), position % (SIZE + 1)))
        query = pairs.inputs[position : position + 1]
        alone = reader.relabel(query, key=keys[position])[0]
        np.testing.assert_allclose(drawn[position], alone, rtol=1e-9)
        if isinstance(reader, PredictsMeans):
            np.testing.assert_allclose(
                plain.predict(pairs.inputs)[position], reader.predict(query)[0], rtol=1e-9
            )


def _plain(model: StrongModel, batches: WeakData) -> OneContextEach:
    size = batches.labels.shape[1]
    contexts = [
        others_of(batches, batch, query) for batch in range(len(batches.labels)) for query in range(size)
    ]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *contexts)
    return OneContextEach(model, stacked)


@pytest.mark.parametrize("name", ["categorical", "style and content"])
@pytest.mark.parametrize("route", ["model", "each", "plain"])
def test_labels_follow_the_predictive(
    name: str, route: str, standard_errors_off: Callable[..., float]
) -> None:
    model, pairs = example(name)
    context, query = pairs[:SIZE], pairs.inputs[SIZE : SIZE + 1]
    read = model.read(context)
    symbols = jnp.arange(model.num_symbols)
    law = np.exp(read.log_predictive(jnp.repeat(query, len(symbols), axis=0), symbols))
    np.testing.assert_allclose(law.sum(), 1.0, rtol=1e-10)
    alone = WeakData(context.inputs[None], context.labels[None])
    reader = {"model": read, "each": model.read_each(alone), "plain": OneContextEach(model, alone)}[route]
    keys = jax.random.split(jax.random.key(2), 20_000)
    labels = jax.jit(jax.vmap(lambda key: reader.relabel(query, key=key)[0]))(keys)
    assert standard_errors_off(np.asarray(labels)[:, None] == np.asarray(symbols), law) < 5


@pytest.mark.parametrize("name", STRONG_MODELS)
def test_labels_follow_their_key_by_every_route(name: str) -> None:
    model, pairs = example(name)

    def labels(context: WeakData, key: jax.Array) -> jax.Array:
        return model.read(context).relabel(pairs.inputs, key=key)

    keys = jax.random.split(jax.random.key(0), 2)
    own = labels(pairs[:SIZE], keys[0])
    assert own.shape == pairs.labels.shape
    assert own.dtype == pairs.labels.dtype
    many = jax.jit(jax.vmap(labels, in_axes=(None, 0)))(pairs[:SIZE], keys)
    np.testing.assert_allclose(many[0], own, rtol=1e-9)
    assert not np.array_equal(many[1], own)


@pytest.mark.parametrize("name", ["regression", "categorical", "hidden markov", "style and content"])
def test_a_posterior_weighs_each_concept_by_its_likelihood(name: str) -> None:
    """Bayes' rule, written out with NumPy: one factor per concept and pair."""
    model, pairs = example(name)
    weights = np.asarray(model.prior).copy()
    for i in range(5):
        for concept in range(model.num_concepts):
            alone = model.log_likelihood(pairs.inputs[i : i + 1], pairs.labels[i : i + 1])
            weights[concept] *= np.exp(alone[0, concept])
    np.testing.assert_allclose(model.read(pairs[:5]).prior, weights / weights.sum(), rtol=1e-9)


@pytest.mark.parametrize("name", ["regression", "gaussian"])
def test_means_of_labels_are_the_predictions(name: str, standard_errors_off: Callable[..., float]) -> None:
    model, pairs = example(name)
    read = model.read(pairs[:SIZE])
    keys = jax.random.split(jax.random.key(4), 20_000)
    drawn = jax.jit(jax.vmap(lambda key: read.relabel(pairs.inputs, key=key)))(keys)
    assert standard_errors_off(drawn, read.predict(pairs.inputs)) < 5


class LastLabels(StrongModel):
    """Knows no concepts: it repeats the mean of the labels that it has read."""

    kind: ClassVar[str] = "means"
    mean: jax.Array

    def read(self, context: WeakData) -> "LastLabels":
        return eqx.tree_at(lambda model: model.mean, self, jnp.mean(context.labels))

    def relabel(self, inputs: Any, *, key: Any) -> jax.Array:
        return jnp.full(len(inputs), self.mean)


class MeanLabel(w2s.Estimator):
    """The mean of the labels, as a student."""

    concepts: ClassVar[type[StrongModel]] = LastLabels

    @property
    def sample_size(self) -> int:
        return 12

    def fit(self, source: Any, data: WeakData, *, key: Any) -> jax.Array:
        return jnp.mean(data.labels)


@pytest.mark.parametrize("context", ["shared", "fresh", "leave-one-out", "with-query"])
def test_refinement_needs_a_model_that_reads_and_relabels_and_no_more(context: Any) -> None:
    estimator = w2s.Refinement(SIZE, MeanLabel(), context=context)
    labels = np.random.default_rng(0).normal(size=estimator.sample_size)
    data = WeakData(jnp.zeros((len(labels), 2)), jnp.asarray(labels))
    student = estimator.fit(LastLabels(jnp.asarray(9.0)), data, key=jax.random.key(0))
    # Every label is in as many contexts as any other: its batch's, with or without its own.
    read = labels
    if context == "shared":
        read = labels[:SIZE]
    elif context == "fresh":
        read = labels.reshape(-1, SIZE + 1)[:, :SIZE]
    np.testing.assert_allclose(student, read.mean(), rtol=1e-12)


def test_a_student_of_finite_concepts_is_fitted_on_refined_labels() -> None:
    task = table_task()
    estimator = w2s.Refinement(SIZE, w2s.MaximumLikelihood(num_weak=20))
    data = task.sample_weak(estimator.sample_size, key=jax.random.key(3))
    key = jax.random.key(4)
    student = estimator.fit(task.source, data, key=key)
    label_key, student_key = jax.random.split(key)
    queries = data.inputs[SIZE:]
    labels = task.source.read(data[:SIZE]).relabel(queries, key=label_key)
    again = w2s.MaximumLikelihood(num_weak=20).fit(task.source, WeakData(queries, labels), key=student_key)
    np.testing.assert_array_equal(student.prior, again.prior)
    assert float(task.metrics(student)["risk"]) >= 0.0


def test_symbols_have_no_mean() -> None:
    task = table_task()
    estimator = w2s.Refinement(SIZE, w2s.MaximumLikelihood(num_weak=20), labels="mean")
    with pytest.raises(InputError, match=r"^labels: got 'mean'; expected 'draw': .*CategoricalModel"):
        w2s.Case("", task, estimator).fit(key=jax.random.key(0))


def test_a_student_that_cannot_learn_from_the_model_is_named() -> None:
    estimator = w2s.Refinement(SIZE, w2s.LeastSquares(num_weak=20))
    with pytest.raises(InputError, match=r"estimator\.student: got LeastSquares, which is for regression"):
        w2s.Case("", table_task(), estimator).fit(key=jax.random.key(0))
