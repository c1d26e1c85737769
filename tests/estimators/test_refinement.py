"""Refinement against explicit loops over contexts."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import norm

from w2s_sim.concepts import RegressionModel
from w2s_sim.concepts.model import ReadContexts
from w2s_sim.errors import InputError
from w2s_sim.estimators import LabelMixing, LeastSquares, Refinement, Ridge, SpectralFinetuning
from w2s_sim.estimators.refinement import Context, Labels
from w2s_sim.strong_model import Reader
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.task import WeakData

pytestmark = pytest.mark.usefixtures("x64")

KEY = jax.random.key
NUM_DEMONSTRATIONS, NUM_QUERIES, DIM = 3, 12, 6
CONTEXTS: list[Context] = ["shared", "fresh", "leave-one-out", "with-query"]


def overlapping_task() -> TransferTask:
    """Concepts close to one another, so that posteriors are far from certain."""
    return regression_task(
        DIM, 3, source_prior=[0.5, 0.3, 0.2], target_prior=[0.0, 0.4, 0.6], noise=2.0, weak_noise=1.0
    )


def refinement(
    context: Context, labels: Labels = "mean", student: SpectralFinetuning | None = None
) -> Refinement:
    inner = LeastSquares(num_weak=NUM_QUERIES) if student is None else student
    return Refinement(NUM_DEMONSTRATIONS, inner, context=context, labels=labels)


def weak_data(task: TransferTask, estimator: Refinement) -> WeakData:
    # From numpy: a sampler of jax would be compiled once for every size.
    generator = np.random.default_rng(7)
    inputs = generator.normal(size=(estimator.sample_size, DIM))
    labels = inputs @ np.asarray(task.supervisor.vectors[2]) + generator.normal(size=len(inputs))
    return WeakData(jnp.asarray(inputs), jnp.asarray(labels))


def looped_contexts(context: Context) -> list[tuple[list[int], int]]:
    """(positions of the demonstrations, position of the query), one entry a query, as documented."""
    if context == "shared":
        return [([0, 1, 2], 3 + query) for query in range(NUM_QUERIES)]
    if context == "fresh":
        return [([4 * query, 4 * query + 1, 4 * query + 2], 4 * query + 3) for query in range(NUM_QUERIES)]
    if context == "with-query":
        return [([3 * (query // 3) + i for i in range(3)], query) for query in range(NUM_QUERIES)]
    batches = [[4 * batch + position for position in range(4)] for batch in range(3)]
    return [([i for i in batch if i != query], query) for batch in batches for query in batch]


def looped_refinement(task: TransferTask, data: WeakData, context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Queries and their posteriors, by Bayes' rule one query at a time."""
    inputs, labels = np.asarray(data.inputs), np.asarray(data.labels)
    vectors = np.asarray(task.source.vectors)
    posteriors = []
    for demonstrations, _ in looped_contexts(context):
        evidence = norm.logpdf(labels[demonstrations, None], inputs[demonstrations] @ vectors.T, 2.0)
        posteriors.append(softmax(np.log([0.5, 0.3, 0.2]) + evidence.sum(axis=0)))
    return inputs[[query for _, query in looped_contexts(context)]], np.stack(posteriors)


def posteriors_of(reader: Reader) -> np.ndarray:
    assert isinstance(reader, RegressionModel | ReadContexts)
    return np.asarray(reader.prior)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("ridge", [None, 0.3], ids=["least squares", "ridge"])
def test_student_is_fitted_on_posterior_means(context: Context, ridge: float | None) -> None:
    task = overlapping_task()
    student = None if ridge is None else Ridge(jnp.asarray(ridge), num_weak=NUM_QUERIES)
    estimator = refinement(context, student=student)
    data = weak_data(task, estimator)
    queries, posteriors = looped_refinement(task, data, context)
    read_queries, reader = estimator.read_contexts(task.source, data)
    np.testing.assert_array_equal(read_queries, queries)
    rows = np.broadcast_to(posteriors_of(reader), posteriors.shape)
    np.testing.assert_allclose(rows, posteriors, rtol=1e-10)
    # Certain posteriors would agree however they were computed.
    assert 0.05 < posteriors.max(axis=1).mean() < 0.95
    labels = np.sum(queries * (posteriors @ np.asarray(task.source.vectors)), axis=1)
    start = np.asarray(task.source_vector)
    gram = queries.T @ queries + NUM_QUERIES * (ridge or 0.0) * np.eye(DIM)
    expected = start + np.linalg.solve(gram, queries.T @ (labels - queries @ start))
    value = estimator.fit(task.source, data, key=KEY(0)).coefficients
    np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("shift", [2.0, -50.0])
