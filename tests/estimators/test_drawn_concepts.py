"""Strong models that hold K concepts drawn from a Gaussian law."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError


def test_student_is_the_posterior_mean_of_the_drawn_concepts() -> None:
    with jax.enable_x64(True):
        task = w2s.canonical_task()
        estimator = w2s.DrawnConcepts(6, 5, 0.4)
        data = task.sample_weak(6, key=jax.random.key(0))
        student = estimator.fit(task.source, data, key=jax.random.key(1))
        vectors = np.asarray(estimator.draw_model(task.source, key=jax.random.key(1)).vectors)
        misfits = np.sum(
            (np.asarray(data.labels)[:, None] - np.asarray(data.inputs) @ vectors.T) ** 2, axis=0
        )
        weights = np.exp(-misfits / (2 * 0.5**2))
        np.testing.assert_allclose(student.coefficients, weights @ vectors / weights.sum(), atol=1e-10)


def test_concepts_have_the_mean_and_the_spread_of_the_prior() -> None:
    task = w2s.canonical_task()
    model = w2s.DrawnConcepts(4, 20_000, 0.3).draw_model(task.source, key=jax.random.key(2))
    scores = (np.asarray(model.vectors) - np.asarray(task.source_vector)) / 0.3
    assert np.all(np.abs(scores.mean(axis=0)) < 5 / 20_000**0.5)
    assert np.all(np.abs((scores**2).mean(axis=0) - 1) < 5 * (2 / 20_000) ** 0.5)


def test_many_concepts_predict_like_the_continuum() -> None:
    task = w2s.regression_task(4, 2, source_prior=[0.5, 0.5], target_prior=[0, 1])
    data = task.sample_weak(6, key=jax.random.key(3))
    few, many = w2s.DrawnConcepts(6, 10, 0.5), w2s.DrawnConcepts(6, 20_000, 0.5)
    ridge = many.continuum.fit(task.source, data, key=jax.random.key(0)).coefficients

    def error(estimator: w2s.DrawnConcepts) -> float:
        keys = jax.random.split(jax.random.key(4), 40)
        students = jax.lax.map(lambda key: estimator.fit(task.source, data, key=key).coefficients, keys)
        return float(jnp.mean(jnp.sum((students - ridge) ** 2, axis=1)))

    # Importance sampling: the mean squared error is of order 1 / K.
    assert error(many) < error(few) / 100


def test_numbers_out_of_range_are_refused() -> None:
    for given, field in (
        ((0, 4, 0.5), "num_demonstrations"),
        ((4, 0, 0.5), "num_concepts"),
        ((4, 4, 0.0), "spread"),
    ):
        with pytest.raises(InputError, match=field):
            w2s.DrawnConcepts(*given)
