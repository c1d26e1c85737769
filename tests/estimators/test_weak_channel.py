import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.estimators import BiasAndNoiseUnknown
from w2s_sim.statements.shared.finite_examples import table_task

MIXED = [0.1, 0.2, 0.3, 0.4]
KEY = jax.random.key(0)


def mixed_task() -> w2s.TransferTask:
    return w2s.regression_task(8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=MIXED, weak_noise=0.3)


def test_prior_bias_and_noise_are_recovered() -> None:
    task = mixed_task()
    estimator = BiasAndNoiseUnknown(num_weak=4000, steps=300)
    fit = eqx.filter_jit(estimator.fitted)(task.source, task.sample_weak(4000, key=KEY))
    # The standard error of a share is about 0.008, that of a bias about 0.3 / sqrt(400 shown).
    np.testing.assert_allclose(fit.prior, MIXED, atol=0.04)
    np.testing.assert_allclose(fit.biases, task.supervisor.vectors - task.source.vectors, atol=0.1)
    assert float(fit.noise) == pytest.approx(0.3, abs=0.03)


def test_prior_is_nearly_unbiased(standard_errors_off) -> None:
    task = mixed_task()
    estimator = BiasAndNoiseUnknown(num_weak=1000)

    def one(key):
        return estimator.transferred_prior(task.source, task.sample_weak(1000, key=key), key=key)

    priors = np.asarray(jax.jit(jax.vmap(one))(jax.random.split(KEY, 60)), dtype=np.float64)
    for k in range(4):
        assert standard_errors_off(priors[:, k], MIXED[k]) < 5


def test_likelihood_never_falls_without_shrinkage() -> None:
    with jax.enable_x64(True):
        task = mixed_task()
        data = task.sample_weak(200, key=KEY)
        path = np.asarray(
            BiasAndNoiseUnknown(100, 1e6, num_weak=200).fitted(task.source, data).log_likelihood
        )
    assert np.all(np.diff(path) > -1e-10)
    assert path[-1] > path[0]


def test_biases_are_orthogonal_to_differences_of_concepts() -> None:
    task = mixed_task()
    fit = BiasAndNoiseUnknown(num_weak=100).fitted(task.source, task.sample_weak(100, key=KEY))
    differences = task.source.vectors[1:] - task.source.vectors[0]
    np.testing.assert_allclose(fit.biases @ differences.T, 0.0, atol=1e-5)


def test_order_of_concepts_does_not_matter() -> None:
    task = mixed_task()
    data, order = task.sample_weak(150, key=KEY), jnp.array([2, 0, 3, 1])
    shuffled = w2s.RegressionModel(task.source.prior[order], task.source.vectors[order], task.source.noise)
    estimator = BiasAndNoiseUnknown(num_weak=150)
    found = estimator.transferred_prior(shuffled, data, key=KEY)
    np.testing.assert_allclose(
        found, estimator.transferred_prior(task.source, data, key=KEY)[order], atol=1e-3
    )


def test_needs_regression_concepts() -> None:
    task = table_task()
    with pytest.raises(InputError, match="regression concepts"):
        BiasAndNoiseUnknown(num_weak=4).fitted(task.source, task.sample_weak(4, key=KEY))


@pytest.mark.parametrize("changes", [{"steps": 0}, {"bias_scale": 0.0}, {"num_weak": 0}])
def test_bad_input_is_refused(changes: dict) -> None:
    with pytest.raises(InputError, match=next(iter(changes))):
        BiasAndNoiseUnknown(**{"num_weak": 10} | changes)
