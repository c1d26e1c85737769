"""Intent inference: the named concept by Bayes' rule in NumPy, and the same from shared prefixes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.estimators.intent_inference import named
from w2s_sim.statements.shared.finite_examples import table_task

pytestmark = pytest.mark.usefixtures("x64")


def test_names_the_concept_of_the_largest_posterior() -> None:
    task = w2s.canonical_task()
    chosen = []
    for seed in range(20):
        data = task.sample_weak(4, key=jax.random.key(seed))
        student = w2s.IntentInference(4).fit(task.source, data, key=jax.random.key(0))
        residuals = np.asarray(data.labels)[:, None] - np.asarray(data.inputs) @ np.eye(8, 4)
        best = np.argmax(np.log([0.5, 0.25, 0.15, 0.1]) - 2 * np.sum(residuals**2, axis=0))
        np.testing.assert_array_equal(student.prior, np.eye(4)[best])
        chosen.append(best)
    assert len(set(chosen)) > 1


def test_the_first_of_equal_concepts_is_named() -> None:
    np.testing.assert_array_equal(named(jnp.log(jnp.array([0.2, 0.4, 0.4]))), [0, 1, 0])


@pytest.mark.parametrize("make", [w2s.canonical_task, table_task])
def test_from_shared_prefixes(make) -> None:
    task = make()
    data, key = task.sample_weak(6, key=jax.random.key(1)), jax.random.key(0)
    estimator = w2s.IntentInference(6)
    student = estimator.fit_statistic(
        task.source, task.source.log_posterior(data.inputs, data.labels), key=key
    )
    np.testing.assert_array_equal(student.prior, estimator.fit(task.source, data, key=key).prior)
    assert estimator.with_sample_size(3).sample_size == 3
