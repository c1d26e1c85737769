"""Every estimator on every task that it is for: one student whatever the route, and claims that hold."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from tests.conformance.kinds import ESTIMATORS, TASKS, fits

pytestmark = pytest.mark.usefixtures("x64")
EVERY_FIT = pytest.mark.parametrize(("name", "task_name"), list(fits()))


def numbers_of(student: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(student) if jnp.issubdtype(leaf.dtype, jnp.floating)]


@EVERY_FIT
def test_one_student_whatever_the_route(name: str, task_name: str) -> None:
    """By itself, compiled, and as one of many: the same; from other data and keys: another."""
    task: Any = TASKS[task_name]()
    estimator = ESTIMATORS[name][0]().told(task)

    def fit(key: jax.Array) -> Any:
        data_key, own_key = jax.random.split(key)
        size = estimator.sample_size
        data = task.sample_weak(size, context_size=estimator.context_size, key=data_key)
        return estimator.fit(task.source, data, key=own_key)

    # Several, because two data sets may name the same concept.
    keys = jax.random.split(jax.random.key(3), 8)
    own = fit(keys[0])
    metrics = task.metrics(own)
    assert all(np.isfinite(value) or metric == "prior_kl" for metric, value in metrics.items())
    many = jax.jit(jax.vmap(fit))(keys)
    for alone, among in zip(numbers_of(own), numbers_of(many), strict=True):
        np.testing.assert_allclose(among[0], alone, rtol=1e-7, atol=1e-9)
    differs = any(not np.allclose(among[:1], among) for among in numbers_of(many))
    assert differs != estimator.ignores_data(task.source)
    if estimator.stays_in_hull:
        prior = np.asarray(own.prior)
        assert prior.min() >= 0.0
        assert prior.sum() == pytest.approx(1.0, abs=1e-12)


@EVERY_FIT
def test_a_case_draws_the_pairs_that_the_estimator_reads(name: str, task_name: str) -> None:
    task: Any = TASKS[task_name]()
    case = w2s.Case("", task, ESTIMATORS[name][0]())
    assert case.sample_weak(key=jax.random.key(0)).labels.shape[0] == case.estimator.sample_size
    assert case.estimator.context_size >= 1


@pytest.mark.parametrize("name", ESTIMATORS)
def test_another_kind_of_model_is_refused_by_name(name: str) -> None:
    make, tasks = ESTIMATORS[name]
    estimator = make()
    for task_name in tasks:
        estimator.require_concepts(TASKS[task_name]().source)
    others = [TASKS[other]().source for other in ("regression", "hidden Markov")]
    for source in others:
        if not isinstance(source, estimator.concepts):
            with pytest.raises(
                w2s.InputError, match=f"estimator: got {type(estimator).__name__}, which is for"
            ):
                estimator.require_concepts(source)
