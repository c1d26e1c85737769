"""Chi-squared variates against their law: SciPy's distribution function, exact moments, and jax.random."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from w2s_sim.laws.chi_square import chi_square

LANES, EACH = 512, 40
# Least p value of a test of Kolmogorov and Smirnov; the seeds are fixed.
LEAST_P = 1e-3


def sample(degrees: float, seed: int = 0) -> np.ndarray:
    """Variates of many replicates, drawn as the engine draws them; the degrees of freedom are traced."""
    keys = jax.random.split(jax.random.key(seed), LANES)
    draw = jax.jit(lambda keys, k: jax.vmap(lambda key: chi_square(jnp.broadcast_to(k, EACH), key=key))(keys))
    return np.asarray(draw(keys, jnp.asarray(degrees)), dtype=np.float64).ravel()


@pytest.mark.parametrize("degrees", [0.7, 1.0, 1.5, 2.0, 3.0, 8.0, 60.0, 2500.0])
def test_the_law_is_chi_squared(degrees: float, standard_errors_off) -> None:
    values = sample(degrees)
    assert np.all(values >= 0)
    assert stats.kstest(values, stats.chi2(degrees).cdf).pvalue > LEAST_P
    # Mean, variance, and the mean logarithm, which sees the smallest values.
    assert standard_errors_off(values, degrees) < 5
    assert standard_errors_off((values - degrees) ** 2, 2 * degrees) < 5
    mean_log = np.log(2.0) + float(jax.scipy.special.digamma(0.5 * degrees))
    assert standard_errors_off(np.log(np.maximum(values, 1e-300)), mean_log) < 5


def test_the_law_is_that_of_jax() -> None:
    peers = np.asarray(jax.random.chisquare(jax.random.key(1), 3.0, shape=(LANES * EACH,)))
    assert stats.kstest(sample(3.0), peers).pvalue > LEAST_P


def test_variates_of_one_replicate_are_independent(standard_errors_off) -> None:
    """Each has its own number of degrees of freedom, and most of the small ones are drawn again."""
    degrees = jnp.asarray([1.0, 1.0, 2.0, 50.0])
    keys = jax.random.split(jax.random.key(2), 40_000)
    values = np.asarray(jax.jit(jax.vmap(lambda key: chi_square(degrees, key=key)))(keys), np.float64)
    standard = (values - np.asarray(degrees)) / np.sqrt(2 * np.asarray(degrees))
    products = standard[:, :, None] * standard[:, None, :]
    assert standard_errors_off(products.reshape(len(values), -1), np.eye(4).ravel()) < 5


def test_a_replicate_has_the_same_values_alone_and_among_others() -> None:
    keys = jax.random.split(jax.random.key(3), 64)
    degrees = jnp.full((2, 3), 1.0)
    together = jax.vmap(lambda key: chi_square(degrees, key=key))(keys)
    alone = jnp.stack([chi_square(degrees, key=key) for key in keys[:8]])
    np.testing.assert_allclose(np.asarray(together[:8]), np.asarray(alone), rtol=1e-5)


@pytest.mark.usefixtures("x64")
def test_shape_and_precision_are_those_of_the_degrees() -> None:
    values = chi_square(jnp.ones((2, 0, 3)), key=jax.random.key(0))
    assert values.shape == (2, 0, 3)
    assert chi_square(jnp.asarray(4.0), key=jax.random.key(0)).dtype == jnp.float64
