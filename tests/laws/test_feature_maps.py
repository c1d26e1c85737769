import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.laws.feature_maps import MappedFeatures, PolynomialMap, RandomFourierMap, random_fourier_map
from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian, Rademacher, UniformCube

LAWS: dict[str, FeatureLaw] = {
    "cubic of a Gaussian": MappedFeatures(Gaussian(2), PolynomialMap(2, 3)),
    "quadratic of a cube": MappedFeatures(UniformCube(2), PolynomialMap(2, 2)),
    "signs": MappedFeatures(Rademacher(3), PolynomialMap(3, 2)),
    "stretched": MappedFeatures(
        Anisotropic(Gaussian(2), np.array([[1.0, 0.5], [0.0, 0.7]])), PolynomialMap(2, 2)
    ),
    "fourier": MappedFeatures(Gaussian(2), random_fourier_map(2, 6, key=jax.random.key(1))),
    "own function": MappedFeatures(Gaussian(1), lambda z: jnp.stack([jnp.tanh(z[0]), z[0], jnp.ones(())])),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_second_moments_are_those_of_draws(law: FeatureLaw, standard_errors_off) -> None:
    draws = np.asarray(law.sample(100_000, key=jax.random.key(0)), dtype=np.float64)
    covariance = np.asarray(law.covariance)
    for i in range(law.dim):
        for j in range(i + 1):
            product = draws[:, i] * draws[:, j]
            if product.std() > 1e-6:
                assert standard_errors_off(product, covariance[i, j]) < 5
            else:
                assert covariance[i, j] == pytest.approx(product.mean(), abs=1e-5)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_moment_generating_function_is_that_of_draws(law: FeatureLaw, standard_errors_off) -> None:
    argument = 0.1 * jnp.arange(1.0, law.dim + 1) / law.dim
    draws = np.asarray(law.sample(100_000, key=jax.random.key(2)), dtype=np.float64)
    phases = draws @ np.asarray(argument, dtype=np.float64)
    value = law.moment_generating_function(1j * argument)
    assert standard_errors_off(np.cos(phases), float(value.real)) < 5


def test_monomials_come_by_degree() -> None:
    phi = PolynomialMap(2, 2)
    np.testing.assert_allclose(phi(jnp.array([2.0, 3.0])), [1.0, 2.0, 3.0, 4.0, 6.0, 9.0])


def test_gaussian_moments_of_monomials_are_exact() -> None:
    with jax.enable_x64(True):
        covariance = MappedFeatures(Gaussian(1), PolynomialMap(1, 3)).covariance
    np.testing.assert_allclose(
        covariance, [[1, 0, 1, 0], [0, 1, 0, 3], [1, 0, 3, 0], [0, 3, 0, 15]], atol=1e-10
    )


def test_fourier_moments_have_a_closed_form() -> None:
    with jax.enable_x64(True):
        phi = random_fourier_map(2, 5, length_scale=0.8, key=jax.random.key(3))
        covariance = MappedFeatures(Gaussian(2), phi).covariance
    w, b = np.asarray(phi.frequencies), np.asarray(phi.phases)
    minus, plus = w[:, None] - w, w[:, None] + w
    expected = np.cos(b[:, None] - b) * np.exp(-0.5 * (minus**2).sum(-1)) + np.cos(b[:, None] + b) * np.exp(
        -0.5 * (plus**2).sum(-1)
    )
    np.testing.assert_allclose(covariance, expected, atol=1e-10)


def test_fourier_kernel_is_gaussian_on_average(standard_errors_off) -> None:
    first, second = jnp.array([0.3, -0.4]), jnp.array([-0.2, 0.9])
    phi = random_fourier_map(2, 50_000, length_scale=0.7, key=jax.random.key(4))
    kernel = np.exp(-float(jnp.sum((first - second) ** 2)) / (2 * 0.7**2))
    assert standard_errors_off(np.asarray(phi(first) * phi(second), dtype=np.float64), kernel) < 5


def test_everything_downstream_takes_mapped_features() -> None:
    task = w2s.regression_task(
        6,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=[0.0, 0.0, 1.0],
        features=MappedFeatures(Gaussian(2), PolynomialMap(2, 2)),
        bias=0.3,
    )
    frame = w2s.compare(
        task,
        {
            "source": w2s.Oracle([0.5, 0.3, 0.2]),
            "naive": w2s.Ridge(0.1, num_weak=60),
            "refined": w2s.InContext(24),
        },
        replicates=200,
    ).set_index("estimator")
    assert frame.risk["refined"] + 5 * frame.risk_se["refined"] < frame.risk["naive"]
    assert frame.risk["naive"] < frame.risk["source"]


def test_too_many_inputs_are_refused() -> None:
    with pytest.raises(InputError, match="5 coordinates of 64"):
        MappedFeatures(Gaussian(5), PolynomialMap(5, 2))
    assert MappedFeatures(Gaussian(5), PolynomialMap(5, 2), num_nodes=6).dim == 21


@pytest.mark.parametrize("function", [lambda z: z[0], lambda z: jnp.log(z)], ids=["a number", "not finite"])
def test_what_is_no_feature_map_is_refused(function) -> None:
    with pytest.raises(InputError, match="feature_map"):
        MappedFeatures(Gaussian(1), function)


def test_frequencies_and_phases_fit() -> None:
    with pytest.raises(InputError, match="frequencies"):
        RandomFourierMap(np.ones((3, 2)), np.ones(2))
