"""Rounds of refinement with likelihoods that are exponentiated once, against rounds in logs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.estimators.iterated_refinement import refined_priors, refined_priors_by_logs
from w2s_sim.estimators.maximum_likelihood import fit_prior, gains_by_logs
from w2s_sim.estimators.scaled_likelihood import ScaledLikelihood


def rows_of(num_rows: int, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A prior with a zero, logs with impossible rows and excluded concepts, and weights with zeros."""
    generator = np.random.default_rng(num_rows)
    logs = spread * generator.normal(size=(num_rows, 5)) - 40.0
    logs[generator.uniform(size=logs.shape) < 0.1] = -np.inf
    logs[1] = -np.inf
    logs[2, [0, 1, 2, 4]] = -np.inf
    weights = generator.uniform(size=num_rows)
    weights[4:7] = 0.0
    return np.array([0.4, 0.3, 0.2, 0.0, 0.1]), logs, weights / weights.sum()


@pytest.mark.parametrize(("num_rows", "spread"), [(9, 1.0), (512, 5.0), (1300, 100.0)])
def test_rounds_are_those_of_logs(num_rows: int, spread: float, x64: None) -> None:
    prior, logs, weights = (jnp.asarray(part) for part in rows_of(num_rows, spread))
    found = np.asarray(refined_priors(prior, logs, weights, 30))
    expected = refined_priors_by_logs(prior, logs, weights, 30)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(found[:, 3], 0.0)


def test_gains_are_those_of_logs(x64: None) -> None:
    prior, logs, _ = (jnp.asarray(part) for part in rows_of(700, 10.0))
    weights = jnp.full(700, 1 / 700)
    rows = ScaledLikelihood.of(jnp.asarray([0.1, 0.1, 0.1, 0.0, 0.7]), logs, weights)
    found, is_good = rows.gains(prior)
    held = prior > 0
    np.testing.assert_allclose(found[held], gains_by_logs(logs, weights, prior)[0][held], rtol=1e-10)
    assert bool(is_good)


# Log likelihoods hundreds of nats apart, and first weights that only logs can hold beside them: the unit of a
# row under the first prior says nothing about the later ones.
EXTREME = {
    "a weight comes back": ([1e-36, 1.0 - 1e-36], [[0.0, -300.0], [-300.0, 0.0]]),
    "from a likelihood that vanished": ([1e-30, 1.0], [[0.0, -60.0], [0.0, -70.0], [0.0, -95.0]]),
    "down a ladder": (
        [0.5, 0.4999, 1e-4, 1e-10],
        [[0.0, -85.0, -170.0, -250.0]] + 40 * [[-60.0, -20.0, -5.0, 0.0]],
    ),
}


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_ratios_in_float32(name: str) -> None:
    prior, logs = (np.asarray(part, np.float32) for part in EXTREME[name])
    weights = np.full(len(logs), 1 / len(logs), np.float32)
    found = np.asarray(refined_priors(jnp.asarray(prior), jnp.asarray(logs), jnp.asarray(weights), 40))
    with jax.enable_x64(True):
        wide = [jnp.asarray(part, jnp.float64) for part in (prior, logs, weights)]
        exact = refined_priors_by_logs(wide[0], wide[1], wide[2], 40)
    np.testing.assert_allclose(found, exact, rtol=2e-4, atol=1e-6)


def test_exhausted_scales_are_noticed_and_logs_take_over() -> None:
    prior, logs = (jnp.asarray(part, jnp.float32) for part in EXTREME["a weight comes back"])
    weights = jnp.full(2, 0.5)
    rows = ScaledLikelihood.of(prior, logs, weights)
    gains, is_good = rows.gains(prior)
    assert bool(is_good)
    assert not bool(rows.gains(prior * gains)[1])
    np.testing.assert_array_equal(
        refined_priors(prior, logs, weights, 4), refined_priors_by_logs(prior, logs, weights, 4)
    )
    fit = fit_prior(prior, logs, 1e-6)
    np.testing.assert_allclose(fit.prior, [0.5, 0.5], atol=1e-5)
    assert 0 <= float(fit.gap) <= 1e-6


@pytest.mark.parametrize("num_rows", [9, 512, 513, 700, 1537])
def test_every_row_counts_once(num_rows: int, x64: None) -> None:
    """Blocks overlap where the number of rows is no multiple of their size."""
    prior, logs, weights = (jnp.asarray(part) for part in rows_of(num_rows, 2.0))
    rows = ScaledLikelihood.of(prior, logs, weights)
    np.testing.assert_allclose(jnp.sum(rows.weights), 1.0, rtol=1e-12)
    gains = gains_by_logs(logs, weights, prior)[0]
    np.testing.assert_allclose(rows.gains(prior)[0], jnp.where(prior > 0, gains, 0.0), rtol=1e-10)


def test_what_the_gains_say_of_the_mixtures(x64: None) -> None:
    """The sum of first weights times gains is at least the largest weight of a row over its mixture."""
    prior, logs, weights = (jnp.asarray(part) for part in rows_of(900, 30.0))
    rows = ScaledLikelihood.of(prior, logs, weights)
    generator = np.random.default_rng(5)
    for moved in generator.dirichlet(np.full(5, 0.05), 20):
        moved = np.where(np.asarray(prior) > 0, np.maximum(moved, 1e-12), 0.0)
        mixtures = np.sum(moved[:, None] * np.asarray(rows.scaled), axis=1)
        sum_of_gains = float(prior @ rows.gains(jnp.asarray(moved))[0])
        assert sum_of_gains >= np.max(np.asarray(rows.weights) / mixtures) * (1 - 1e-12)
        held = np.asarray(prior) > 0
        assert mixtures.max() <= np.sum(moved[held] / np.asarray(prior)[held]) * (1 + 1e-12)


def test_a_batch_is_its_members(x64: None) -> None:
    """One member of three needs logs."""
    priors = jnp.asarray([[0.5, 0.5], [1e-250, 1.0], [0.9, 0.1]])
    logs = jnp.asarray([[0.0, -3.0], [-900.0, 0.0]])
    weights = jnp.full(2, 0.5)
    batch = jax.vmap(lambda prior: refined_priors(prior, logs, weights, 6))(priors)
    for path, prior in zip(batch, priors, strict=True):
        np.testing.assert_allclose(path, refined_priors_by_logs(prior, logs, weights, 6), rtol=1e-10)


def test_derivatives_are_those_of_logs(x64: None) -> None:
    prior, logs, weights = (jnp.asarray(part) for part in rows_of(20, 1.0))

    def slope(path):
        return jax.grad(lambda p, w: path(p, logs, w, 3)[-1, 0], (0, 1))(prior, weights)

    for found, expected in zip(slope(refined_priors), slope(refined_priors_by_logs), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        assert np.all(np.isfinite(found))
