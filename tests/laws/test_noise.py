import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from w2s_sim.errors import InputError
from w2s_sim.laws.noise import LaplaceNoise, LogisticNoise, NoiseLaw, NormalNoise, StudentTNoise

# Each law with an independent implementation of it, scaled to variance one.
PEERS = {
    "normal": (NormalNoise(), stats.norm()),
    "laplace": (LaplaceNoise(), stats.laplace(scale=0.5**0.5)),
    "logistic": (LogisticNoise(), stats.logistic(scale=3.0**0.5 / np.pi)),
    "student t, nu=5": (StudentTNoise(5.0), stats.t(5.0, scale=0.6**0.5)),
    "student t, nu=9": (StudentTNoise(9.0), stats.t(9.0, scale=(7 / 9) ** 0.5)),
}
parametrised = pytest.mark.parametrize(("law", "peer"), PEERS.values(), ids=PEERS)


@parametrised
def test_density_is_that_of_scipy(law: NoiseLaw, peer) -> None:
    with jax.enable_x64(True):
        law = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=float), law)
        grid = jnp.linspace(-30.0, 30.0, 601)
        np.testing.assert_allclose(
            law.log_density(grid), peer.logpdf(np.asarray(grid)), rtol=1e-10, atol=1e-10
        )


@parametrised
def test_variance_is_one(law: NoiseLaw, peer) -> None:
    with jax.enable_x64(True):
        law = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=float), law)

        def density(noise: float) -> float:
            return float(jnp.exp(law.log_density(jnp.asarray(noise))))

        total, _ = integrate.quad(density, 0, np.inf)
        second, _ = integrate.quad(lambda noise: noise**2 * density(noise), 0, np.inf)
    assert 2 * total == pytest.approx(1.0, abs=1e-7)
    assert 2 * second == pytest.approx(1.0, abs=1e-6)


@parametrised
def test_draws_have_the_law(law: NoiseLaw, peer) -> None:
    draws = np.asarray(law.sample((20_000,), key=jax.random.key(0)), dtype=np.float64)
    # The level of five standard errors.
    assert stats.kstest(draws, peer.cdf).pvalue > 5.7e-7


def test_densities_far_out_stay_finite() -> None:
    far = jnp.array([-1e4, 1e4])
    for law, _ in PEERS.values():
        assert np.all(np.isfinite(law.log_density(far)))
        assert np.all(np.isfinite(jax.vmap(jax.grad(law.log_density))(far)))


@pytest.mark.parametrize("degrees", [5.0, 9.0])
def test_density_beyond_the_root_of_the_largest_number(degrees: float) -> None:
    """Noise whose square no float32 holds is still possible."""
    law, far = StudentTNoise(degrees), jnp.array([-1e30, 1e18, 1e25])
    expected = stats.t.logpdf(np.asarray(far, float), degrees, scale=((degrees - 2) / degrees) ** 0.5)
    np.testing.assert_allclose(law.log_density(far), expected, rtol=1e-5)
    slopes = jax.vmap(jax.grad(law.log_density))(far)
    np.testing.assert_allclose(slopes, -(degrees + 1) / np.asarray(far, float), rtol=1e-5)


@pytest.mark.parametrize("degrees", [2.0, -1.0, float("nan")])
def test_student_needs_a_variance(degrees: float) -> None:
    with pytest.raises(InputError, match="degrees_of_freedom"):
        StudentTNoise(degrees)
