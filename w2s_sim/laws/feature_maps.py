"""Feature maps phi and the law of x = phi(z): concepts linear in x need not be linear in the input z."""

import itertools
import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Key

from w2s_sim._checks import (
    concrete,
    described,
    require_between,
    require_count,
    require_key,
    require_part,
    require_shape,
)
from w2s_sim.errors import InputError
from w2s_sim.fields import Role, entries, whole
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.purity import JAX_ERRORS, impure

# Quadrature nodes per coordinate of z. Moments of polynomials up to degree 127 are exact.
NODES = 64


class PolynomialMap(eqx.Module):
    """All monomials z_1^{a_1} ... z_p^{a_p} of total degree at most `degree`, the constant first.

    Attributes:
        num_inputs: Number of inputs p >= 1.
        degree: Largest total degree, >= 1.
    """

    num_inputs: int = eqx.field(static=True, converter=whole("num_inputs"))
    degree: int = eqx.field(static=True, converter=whole("degree"))

    @property
    def growth(self) -> int:
        """Exponent q such that ||phi(z)|| grows no faster than ||z||^q."""
        return self.degree

    @property
    def exponents(self) -> list[tuple[int, ...]]:
        """Exponents (a_1, ..., a_p) of every monomial, sorted by total degree."""
        powers = itertools.product(range(self.degree + 1), repeat=self.num_inputs)
        within = [exponents for exponents in powers if sum(exponents) <= self.degree]
        return sorted(within, key=lambda exponents: (sum(exponents), [-power for power in exponents]))

    def __call__(self, z: Float[Array, " p"]) -> Float[Array, " d"]:
        require_shape("z", z, (self.num_inputs,), "num_inputs, the coordinates of z")
        return jnp.stack([jnp.prod(z ** np.array(exponents)) for exponents in self.exponents])


class RandomFourierMap(eqx.Module):
    """Random Fourier features phi_i(z) = sqrt(2) cos(w_i^T z + b_i).

    Their inner products approximate a shift-invariant kernel.

    Attributes:
        frequencies: w_1..w_d, shape (d, p), in inverse units of z.
        phases: b_1..b_d, shape (d,), in radians.

    Source: Rahimi & Recht 2007, Random features for large-scale kernel machines.
    """

    frequencies: Float[Array, "d p"] = eqx.field(converter=entries("frequencies", role=Role.FROZEN))
    phases: Float[Array, " d"] = eqx.field(converter=entries("phases", role=Role.FROZEN))

    def __check_init__(self) -> None:
        if self.frequencies.ndim != 2 or self.phases.shape != self.frequencies.shape[:1]:
            given = f"shapes {self.frequencies.shape} and {self.phases.shape}"
            raise InputError("frequencies", given, "frequencies of shape (d, p) and phases of shape (d,)")

    @property
    def growth(self) -> int:
        """Growth exponent 0: the values of the map are bounded."""
        return 0

    def __call__(self, z: Float[Array, " p"]) -> Float[Array, " d"]:
        return 2.0**0.5 * jnp.cos(self.frequencies @ z + self.phases)


def random_fourier_map(
    num_inputs: int, num_features: int, *, length_scale: float = 1.0, key: Key[Array, ""]
) -> RandomFourierMap:
    """Draw a random Fourier map whose expected kernel is d exp(-||z - z'||^2 / (2 length_scale^2)).

    Args:
        num_inputs: p >= 1.
        num_features: d >= 1.
        length_scale: > 0, in units of z.
        key: Typed PRNG key that determines the frequencies and phases of the map.
    """
    require_count("num_inputs", num_inputs, 1)
    require_count("num_features", num_features, 1)
    require_between("length_scale", length_scale, 0.0, open_low=True)
    require_key("key", key)
    frequency_key, phase_key = jax.random.split(key)
    frequencies = jax.random.normal(frequency_key, (num_features, num_inputs)) / length_scale
    return RandomFourierMap(frequencies, jax.random.uniform(phase_key, (num_features,), maxval=2 * jnp.pi))


