"""One suite of invariants over every law of the features."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from w2s_sim.errors import InputError
from w2s_sim.laws.features import (
    FEATURE_LAWS,
    Anisotropic,
    Cube,
    FeatureLaw,
    Gaussian,
    Rademacher,
    UniformCube,
)

pytestmark = pytest.mark.usefixtures("x64")

DIM = 3
FACTOR = np.array([[1.5, 0.2, 0.0], [-0.4, 0.7, 0.3], [0.1, 0.0, 2.0]])

# name -> (constructor, base law of one coordinate, A of x = A z)
LAWS: dict[str, tuple[Callable[[], FeatureLaw], str, np.ndarray]] = {
    "gaussian": (lambda: Gaussian(DIM), "gaussian", np.eye(DIM)),
    "uniform": (lambda: UniformCube(DIM), "uniform", np.eye(DIM)),
    "rademacher": (lambda: Rademacher(DIM), "rademacher", np.eye(DIM)),
    "cube": (lambda: Cube(DIM), "uniform", np.eye(DIM) / math.sqrt(3.0)),
    "anisotropic gaussian": (lambda: Anisotropic(Gaussian(DIM), FACTOR), "gaussian", FACTOR),  # pyright: ignore[reportArgumentType]
    "anisotropic uniform": (lambda: Anisotropic(UniformCube(DIM), FACTOR), "uniform", FACTOR),  # pyright: ignore[reportArgumentType]
    "anisotropic rademacher": (lambda: Anisotropic(Rademacher(DIM), FACTOR), "rademacher", FACTOR),  # pyright: ignore[reportArgumentType]
}
ARGUMENTS = {
    "real": np.array([0.9, -0.4, 0.25]) + 0j,
    "imaginary": 1j * np.array([1.3, 0.2, -0.7]),
    "complex": np.array([0.3 - 1.1j, 0.6j, -0.8]),
}


def one_coordinate_expectation(law: str, argument: complex) -> complex:
    """E exp(w z) of one standardised coordinate, by quadrature or by enumeration."""
    if law == "rademacher":
        return (np.exp(argument) + np.exp(-argument)) / 2
    edge = math.sqrt(3.0) if law == "uniform" else 14.0

    def density(point: float) -> float:
        return 1 / (2 * edge) if law == "uniform" else math.exp(-(point**2) / 2) / math.sqrt(2 * math.pi)

    value, _ = quad(
        lambda point: np.exp(argument * point) * density(point),
        -edge,
        edge,
        complex_func=True,
        epsabs=1e-13,
        epsrel=1e-13,
    )
    return value


@pytest.fixture(params=LAWS)
def named_law(request: pytest.FixtureRequest) -> tuple[FeatureLaw, str, np.ndarray]:
    constructor, base, factor = LAWS[request.param]
    return constructor(), base, factor


def test_draws_have_one_row_each_and_depend_on_the_key_alone(
    named_law: tuple[FeatureLaw, str, np.ndarray],
) -> None:
    law, _, _ = named_law
    draws = law.sample(7, key=jax.random.key(0))
    assert draws.shape == (7, DIM)
    assert law.sample(0, key=jax.random.key(0)).shape == (0, DIM)
    np.testing.assert_array_equal(draws, law.sample(7, key=jax.random.key(0)))
    assert not np.array_equal(draws, law.sample(7, key=jax.random.key(1)))


def test_draws_are_centred_with_the_stated_covariance(
    named_law: tuple[FeatureLaw, str, np.ndarray],
    standard_errors_off: Callable[..., float],
) -> None:
    law, _, factor = named_law
    np.testing.assert_allclose(law.covariance, factor @ factor.T, rtol=1e-12, atol=1e-15)
    draws = np.asarray(law.sample(100_000, key=jax.random.key(2)))
    assert standard_errors_off(draws, np.zeros(DIM)) < 5
    assert standard_errors_off(draws[:, :, None] * draws[:, None, :], law.covariance) < 5


@pytest.mark.parametrize("argument", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_moment_generating_function_is_the_product_of_one_dimensional_integrals(
    named_law: tuple[FeatureLaw, str, np.ndarray], argument: np.ndarray
) -> None:
    law, base, factor = named_law
    expected = np.prod([one_coordinate_expectation(base, w) for w in factor.T @ argument])
    np.testing.assert_allclose(law.moment_generating_function(jnp.asarray(argument)), expected, rtol=1e-10)


def test_moment_generating_function_describes_the_draws(
    named_law: tuple[FeatureLaw, str, np.ndarray],
    standard_errors_off: Callable[..., float],
) -> None:
    law, _, _ = named_law
    draws = np.asarray(law.sample(50_000, key=jax.random.key(3)))
    # Many arguments at once: leading axes are batch axes.
    arguments = np.stack([0.3 * ARGUMENTS["real"], ARGUMENTS["imaginary"]])
    stated = np.asarray(law.moment_generating_function(jnp.asarray(arguments)))
    sampled = np.exp(draws @ arguments.T)
    assert stated.shape == (2,)
    assert standard_errors_off(np.real(sampled), np.real(stated)) < 5
    assert standard_errors_off(np.imag(sampled), np.imag(stated)) < 5


@pytest.mark.parametrize("phase", [1.0, 1j, (1 + 1j) / math.sqrt(2)], ids=["real", "imaginary", "diagonal"])
@pytest.mark.parametrize("size", [0.0, 1e-12, 1e-6, 1e-3, 0.999e-2, 1.001e-2, 0.05])
def test_uniform_law_keeps_its_digits_near_zero(phase: complex, size: float) -> None:
    """On both sides of the switch from sinh(z)/z to its series, all but a few of the last bits is kept."""
    scaled = size * phase
    expected = sum(scaled ** (2 * power) / math.factorial(2 * power + 1) for power in range(8))
    value = UniformCube(1).moment_generating_function(jnp.asarray([scaled / math.sqrt(3.0)], dtype=complex))
    np.testing.assert_allclose(value, expected, rtol=1e-13)


def test_uniform_law_has_a_gradient_at_zero() -> None:
    """A switch between formulas would turn the unused one's division by zero into nan."""

    def real_moment(size: jax.Array) -> jax.Array:
        argument = jnp.stack([size, 0.5 + 0 * size]).astype(complex)
        return UniformCube(2).moment_generating_function(argument).real

    np.testing.assert_allclose(jax.grad(real_moment)(jnp.asarray(0.0)), 0.0, atol=1e-15)


