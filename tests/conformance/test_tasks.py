"""Every task: weak data follow their key and sizes, and metrics say what they claim."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from tests.conformance.kinds import TASKS
from w2s_sim.tasks.task import ConceptTask

pytestmark = pytest.mark.usefixtures("x64")
KEY = jax.random.key(0)
WITH_CONCEPTS = [name for name, make in TASKS.items() if isinstance(make(), ConceptTask)]


@pytest.mark.parametrize("name", TASKS)
def test_weak_data_follow_their_key(name: str) -> None:
    task = TASKS[name]()
    data = task.sample_weak(6, key=KEY)
    assert data.inputs.shape[0] == data.labels.shape[0] == 6
    assert task.sample_weak(0, key=KEY).labels.shape == (0, *data.labels.shape[1:])
    compiled = jax.jit(lambda key: task.sample_weak(6, key=key))
    keys = jnp.stack([KEY, jax.random.key(1)])
    many = jax.vmap(lambda key: task.sample_weak(6, key=key))(keys)
    for route in (compiled(KEY), jax.tree.map(lambda leaf: leaf[0], many)):
        np.testing.assert_allclose(route.inputs, data.inputs, rtol=1e-12)
        np.testing.assert_allclose(route.labels, data.labels, rtol=1e-10)
    assert not np.array_equal(many.labels[1], data.labels)


@pytest.mark.parametrize("name", TASKS)
def test_metrics_are_those_that_the_task_names(name: str) -> None:
    task = TASKS[name]()
    assert next(iter(task.metric_labels)) == "risk"
    for student in (task.weak_student, task.source):
        metrics = task.metrics(student)
        assert next(iter(metrics)) == "risk"
        assert metrics.keys() <= task.metric_labels.keys()
        assert float(metrics["risk"]) >= -1e-12
        compiled = jax.jit(lambda student: task.metrics(student))(student)
        for metric, value in metrics.items():
            assert value.shape == ()
            np.testing.assert_allclose(compiled[metric], value, rtol=1e-10, atol=1e-12)
    assert float(task.metrics(task.weak_student)["risk"]) == pytest.approx(float(task.weak_risk))


@pytest.mark.parametrize("name", WITH_CONCEPTS)
def test_the_target_itself_has_no_risk(name: str) -> None:
    """Up to what the concepts cannot express: a target outside their hull."""
    task: Any = TASKS[name]()
    metrics = task.metrics(task.source.with_prior(task.target_prior))
    beyond = float(task.target_shift @ task.target_shift) if isinstance(task, w2s.ShiftedTarget) else 0.0
    assert float(metrics["risk"]) == pytest.approx(beyond, abs=1e-12)
    assert float(metrics["prior_tv"]) == pytest.approx(0.0, abs=1e-12)
    assert float(metrics["prior_kl"]) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", WITH_CONCEPTS)
def test_pairs_of_a_context_share_their_concept(name: str) -> None:
    """The weak model labels given concepts: pairs that share one have the labels of that one."""
    task: Any = TASKS[name]()
    _, concept_key, label_key = jax.random.split(KEY, 3)
    data = task.sample_weak(6, context_size=3, key=KEY)
    draws = jax.random.choice(concept_key, task.num_concepts, (2,), p=task.target_prior)
    labels = task.supervisor.sample_labels(data.inputs, jnp.repeat(draws, 3), key=label_key)
    np.testing.assert_allclose(data.labels, labels, rtol=1e-10)


@pytest.mark.parametrize("name", TASKS)
def test_sizes_out_of_range_are_refused(name: str) -> None:
    task = TASKS[name]()
    with pytest.raises(w2s.InputError, match="num_weak: got -1"):
        task.sample_weak(-1, key=KEY)
    with pytest.raises(w2s.InputError, match="context_size: got 0"):
        task.sample_weak(3, context_size=0, key=KEY)