def test_a_weak_label_changes_the_contexts_that_hold_it(context: Context, shift: float) -> None:
    """Only "with-query" relabels a query with its own weak label."""
    task, estimator = overlapping_task(), refinement(context)
    data = weak_data(task, estimator)
    _, before = estimator.read_contexts(task.source, data)
    rows = (NUM_QUERIES, task.num_concepts)
    layout = looped_contexts(context)
    for position in range(estimator.sample_size):
        changed = WeakData(data.inputs, data.labels.at[position].add(shift))
        _, after = estimator.read_contexts(task.source, changed)
        change = np.log(posteriors_of(after)) - np.log(posteriors_of(before))
        moved = np.abs(np.broadcast_to(change, rows)).max(axis=1) > 1e-10
        assert moved.tolist() == [position in demonstrations for demonstrations, _ in layout]


@pytest.mark.parametrize("context", CONTEXTS)
def test_drawn_labels_have_the_moments_of_the_predictive(
    context: Context, standard_errors_off: Callable[..., float]
) -> None:
    """Least squares is linear in labels: given the data, its mean and variance follow from theirs."""
    task, estimator = overlapping_task(), refinement(context, "draw")
    data = weak_data(task, estimator)
    draw = jax.jit(jax.vmap(lambda key: estimator.fit(task.source, data, key=key).coefficients))
    coefficients = np.asarray(draw(jax.random.split(KEY(3), 20_000)))
    queries, posteriors = looped_refinement(task, data, context)
    means = queries @ np.asarray(task.source.vectors).T
    mean = np.sum(posteriors * means, axis=1)
    variance = 4.0 + np.sum(posteriors * means**2, axis=1) - mean**2
    solve = np.linalg.pinv(queries)
    assert standard_errors_off(coefficients, solve @ mean) < 5
    assert standard_errors_off((coefficients - solve @ mean) ** 2, solve**2 @ variance) < 5


def test_drawn_labels_depend_on_the_key_and_mean_labels_do_not() -> None:
    task = overlapping_task()
    for estimator, same in ((refinement("fresh", "draw"), False), (refinement("fresh", "mean"), True)):
        data = weak_data(task, estimator)
        first, second = (estimator.fit(task.source, data, key=KEY(seed)).coefficients for seed in (0, 1))
        assert np.array_equal(first, second) is same


@pytest.mark.parametrize(
    ("context", "sample_size", "context_size"),
    [("shared", 3 + 12, 3 + 12), ("fresh", 12 * 4, 4), ("leave-one-out", 12, 4), ("with-query", 12, 3)],
)
def test_all_pairs_are_counted(context: Context, sample_size: int, context_size: int) -> None:
    mixing = LabelMixing(LeastSquares(num_weak=NUM_QUERIES), jnp.asarray(0.5))
    for estimator in (refinement(context), refinement(context, student=mixing)):
        assert estimator.num_queries == NUM_QUERIES
        assert (estimator.sample_size, estimator.context_size) == (sample_size, context_size)


def test_shared_context_and_drawn_labels_are_the_default() -> None:
    estimator = Refinement(2, LeastSquares(num_weak=5))
    assert (estimator.context, estimator.labels) == ("shared", "draw")


@pytest.mark.parametrize("num_queries", [1, 3, 5, 13])
def test_leave_one_out_needs_whole_batches(num_queries: int) -> None:
    with pytest.raises(InputError, match=r"^num_queries: got \d+; expected a multiple of 4"):
        Refinement(3, LeastSquares(num_weak=num_queries), context="leave-one-out")
    # Shared and fresh contexts have no batches.
    assert Refinement(3, LeastSquares(num_weak=num_queries), context="fresh").num_queries == num_queries


def test_contexts_with_the_query_need_whole_batches() -> None:
    with pytest.raises(InputError, match=r"^num_queries: got 4; expected a multiple of 3 \(num_demonstr"):
        Refinement(3, LeastSquares(num_weak=4), context="with-query")


@pytest.mark.parametrize("count", [0, -1, True], ids=str)
def test_bad_number_of_demonstrations_is_refused(count: Any) -> None:
    with pytest.raises(InputError, match=r"^num_demonstrations: .*whole number >= 1"):
        Refinement(count, LeastSquares(num_weak=5))
