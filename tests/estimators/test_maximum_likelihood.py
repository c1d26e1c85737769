import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import w2s_sim as w2s
from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import IteratedRefinement, MaximumLikelihood, SmoothingUnknown
from w2s_sim.estimators.maximum_likelihood import fit_prior
from w2s_sim.statements.shared.finite_examples import language_task, table_task

MIXED = [0.1, 0.2, 0.3, 0.4]
KEY = jax.random.key(0)


def mean_log_likelihood(weights: np.ndarray, log_likelihood: np.ndarray) -> float:
    return float(np.mean(np.log(np.exp(log_likelihood) @ weights)))


def scipy_maximum(log_likelihood: np.ndarray) -> float:
    """By sequential quadratic programming over the simplex, from two starts."""
    size = log_likelihood.shape[1]
    likelihood = np.exp(log_likelihood)

    def objective(weights: np.ndarray) -> tuple[float, np.ndarray]:
        mixture = likelihood @ weights
        return -float(np.mean(np.log(mixture))), -np.mean(likelihood / mixture[:, None], axis=0)

    values = []
    for start in (np.full(size, 1 / size), np.arange(1.0, size + 1) / np.arange(1, size + 1).sum()):
        found = optimize.minimize(
            objective,
            start,
            jac=True,
            method="SLSQP",
            bounds=[(1e-12, 1)] * size,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            options={"ftol": 1e-14, "maxiter": 1000},
        )
        values.append(-found.fun)
    return max(values)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_reaches_the_maximum_of_an_independent_optimiser(seed: int) -> None:
    with jax.enable_x64(True):
        task = w2s.regression_task(8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=MIXED)
        data = task.sample_weak(60, key=jax.random.key(seed))
        log_likelihood = task.source.log_likelihood(data.inputs, data.labels)
        fit = fit_prior(task.source.prior, log_likelihood, 1e-9)
    assert float(fit.gap) <= 1e-9
    best = scipy_maximum(np.asarray(log_likelihood))
    assert float(fit.log_likelihood) == pytest.approx(best, abs=1e-8)
    assert mean_log_likelihood(np.asarray(fit.prior), np.asarray(log_likelihood)) == pytest.approx(
        float(fit.log_likelihood), abs=1e-12
    )


def test_gap_bounds_what_is_missing() -> None:
    """Also far from the maximum, after few steps."""
    with jax.enable_x64(True):
        task = table_task(share=0.2, target_prior=MIXED)
        data = task.sample_weak(80, key=jax.random.key(3))
        log_likelihood = task.source.log_likelihood(data.inputs, data.labels)
        best = scipy_maximum(np.asarray(log_likelihood))
        for tolerance in (0.3, 0.1, 0.01):
            fit = fit_prior(task.source.prior, log_likelihood, tolerance)
            assert 0 <= best - float(fit.log_likelihood) + 1e-12 <= float(fit.gap) + 1e-9
            assert float(fit.gap) <= tolerance


def test_is_the_limit_of_iterated_refinement() -> None:
    task = w2s.canonical_task()
    data = task.sample_weak(40, key=jax.random.key(4))
    limit = MaximumLikelihood(num_weak=40, tolerance=1e-6).transferred_prior(task.source, data, key=KEY)
    rounds = IteratedRefinement(20_000, num_weak=40).refined_prior(task.source, data)
    np.testing.assert_allclose(limit, rounds, atol=1e-3)


def test_known_channel_is_consistent_and_a_wrong_one_is_not(standard_errors_off) -> None:
    task = w2s.regression_task(8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=MIXED)
    right = RegressionModel(task.source.prior, task.supervisor.vectors, task.supervisor.noise)
    wrong = RegressionModel(task.source.prior, task.supervisor.vectors, 2.0 * task.supervisor.noise)

    def fitted(channel):
        estimator = MaximumLikelihood(channel, num_weak=1000)

        def one(key):
            data = task.sample_weak(1000, key=key)
            return estimator.transferred_prior(task.source, data, key=key)

        return np.asarray(jax.jit(jax.vmap(one))(jax.random.split(KEY, 100)), dtype=np.float64)

    good, bad = fitted(right), fitted(wrong)
    for k in range(4):
        assert standard_errors_off(good[:, k], MIXED[k]) < 5
    assert max(standard_errors_off(bad[:, k], MIXED[k]) for k in range(4)) > 5


def test_excluded_concepts_stay_excluded() -> None:
    task = table_task(source_prior=[0.5, 0.5, 0.0, 0.0], target_prior=MIXED)
    data = task.sample_weak(50, key=jax.random.key(5))
    prior = MaximumLikelihood(num_weak=50).transferred_prior(task.source, data, key=KEY)
    np.testing.assert_array_equal(prior[2:], 0.0)
    assert float(prior.sum()) == pytest.approx(1.0, abs=1e-6)


def test_unknown_share_is_found(standard_errors_off) -> None:
    task = language_task(target_prior=[0.2, 0.3, 0.5], share=0.2)
    estimator = SmoothingUnknown(jnp.linspace(0.0, 0.5, 11), num_weak=2000)

    def one(key):
        return estimator.fitted(task.source, task.sample_weak(2000, key=key))

    fits, shares = jax.jit(lambda keys: jax.lax.map(one, keys))(jax.random.split(KEY, 40))
    # The grid has a width of 0.05: its rounding is even around the right share.
    assert standard_errors_off(np.asarray(shares, dtype=np.float64), 0.2) < 5
    for k, weight in enumerate([0.2, 0.3, 0.5]):
        assert standard_errors_off(np.asarray(fits.prior[:, k], dtype=np.float64), weight) < 5


def test_share_needs_symbols() -> None:
    task = w2s.canonical_task()
    with pytest.raises(InputError, match="finitely many outcomes"):
        SmoothingUnknown(num_weak=4).fitted(task.source, task.sample_weak(4, key=KEY))


def test_channel_has_the_same_concepts() -> None:
    task, other = table_task(), language_task()
    with pytest.raises(InputError, match="3 concepts"):
        MaximumLikelihood(other.source, num_weak=4).fitted(task.source, task.sample_weak(4, key=KEY))
