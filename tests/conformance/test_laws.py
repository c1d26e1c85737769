"""Every law of features and of noise: draws, moments and claims fit together."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.conformance.kinds import FEATURE_LAWS, NOISE_LAWS

pytestmark = pytest.mark.usefixtures("x64")
KEY = jax.random.key(0)


@pytest.mark.parametrize("name", FEATURE_LAWS)
def test_draws_of_features_follow_their_key(name: str) -> None:
    law = FEATURE_LAWS[name]()
    draws = law.sample(5, key=KEY)
    assert draws.shape == (5, law.dim)
    assert draws.dtype == jnp.float64
    assert law.sample(0, key=KEY).shape == (0, law.dim)
    np.testing.assert_allclose(jax.jit(lambda key: law.sample(5, key=key))(KEY), draws, rtol=1e-12)
    keys = jnp.stack([KEY, jax.random.key(1)])
    both = jax.vmap(lambda key: law.sample(5, key=key))(keys)
    np.testing.assert_allclose(both[0], draws, rtol=1e-12)
    assert not np.allclose(both[1], draws)


@pytest.mark.parametrize("name", FEATURE_LAWS)
def test_moments_of_features_agree_by_every_route(name: str) -> None:
    """Covariance, quadrature and the derivatives of the moment generating function say the same."""
    law = FEATURE_LAWS[name]()
    nodes, weights = law.quadrature(8 if name in ("polynomial", "fourier") else 40 if law.dim == 1 else 6)
    np.testing.assert_allclose(weights.sum(), 1.0, rtol=1e-12)
    # The closed form of a function that is no polynomial takes as many nodes as the law itself has.
    accuracy = 1e-10 if name not in ("fourier", "a function") else 1e-5
    np.testing.assert_allclose((nodes.T * weights) @ nodes, law.covariance, atol=accuracy)
    at_zero = jnp.zeros(law.dim)

    def moments(w: jax.Array) -> jax.Array:
        return law.moment_generating_function(w.astype(complex)).real

    np.testing.assert_allclose(moments(at_zero), 1.0, rtol=1e-12)
    np.testing.assert_allclose(jax.grad(moments)(at_zero), weights @ nodes, atol=accuracy)
    np.testing.assert_allclose(jax.hessian(moments)(at_zero), law.covariance, atol=1e-9)


@pytest.mark.parametrize("name", FEATURE_LAWS)
def test_claims_of_a_feature_law_are_true(name: str) -> None:
    law = FEATURE_LAWS[name]()
    if law.isotropic:
        np.testing.assert_allclose(law.covariance, np.eye(law.dim), atol=1e-12)
    w = jnp.linspace(0.2, 0.7, law.dim) * (1.0 + 0.5j)
    if law.sign_permutation_symmetric:
        turned = jnp.roll(w, 1) * jnp.where(jnp.arange(law.dim) % 2, 1.0, -1.0)
        values = [law.moment_generating_function(argument) for argument in (w, turned)]
        np.testing.assert_allclose(values[1], values[0], rtol=1e-12)
    if law.independent_coordinates:
        each = [law.moment_generating_function(w * row) for row in jnp.eye(law.dim)]
        np.testing.assert_allclose(
            law.moment_generating_function(w), math.prod(map(complex, each)), rtol=1e-10
        )
    if law.excess_kurtosis is not None:
        nodes, weights = law.quadrature(6)
        np.testing.assert_allclose(weights @ nodes[:, 0] ** 4 - 3.0, law.excess_kurtosis, atol=1e-10)
    if law.largest_atom is not None:
        draws = np.asarray(law.sample(4096, key=KEY))[:, 0]
        _, counts = np.unique(draws, return_counts=True)
        if law.largest_atom == 0.0:
            assert counts.max() == 1
        else:
            spread = math.sqrt(law.largest_atom * (1 - law.largest_atom) / 4096)
            assert abs(counts.max() / 4096 - law.largest_atom) < 5 * spread


@pytest.mark.parametrize("name", NOISE_LAWS)
def test_draws_of_noise_follow_their_key(name: str) -> None:
    law = NOISE_LAWS[name]()
    draws = law.sample((3, 4), key=KEY)
    assert draws.shape == (3, 4)
    assert draws.dtype == jnp.float64
    np.testing.assert_allclose(jax.jit(lambda key: law.sample((3, 4), key=key))(KEY), draws, rtol=1e-10)
    assert not np.allclose(law.sample((3, 4), key=jax.random.key(1)), draws)


@pytest.mark.parametrize("name", NOISE_LAWS)
def test_noise_is_symmetric_with_a_slope_everywhere(name: str) -> None:
    law = NOISE_LAWS[name]()
    e = jnp.array([0.1, 0.9, 3.0, 40.0])
    np.testing.assert_allclose(law.log_density(-e), law.log_density(e), rtol=1e-12)
    assert np.all(np.diff(law.log_density(e)) < 0)
    assert np.all(np.isfinite(jax.vmap(jax.grad(law.log_density))(e)))
    assert law.moment_order >= 2.0
