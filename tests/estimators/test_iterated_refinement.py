"""Iterated refinement on samples: against the posterior of single demonstrations and a general optimiser."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

import w2s_sim as w2s
from w2s_sim.estimators import IteratedRefinement
from w2s_sim.estimators.iterated_refinement import refine_prior
from w2s_sim.statements.shared.finite_examples import language_task
from w2s_sim.statements.shared.regression_examples import canonical, noisy

pytestmark = pytest.mark.usefixtures("x64")


def test_one_round_is_the_mean_posterior_of_single_demonstrations() -> None:
    task = canonical(target_prior=[0.2, 0.0, 0.2, 0.6])
    data = task.sample_weak(50, key=jax.random.key(0))
    posteriors = [
        np.exp(task.source.log_posterior(data.inputs[i : i + 1], data.labels[i : i + 1])) for i in range(50)
    ]
    estimator = IteratedRefinement(1, num_weak=50)
    np.testing.assert_allclose(
        estimator.refined_prior(task.source, data), np.mean(posteriors, axis=0), atol=1e-6
    )


def test_many_rounds_reach_the_maximum_likelihood_prior() -> None:
    task = noisy(0.5)
    data = task.sample_weak(40, key=jax.random.key(1))
    found = np.asarray(IteratedRefinement(20_000, num_weak=40).refined_prior(task.source, data))
    likelihood = np.exp(np.asarray(task.source.log_likelihood(data.inputs, data.labels), dtype=np.float64))

    def loss(prior: np.ndarray) -> float:
        return -float(np.sum(np.log(likelihood @ prior)))

    simplex = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    oracle = minimize(loss, np.full(4, 0.25), bounds=[(1e-9, 1)] * 4, constraints=simplex, tol=1e-12)
    assert loss(found) == pytest.approx(oracle.fun, abs=1e-4)
    np.testing.assert_allclose(found, oracle.x, atol=5e-3)


def test_likelihood_never_falls() -> None:
    task = canonical(target_prior=[0.3, 0.1, 0.2, 0.4])
    data = task.sample_weak(30, key=jax.random.key(2))
    log_likelihood = task.source.log_likelihood(data.inputs, data.labels)
    prior, weights = task.source.prior, jnp.full(30, 1 / 30)
    values = []
    for _ in range(10):
        values.append(float(jax.nn.logsumexp(jnp.log(prior) + log_likelihood, axis=1).sum()))
        prior = refine_prior(prior, log_likelihood, weights)
        assert float(prior.sum()) == pytest.approx(1.0, abs=1e-6)
    assert np.all(np.diff(values) > -1e-9)


def test_path_starts_at_the_source_and_reads_any_concepts() -> None:
    """A sequence is a demonstration like any other: the mean posterior of single ones, round by round."""
    task = language_task(target_prior=[0.2, 0.3, 0.5])
    data = task.sample_weak(12, key=jax.random.key(4))
    path = np.asarray(IteratedRefinement(3, num_weak=12).prior_path(task.source, data))
    assert path.shape == (4, 3)
    np.testing.assert_allclose(path[0], task.source.prior, atol=1e-7)
    for before, after in itertools.pairwise(path):
        model = task.source.with_prior(jnp.asarray(before))
        posteriors = np.exp(jax.vmap(model.log_posterior)(data.inputs[:, None], data.labels[:, None]))
        np.testing.assert_allclose(after, posteriors.mean(axis=0), atol=1e-6)


def test_rows_of_weight_zero_do_not_count() -> None:
    log_likelihood = jnp.log(jnp.array([[0.5, 0.25], [0.0, 0.0]]))
    found = refine_prior(jnp.array([0.5, 0.5]), log_likelihood, jnp.array([1.0, 0.0]))
    np.testing.assert_allclose(found, [2 / 3, 1 / 3], atol=1e-12)


def test_student_predicts_under_the_last_prior() -> None:
    task = canonical()
    data = task.sample_weak(25, key=jax.random.key(3))
    estimator = IteratedRefinement(3, num_weak=25)
    student = estimator.fit(task.source, data, key=jax.random.key(0))
    expected = estimator.refined_prior(task.source, data) @ task.source.vectors
    np.testing.assert_allclose(student.coefficients, expected, atol=1e-7)
    assert (estimator.sample_size, estimator.context_size) == (25, 1)


@pytest.mark.parametrize(("rounds", "num_weak", "word"), [(0, 10, "rounds"), (1, 0, "num_weak")])
def test_bad_numbers_are_refused(rounds: int, num_weak: int, word: str) -> None:
    with pytest.raises(w2s.InputError, match=word):
        IteratedRefinement(rounds, num_weak=num_weak)


def test_label_that_no_concept_can_produce_leaves_the_prior_as_it_is() -> None:
    """Half of the pairs are impossible: the round is half of an ordinary one, half none, and never nan."""
    prior = jnp.array([0.5, 0.3, 0.2])
    log_likelihood = jnp.log(jnp.array([[0.1, 0.6, 0.3], [0.0, 0.0, 0.0]]))
    expected = 0.5 * np.array([0.05, 0.18, 0.06]) / 0.29 + 0.5 * np.asarray(prior)
    np.testing.assert_allclose(
        refine_prior(prior, log_likelihood, jnp.array([0.5, 0.5])), expected, rtol=1e-6
    )
    # A concept of weight zero cannot produce it either.
    certain = jnp.array([0.0, 1.0, 0.0])
    only_first = jnp.log(jnp.array([[0.4, 0.0, 0.0]]))
    np.testing.assert_allclose(refine_prior(certain, only_first, jnp.ones(1)), certain)