def test_isotropic_flags_say_whether_the_covariance_is_the_identity() -> None:
    for constructor, _, factor in LAWS.values():
        law = constructor()
        assert law.isotropic == np.allclose(factor, np.eye(DIM))
        assert law.sign_permutation_symmetric == np.allclose(factor, factor[0, 0] * np.eye(DIM))
    assert {type(make(DIM)) for make in FEATURE_LAWS.values()} == {Gaussian, UniformCube, Rademacher, Cube}


@pytest.mark.parametrize("dim", [0, -2, True], ids=str)
@pytest.mark.parametrize("law", FEATURE_LAWS.values(), ids=FEATURE_LAWS.keys())
def test_bad_dimension_is_refused(law: Callable[[int], FeatureLaw], dim: int) -> None:
    with pytest.raises(InputError, match=r"^dim: got .*whole number >= 1") as caught:
        law(dim)
    assert caught.value.field == "dim"


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (np.eye(2), "shape (3, 3)"),
        (np.diag([1.0, np.inf, 1.0]), "finite"),
        (np.full((3, 3), np.nan), "finite"),
    ],
    ids=["shape", "infinite", "nan"],
)
def test_bad_factor_is_refused(factor: np.ndarray, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        Anisotropic(Gaussian(DIM), jnp.asarray(factor))
    assert caught.value.field == "factor"
    assert expected in caught.value.expected
