"""Posteriors of the concept prior against exact ones on a grid."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import w2s_sim as w2s
from w2s_sim.bayes import Beliefs, PriorPosterior, SamplingWarning, transfer_prior
from w2s_sim.bayes.diagnostics import chain_problems, chain_table, guide_problems
from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.statements.shared.finite_examples import language_task

NOISY = Beliefs(1.5, 0.4)


def two_concept_task() -> w2s.TransferTask:
    supervisor = w2s.RegressionSupervisor(jnp.eye(2, 3), 0.6)
    return w2s.regression_task(3, 2, source_prior=[0.5, 0.5], target_prior=[0.3, 0.7], supervisor=supervisor)


TASK = two_concept_task()
DATA = TASK.sample_weak(30, key=jax.random.key(0))


def grid_posterior(beliefs: Beliefs) -> pd.DataFrame:
    """The posterior of (alpha_1, sigma') on a fine grid, or of alpha_1 alone, as weighted points."""
    shares = (np.arange(400) + 0.5) / 400
    spread = beliefs.noise_spread
    logs = np.linspace(-4, 4, 161) * spread if spread else np.zeros(1)
    inputs, labels = np.asarray(DATA.inputs, np.float64), np.asarray(DATA.labels, np.float64)
    residuals = labels[:, None] - inputs @ np.asarray(TASK.source.vectors, np.float64).T
    rows = []
    for log_ratio in logs:
        noise = float(TASK.source.noise) * np.exp(log_ratio)
        densities = stats.norm.pdf(residuals, scale=noise)
        mixture = shares[:, None] * densities[:, 0] + (1 - shares[:, None]) * densities[:, 1]
        log_weights = np.log(mixture).sum(axis=1)
        log_weights += stats.beta.logpdf(shares, float(beliefs.concentration), float(beliefs.concentration))
        log_weights += stats.norm.logpdf(log_ratio, scale=spread) if spread else 0.0
        rows.append(pd.DataFrame({"share": shares, "noise": noise, "log_weight": log_weights}))
    table = pd.concat(rows, ignore_index=True)
    weights = np.exp(table.log_weight - table.log_weight.max())
    return table.assign(weight=weights / weights.sum())


def check_against_grid(posterior: PriorPosterior, grid: pd.DataFrame, effective_size: float) -> None:
    """Means, and the exact probability of the sampled intervals, within five standard errors."""
    sites = {"share": posterior.draws["prior"][:, 0]}
    if "noise" in posterior.draws:
        sites["noise"] = posterior.draws["noise"]
    for name, draws in sites.items():
        mean = float(np.sum(grid.weight * grid[name]))
        deviation = float(np.sqrt(np.sum(grid.weight * (grid[name] - mean) ** 2)))
        assert abs(draws.mean() - mean) < 5 * deviation / np.sqrt(effective_size), name
        for probability in (0.1, 0.5, 0.9):
            # What lies below the sampled quantile, to the width of a cell.
            below = float(grid.weight[grid[name] <= np.quantile(draws, probability)].sum())
            error = np.sqrt(probability * (1 - probability) / effective_size)
            assert abs(below - probability) < 5 * error + 0.02, (name, probability)


@pytest.mark.parametrize("beliefs", [Beliefs(), NOISY], ids=["alpha", "alpha and noise"])
def test_nuts_agrees_with_the_exact_posterior(beliefs: Beliefs) -> None:
    posterior = transfer_prior(TASK.source, DATA, beliefs=beliefs, num_samples=1500, key=jax.random.key(1))
    assert posterior.converged
    check_against_grid(posterior, grid_posterior(beliefs), float(posterior.diagnostics.effective_size.min()))


def test_grouped_contexts_are_read_together() -> None:
    """Thirty pairs in six contexts, against the posterior of alpha_1 on a grid."""
    data = TASK.sample_weak(30, context_size=5, key=jax.random.key(8))
    posterior = transfer_prior(TASK.source, data, context_size=5, num_samples=1500, key=jax.random.key(9))
    assert posterior.converged
    shares = (np.arange(2000) + 0.5) / 2000
    residuals = np.asarray(data.labels)[:, None] - np.asarray(data.inputs @ TASK.source.vectors.T)
    logs = stats.norm.logpdf(residuals, scale=float(TASK.source.noise)).reshape(6, 5, 2).sum(axis=1)
    likelihood = np.exp(logs - logs.max(axis=1, keepdims=True))
    mixture = shares[:, None] * likelihood[:, 0] + (1 - shares[:, None]) * likelihood[:, 1]
    weight = mixture.prod(axis=1) / mixture.prod(axis=1).sum()
    grid = pd.DataFrame({"share": shares, "weight": weight})
    size = float(posterior.diagnostics.effective_size.min())
    check_against_grid(posterior, grid, size)
    # Read pair by pair, the same data say something else.
    apart = transfer_prior(TASK.source, data, num_samples=1500, key=jax.random.key(9))
    assert apart.draws["prior"][:, 0].std() < 0.8 * posterior.draws["prior"][:, 0].std()
    with pytest.raises(InputError, match="context_size: got 7; expected a divisor"):
        transfer_prior(TASK.source, data, context_size=7, key=jax.random.key(9))


def test_guide_is_near_the_exact_posterior() -> None:
    """A normal guide is not exact; its importance weights say how near it is."""
    posterior = transfer_prior(TASK.source, DATA, method="variational", key=jax.random.key(2))
    assert posterior.converged
    grid = grid_posterior(Beliefs())
    mean = float(np.sum(grid.weight * grid.share))
    deviation = float(np.sqrt(np.sum(grid.weight * (grid.share - mean) ** 2)))
    assert abs(posterior.draws["prior"][:, 0].mean() - mean) < 0.3 * deviation
    assert np.isfinite(posterior.diagnostics.evidence_bound[0])


def test_bias_is_found_and_orthogonal_to_differences() -> None:
    bias = jnp.array([0.0, 0.0, 0.8])
    supervisor = w2s.RegressionSupervisor(jnp.eye(2, 3) + bias, 0.5)
    task = w2s.regression_task(3, 2, source_prior=[0.5, 0.5], target_prior=[0.3, 0.7], supervisor=supervisor)
    data = task.sample_weak(100, key=jax.random.key(3))
    beliefs = Beliefs(1.0, 0.3, 1.0)
    posterior = transfer_prior(task.source, data, beliefs=beliefs, key=jax.random.key(4))
    assert posterior.converged
    draws = posterior.draws["bias"]
    np.testing.assert_allclose(draws[:, 0] - draws[:, 1], 0.0, atol=1e-5)
    low, high = posterior.interval(0.9999, "bias")
    assert low[2] < 0.8 < high[2]
    assert low[2] > 0.3


def test_hidden_markov_concepts_have_a_posterior_too() -> None:
    task = language_task(target_prior=[0.2, 0.3, 0.5])
    data = task.sample_weak(60, key=jax.random.key(5))
    posterior = transfer_prior(task.source, data, key=jax.random.key(6))
    assert posterior.converged
    assert posterior.draws["prior"].shape == (4000, 3)
    labels = posterior.refined_labels(data.inputs, key=jax.random.key(7))
    assert labels.shape == data.labels.shape
    np.testing.assert_allclose(posterior.student.prior, posterior.mean_prior)


def test_student_predicts_under_the_mean_prior() -> None:
    posterior = transfer_prior(TASK.source, DATA, key=jax.random.key(8))
    student = posterior.student
    assert isinstance(student, RegressionModel)
    np.testing.assert_allclose(student.coefficients, posterior.mean_prior @ TASK.source.vectors, atol=1e-6)


def test_a_bad_run_warns_and_says_so() -> None:
    with pytest.warns(SamplingWarning, match="effective draws"):
        posterior = transfer_prior(
            TASK.source, DATA, num_samples=20, num_warmup=5, num_chains=2, key=jax.random.key(9)
        )
    assert not posterior.converged
    assert posterior.problems


def test_a_good_run_is_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SamplingWarning)
        assert transfer_prior(TASK.source, DATA, key=jax.random.key(10)).converged


