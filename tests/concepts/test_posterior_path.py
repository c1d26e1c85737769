"""Posteriors after every prefix of a context, against reading each prefix alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from tests.concepts.test_prompt import make_prompt_model
from w2s_sim.statements.shared.finite_examples import language_task, table_task
from w2s_sim.statements.shared.regression_examples import canonical

pytestmark = pytest.mark.usefixtures("x64")
KEY = jax.random.key(0)


def each_prefix(model: w2s.LatentConceptModel, data: w2s.WeakData) -> np.ndarray:
    sizes = range(1, len(data.labels) + 1)
    read = [model.log_posterior(data.inputs[:size], data.labels[:size]) for size in sizes]
    with np.errstate(divide="ignore"):
        return np.stack([np.log(model.prior), *read])


@pytest.mark.parametrize("task", [canonical, language_task, table_task])
def test_path_is_every_prefix_alone(task) -> None:
    task = task()
    data = task.sample_weak(6, key=KEY)
    found = task.source.log_posterior_path(data.inputs, data.labels)
    np.testing.assert_allclose(found, each_prefix(task.source, data), rtol=1e-10, atol=1e-10)


def test_impossible_prefixes_leave_the_prior() -> None:
    """The third symbol excludes the second concept, and the fourth the first: then no concept is left."""
    tables = jnp.array([[[0.5, 0.5, 0.0]], [[0.5, 0.0, 0.5]], [[1.0, 0.0, 0.0]]])
    model = w2s.CategoricalModel([0.7, 0.3, 0.0], tables, [1.0])
    inputs, labels = jnp.zeros(5, int), jnp.array([0, 0, 1, 2, 0])
    found = np.exp(model.log_posterior_path(inputs, labels))
    prior = [0.7, 0.3, 0.0]
    np.testing.assert_allclose(found, [prior, prior, prior, [1.0, 0.0, 0.0], prior, prior], atol=1e-12)


def test_dependent_demonstrations_are_read_prefix_by_prefix() -> None:
    model, labels = make_prompt_model(), jnp.array([[0, 1], [1, 0], [1, 1]])
    data = w2s.WeakData(jnp.zeros((3, 0), dtype=int), labels)
    found = model.log_posterior_path(data.inputs, labels)
    np.testing.assert_allclose(found, each_prefix(model, data), atol=1e-12)


def test_long_paths_in_float32() -> None:
    task = canonical()
    data = task.sample_weak(20_000, key=KEY)
    exact = np.asarray(task.source.log_posterior_path(data.inputs, data.labels))
    with jax.enable_x64(False):
        task32, data32 = jax.tree.map(
            lambda leaf: leaf.astype(jnp.float32) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf,
            (task, data),
        )
        found = np.asarray(task32.source.log_posterior_path(data32.inputs, data32.labels), np.float64)
    np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-4)
