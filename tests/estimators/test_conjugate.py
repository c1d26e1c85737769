import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.estimators import ConjugateRefinement, LeastSquares, Ridge


@pytest.mark.parametrize(("size", "spread"), [(3, 0.4), (20, 0.1), (20, 2.0)])
def test_labeller_is_ridge(size: int, spread: float) -> None:
    with jax.enable_x64(True):
        task = w2s.canonical_task()
        data = task.sample_weak(size, key=jax.random.key(0))
        estimator = ConjugateRefinement(size, spread)
        ridge = Ridge(float(task.source.noise) ** 2 / (size * spread**2), num_weak=size)
        refined = estimator.fit(task.source, data, key=jax.random.key(1)).coefficients
        fitted = ridge.fit(task.source, data, key=jax.random.key(1)).coefficients
    np.testing.assert_allclose(refined, fitted, atol=1e-10)


def test_matrix_spread_is_a_factor() -> None:
    task = w2s.canonical_task()
    data = task.sample_weak(9, key=jax.random.key(2))
    by_number = ConjugateRefinement(9, 0.7).fit(task.source, data, key=jax.random.key(0))
    by_matrix = ConjugateRefinement(9, 0.7 * jnp.eye(8)).fit(task.source, data, key=jax.random.key(0))
    np.testing.assert_allclose(by_number.coefficients, by_matrix.coefficients, atol=1e-6)


def test_prior_without_variance_along_the_bias_never_learns_it() -> None:
    task = w2s.canonical_task()
    data = task.sample_weak(60, key=jax.random.key(3))
    within = ConjugateRefinement(60, np.diag(np.repeat([1.0, 0.0], 4)))
    student = within.fit(task.source, data, key=jax.random.key(0))
    np.testing.assert_allclose(student.coefficients[4:], 0.0, atol=1e-6)
    assert not within.has_isotropic_prior


def test_student_is_unbiased_for_the_labeller(standard_errors_off) -> None:
    task = w2s.canonical_task()
    data = task.sample_weak(20 + 40, key=jax.random.key(4))
    estimator = ConjugateRefinement(20, 0.5, LeastSquares(num_weak=40))
    labeller = ConjugateRefinement(20, 0.5).fit(task.source, data[:20], key=jax.random.key(0))

    def student(key):
        query_key, fit_key = jax.random.split(key)
        queries = task.features.sample(40, key=query_key)
        inputs = jnp.concatenate([data.inputs[:20], queries])
        fresh = w2s.WeakData(inputs, data.labels)
        return estimator.fit(task.source, fresh, key=fit_key).coefficients

    draws = np.asarray(jax.vmap(student)(jax.random.split(jax.random.key(5), 4000)), dtype=np.float64)
    for i in range(8):
        assert standard_errors_off(draws[:, i], float(labeller.coefficients[i])) < 5


def test_sizes_add_up() -> None:
    assert ConjugateRefinement(20, 0.5).sample_size == 20
    assert ConjugateRefinement(20, 0.5, LeastSquares(num_weak=40)).sample_size == 60


@pytest.mark.parametrize("spread", [0.0, -1.0, float("nan"), [1.0, 2.0], [[1.0, 2.0]]])
def test_bad_spread_is_refused(spread) -> None:
    with pytest.raises(InputError, match="spread"):
        ConjugateRefinement(4, spread)


def test_no_demonstrations_are_refused() -> None:
    with pytest.raises(InputError, match="num_demonstrations"):
        ConjugateRefinement(0, 1.0)