def test_chains_that_disagree_are_noticed() -> None:
    generator = np.random.default_rng(0)
    apart = generator.normal(size=(2, 1000)) + np.array([[0.0], [1.0]])
    table = chain_table({"noise": apart})
    assert any("disagree on noise" in problem for problem in chain_problems(table, 0))
    together = chain_table({"noise": generator.normal(size=(2, 1000))})
    assert not chain_problems(together, 0)
    assert any("3 divergent" in problem for problem in chain_problems(together, 3))
    assert guide_problems(0.01)
    assert not guide_problems(0.9)


@pytest.mark.parametrize("changes", [{"num_chains": 1}, {"num_samples": 0}, {"target_acceptance": 0.0}])
def test_bad_input_is_refused(changes: dict) -> None:
    with pytest.raises(InputError, match=next(iter(changes))):
        transfer_prior(TASK.source, DATA, key=jax.random.key(0), **changes)


def test_beliefs_that_do_not_fit_are_refused() -> None:
    task = language_task()
    with pytest.raises(InputError, match="beliefs"):
        transfer_prior(
            task.source, task.sample_weak(4, key=jax.random.key(0)), beliefs=NOISY, key=jax.random.key(0)
        )
    with pytest.raises(InputError, match="concentration"):
        Beliefs(0.0)
    full = w2s.RegressionModel([0.3, 0.3, 0.4], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 0.5)
    with pytest.raises(InputError, match="bias_scale"):
        transfer_prior(full, DATA, beliefs=Beliefs(1.0, 0.0, 1.0), key=jax.random.key(0))