class FunctionMap(eqx.Module):
    """A user-supplied JAX function (p,) -> (d,) as a feature map without parameters."""

    function: Callable[[Float[Array, " p"]], Float[Array, " d"]] = eqx.field(static=True)

    def __call__(self, z: Float[Array, " p"]) -> Float[Array, "..."]:
        return self.function(z)


class MappedFeatures(FeatureLaw):
    """The law of x = phi(z), which need not be centred: Sigma = E[x x^T] is its second moment.

    Moments are sums over quadrature nodes of the law of z, so z must have few coordinates. For smooth maps
    the quadrature converges exponentially fast in the number of nodes; maps with kinks need more nodes.

    Attributes:
        base: The law of z.
        feature_map: phi, from (p,) to (d,): a map of this module or any JAX function.
        num_nodes: Quadrature nodes per coordinate of z.

    Raises:
        InputError: If the quadrature of z needs more than 65,536 nodes, or phi does not return vectors of
            finite numbers.
    """

    base: FeatureLaw
    feature_map: Callable[[Float[Array, " p"]], Float[Array, " d"]]
    num_nodes: int = eqx.field(static=True, default=NODES)
    dim: int = eqx.field(static=True, init=False)

    def __post_init__(self) -> None:
        require_part("base", self.base, FeatureLaw, "a law of z, such as Gaussian(1), then a feature map")
        require_count("num_nodes", self.num_nodes, 1)
        if isinstance(self.feature_map, type) or not callable(self.feature_map):
            expected = "a map such as PolynomialMap(1, 2), or a JAX function of one vector z"
            raise InputError("feature_map", described(self.feature_map), expected)
        if not isinstance(self.feature_map, eqx.Module):
            self.feature_map = FunctionMap(self.feature_map)
        assert callable(self.feature_map)
        points, _ = self.base.quadrature(self.num_nodes)
        self.dim = _each(self.feature_map, points).shape[1]

    def __check_init__(self) -> None:
        nodes, _ = self.quadrature(self.num_nodes)
        if concrete(nodes) and not np.all(np.isfinite(np.asarray(nodes))):
            raise InputError(
                "feature_map", "values that are not finite", "finite values at all quadrature nodes of z"
            )

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        return _each(self.feature_map, self.base.sample(num_inputs, key=key))

    def quadrature(self, num_nodes: int) -> tuple[Float[Array, "nodes d"], Float[Array, " nodes"]]:
        points, weights = self.base.quadrature(num_nodes)
        return _each(self.feature_map, points), weights

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        nodes, weights = self.quadrature(self.num_nodes)
        return jnp.exp(argument @ nodes.T) @ weights

    @property
    def moment_order(self) -> float:
        """Moment order of z divided by the growth exponent of the map; 2 if the growth is unknown."""
        growth = getattr(self.feature_map, "growth", None)
        if growth is None:
            return 2.0
        return self.base.moment_order / growth if growth > 0 else math.inf

    def has_inverse_moments(self, num_inputs: int, rank: int, degree: int = 1) -> bool:
        """For a polynomial map, the answer of the law of z for polynomials in z; False for other maps."""
        if not isinstance(self.feature_map, PolynomialMap):
            return False
        return self.base.has_inverse_moments(num_inputs, rank, degree * self.feature_map.degree)

    @property
    def covariance(self) -> Float[Array, "d d"]:
        nodes, weights = self.quadrature(self.num_nodes)
        return (nodes.T * weights) @ nodes


def _each(
    feature_map: Callable[[Float[Array, " p"]], Float[Array, " d"]], points: Float[Array, "n p"]
) -> Float[Array, "n d"]:
    # The lambda is needed: a bound method of a module under construction cannot be hashed by vmap.
    try:
        values = jax.vmap(lambda z: feature_map(z))(points)
    except JAX_ERRORS as error:
        raise impure(error, "feature_map") from error
    if values.ndim != 2:
        raise InputError("feature_map", f"values of shape {values.shape[1:]}", "vectors, of shape (d,)")
    return values
