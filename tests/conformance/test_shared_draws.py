"""Draws of weak data are nested, and estimators that share a draw learn what they learn alone."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from tests.conformance.kinds import ESTIMATORS, FEATURE_LAWS, NOISE_LAWS, TASKS
from w2s_sim.engine.measured import draw
from w2s_sim.engine.shared_draw import SharedDraw, columns_of
from w2s_sim.estimators.prefixes import ReadsPrefixes, prefix_statistic_of
from w2s_sim.runs.cell_metrics import Metrics
from w2s_sim.statements.shared.broken_learners import NearestConcept

KEY = jax.random.key(11)
METRICS = ("risk", "prior_kl", "prior_tv")
SEED, REPLICATES = 3, 5


@pytest.mark.parametrize("context_size", [1, 3])
@pytest.mark.parametrize("name", TASKS)
def test_the_first_pairs_of_a_draw_are_a_smaller_draw(name: str, context_size: int) -> None:
    task = TASKS[name]()
    few = task.sample_weak(7, context_size=context_size, key=KEY)
    many = task.sample_weak(40, context_size=context_size, key=KEY)
    np.testing.assert_allclose(few.inputs, many.inputs[:7], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(few.labels, many.labels[:7], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", [*FEATURE_LAWS, *NOISE_LAWS])
def test_the_first_numbers_of_a_law_are_a_smaller_draw(name: str) -> None:
    if name in FEATURE_LAWS:
        law = FEATURE_LAWS[name]()
        few, many = law.sample(5, key=KEY), law.sample(33, key=KEY)
    else:
        noise = NOISE_LAWS[name]()
        few, many = noise.sample((5,), key=KEY), noise.sample((33,), key=KEY)
    # Products of matrices of other sizes round otherwise.
    np.testing.assert_allclose(few, many[:5], rtol=1e-6, atol=1e-6)


def estimators_for(task_name: str) -> list[w2s.Estimator]:
    """All kinds of estimators for a task, those with a statistic also for fewer and for more pairs."""
    task, found = TASKS[task_name](), []
    for make, tasks in ESTIMATORS.values():
        if task_name in tasks:
            estimator = make().told(task)
            found.append(estimator)
            if prefix_statistic_of(estimator, task.source) is not None:
                assert isinstance(estimator, ReadsPrefixes)
                found += [estimator.with_sample_size(size) for size in (2, 64, 150)]
    return found


def metrics_alone(task: Any, estimators: list[w2s.Estimator]) -> np.ndarray:
    """By the plain route: each estimator draws its own weak data, and fits to these data."""
    score = Metrics(METRICS)

    # One program for all estimators of a form.
    @eqx.filter_jit
    def replicates(estimator: w2s.Estimator, keys: jax.Array) -> jax.Array:
        def one(key: jax.Array) -> jax.Array:
            own_key, data = draw(key, w2s.Case("", task, estimator).sampling)
            return score(task, estimator.fit(task.source, data, key=own_key))

        return jax.vmap(one)(keys)

    keys = jnp.stack([jax.random.fold_in(w2s.randomness.key_of(SEED), i) for i in range(REPLICATES)])
    return np.stack([np.asarray(replicates(estimator, keys)) for estimator in estimators], axis=1)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("task_name", ["regression", "categorical", "hidden Markov"])
def test_students_of_a_shared_draw_are_the_students_alone(task_name: str) -> None:
    task, estimators = TASKS[task_name](), estimators_for(task_name)
    shared = SharedDraw.of(task, estimators, 1)
    assert shared.sampling.sample_size == 150
    assert len(shared.paths) > 0
    assert len(shared.families) > 0
    measure = shared.measure(Metrics(METRICS))
    found = w2s.replicate(measure, shared, seed=SEED, start=0, stop=REPLICATES, lanes=REPLICATES)
    expected = metrics_alone(task, estimators)
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-8, atol=1e-10)


def test_estimators_that_differ_in_numbers_or_sizes_are_one_column() -> None:
    task = w2s.canonical_task()
    ridges = [w2s.Ridge(0.1 * i, num_weak=n) for i in range(1, 4) for n in (20, 60)]
    (column,) = columns_of(task, ridges)
    assert column.sizes == (20, 60)
    assert column.positions == ((0, 2, 4), (1, 3, 5))
    mixed = [*ridges, w2s.Ridge(0.9, num_weak=60), w2s.LeastSquares(num_weak=60), w2s.InContext(4)]
    assert [column.sizes for column in columns_of(task, mixed)] == [(20,), (60,), (60,), (4,)]


class Forgetful(w2s.Ridge):
    """A ridge that reads half of its pairs: it learns otherwise than its base class."""

    def fit(self, source: Any, data: w2s.WeakData, *, key: jax.Array) -> Any:
        return super().fit(source, data[: self.num_weak // 2], key=key)


def test_a_subclass_that_learns_otherwise_has_no_statistic() -> None:
    task = w2s.canonical_task()
    assert prefix_statistic_of(w2s.Ridge(0.3, num_weak=20), task.source) is not None
    projected = w2s.HullProjection(w2s.Ridge(0.3, num_weak=20))
    assert prefix_statistic_of(projected, task.source) is not None
    for estimator in (
        Forgetful(0.3, num_weak=20),
        NearestConcept(w2s.Ridge(0.3, num_weak=20)),
        w2s.HullProjection(Forgetful(0.3, num_weak=20)),
    ):
        assert prefix_statistic_of(estimator, task.source) is None
