"""Laws of the features x in R^d. Every law is centred; its covariance is Sigma = E[x x^T]."""

import abc
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Key

from w2s_sim._checks import as_float, require_count, require_finite
from w2s_sim.errors import InputError


class FeatureLaw(eqx.Module):
    """A centred law of x in R^d with a known covariance and moment generating function."""

    dim: eqx.AbstractVar[int]
    isotropic: ClassVar[bool] = False
    sign_permutation_symmetric: ClassVar[bool] = False

    @abc.abstractmethod
    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        """`num_inputs` independent draws, one a row."""

    @abc.abstractmethod
    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        """E exp(w^T x) for complex w, shape (..., d): real w give moments, imaginary ones phases."""

    @property
    @abc.abstractmethod
    def covariance(self) -> Float[Array, "d d"]:
        """Sigma = E[x x^T]."""


class _ProductLaw(FeatureLaw):
    """Independent coordinates with a symmetric law of unit variance.

    Attributes:
        dim: d >= 1.
    """

    dim: int = eqx.field(static=True)
    isotropic: ClassVar[bool] = True
    sign_permutation_symmetric: ClassVar[bool] = True

    def __check_init__(self) -> None:
        require_count("dim", self.dim, 1)

    @property
    def covariance(self) -> Float[Array, "d d"]:
        return jnp.eye(self.dim)


class Gaussian(_ProductLaw):
    """Standard normal features, x ~ N(0, I_d)."""

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        return jax.random.normal(key, (num_inputs, self.dim))

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        return jnp.exp(0.5 * jnp.sum(argument**2, axis=-1))


class UniformCube(_ProductLaw):
    """Coordinates uniform on [-sqrt(3), sqrt(3)], so that each has variance one."""

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        edge = 3.0**0.5
        return jax.random.uniform(key, (num_inputs, self.dim), minval=-edge, maxval=edge)

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        scaled = 3.0**0.5 * argument
        # sinh(z)/z loses its digits at 0, where the series takes over.
        small = jnp.abs(scaled) < 1e-2
        safe = jnp.where(small, 1.0, scaled)
        series = 1.0 + scaled**2 / 6.0 + scaled**4 / 120.0
        return jnp.prod(jnp.where(small, series, jnp.sinh(safe) / safe), axis=-1)


class Rademacher(_ProductLaw):
    """Independent random signs, each coordinate -1 or +1 with probability 1/2."""

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        return jax.random.rademacher(key, (num_inputs, self.dim), dtype=float)

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        return jnp.prod(jnp.cosh(argument), axis=-1)


class Anisotropic(FeatureLaw):
    """x = A z: another law's draws sent through a matrix A, so that Sigma = A Cov(z) A^T.

    Attributes:
        base: The law of z.
        factor: A, shape (d, d).
    """

    base: FeatureLaw
    factor: Float[Array, "d d"] = eqx.field(converter=as_float)
    dim: int = eqx.field(static=True, init=False)

    def __post_init__(self) -> None:
        self.dim = self.base.dim

    def __check_init__(self) -> None:
        if self.factor.shape != (self.base.dim, self.base.dim):
            raise InputError("factor", f"shape {self.factor.shape}", f"shape {(self.base.dim,) * 2}")
        require_finite("factor", self.factor)

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        return self.base.sample(num_inputs, key=key) @ self.factor.T

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        return self.base.moment_generating_function(argument @ self.factor)

    @property
    def covariance(self) -> Float[Array, "d d"]:
        return self.factor @ self.base.covariance @ self.factor.T


FEATURE_LAWS: dict[str, Callable[[int], FeatureLaw]] = {
    "gaussian": Gaussian,
    "uniform": UniformCube,
    "rademacher": Rademacher,
}
