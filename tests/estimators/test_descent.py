"""Gradient descent by repeated squaring, against explicit steps and against the gain."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.estimators.descent import descended
from w2s_sim.tasks.weak_moments import WeakMoments


def moments(num_pairs: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """S and r of random pairs; r is in the span of the inputs."""
    generator = np.random.default_rng(100 * num_pairs + dim)
    inputs = generator.normal(size=(num_pairs, dim))
    return inputs.T @ inputs / num_pairs, inputs.T @ generator.normal(size=num_pairs) / num_pairs


def small_task(dim: int) -> w2s.TransferTask:
    return w2s.regression_task(dim, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0])


def steps_one_by_one(covariance: np.ndarray, residual: np.ndarray, pace: float, steps: int) -> np.ndarray:
    moved = np.zeros_like(residual)
    for _ in range(steps):
        moved = moved + pace * (residual - covariance @ moved)
    return moved


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 6, 7, 8, 200, 1023])
def test_steps_are_those_of_a_loop(steps: int, x64: None) -> None:
    """Also with fewer pairs than dimensions, and for steps so long that they diverge."""
    for num_pairs, dim, pace in ((60, 8, 0.05), (5, 8, 0.3), (20, 9, 0.8), (1, 1, 1e-3)):
        covariance, residual = moments(num_pairs, dim)
        found = descended(jnp.asarray(covariance), jnp.asarray(residual), jnp.asarray(pace), steps)
        expected = steps_one_by_one(covariance, residual, pace, steps)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max(initial=0))


def test_many_short_steps_keep_their_precision_in_float32() -> None:
    """1 - (1 - pace)^t would keep a digit or two here; a sum of powers loses at most t roundings."""
    covariance, residual = moments(60, 8)
    narrow, pull, pace = (jnp.asarray(each, jnp.float32) for each in (covariance, residual, 1e-6))
    found = descended(narrow, pull, pace, 1000)
    expected = steps_one_by_one(covariance, residual, 1e-6, 1000)
    np.testing.assert_allclose(found, expected, rtol=6e-5)


@pytest.mark.parametrize(("num_pairs", "dim"), [(60, 8), (6, 8), (40, 20)])
def test_a_student_is_that_of_the_filter(num_pairs: int, dim: int, x64: None) -> None:
    covariance, residual = (jnp.asarray(each) for each in moments(num_pairs, dim))
    seen = WeakMoments(covariance, residual, jnp.asarray(float(num_pairs)))
    student = w2s.GradientDescent(200, jnp.asarray(0.05), num_weak=num_pairs)
    source = small_task(dim).source
    found = student.fit_moments(source, seen).coefficients
    expected = source.coefficients + student.filter_matrix(covariance, num_pairs) @ residual
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_few_dimensions_and_many_steps_use_the_eigendecomposition() -> None:
    for dim, steps, squares in ((7, 200, False), (8, 200, True), (8, 1024, True), (8, 1025, False)):
        task = small_task(dim)
        student = w2s.GradientDescent(steps, jnp.asarray(0.05), num_weak=20)
        data = task.sample_weak(20, key=jax.random.key(0))

        def fit(data: w2s.WeakData, task=task, student=student) -> jax.Array:
            return student.fit(task.source, data, key=jax.random.key(1)).coefficients

        assert ("eigh" not in str(jax.make_jaxpr(fit)(data))) == squares
