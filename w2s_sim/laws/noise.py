"""Laws of the label noise, symmetric and of variance one; models scale them by sigma."""

import abc
import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Key

from w2s_sim.fields import number

# The "expected" part of errors about a noise law.
NOISE_LAWS = "a law of noise, such as LaplaceNoise()"


class NoiseLaw(eqx.Module):
    """A law of noise with mean zero and variance one. To add a law, write a subclass with two methods.

    The subclass should also override `moment_order`: an assumption check needs four finite moments of the
    noise, and treats moments beyond `moment_order` as unknown.

    Attributes:
        is_normal: Whether e is known to be standard normal.
    """

    is_normal: ClassVar[bool] = False

    @property
    def moment_order(self) -> float:
        """p > 0 such that E|e|^q is finite for every q < p; by default 2, because the variance is finite.

        Needs concrete values.
        """
        return 2.0

    @abc.abstractmethod
    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log density log p(e) of every entry, in nats."""

    @abc.abstractmethod
    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        """Draw an array of independent noise variables."""


class NormalNoise(NoiseLaw):
    """Standard normal noise, e ~ N(0, 1)."""

    is_normal: ClassVar[bool] = True

    @property
    def moment_order(self) -> float:
        """Infinite: all moments are finite."""
        return math.inf

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        return -0.5 * noise**2 - 0.5 * jnp.log(2.0 * jnp.pi)

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return jax.random.normal(key, shape)


class LaplaceNoise(NoiseLaw):
    """Laplace noise, with density proportional to exp(-sqrt(2) |e|)."""

    @property
    def moment_order(self) -> float:
        """Infinite: all moments are finite."""
        return math.inf

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        return -(2.0**0.5) * jnp.abs(noise) - 0.5 * jnp.log(2.0)

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return jax.random.laplace(key, shape) / 2.0**0.5


class LogisticNoise(NoiseLaw):
    """Logistic noise, scaled to variance one: exponential tails and a density smooth at zero."""

    @property
    def moment_order(self) -> float:
        """Infinite: all moments are finite."""
        return math.inf

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        # The standard logistic variable has variance pi^2 / 3.
        scale = jnp.pi / 3.0**0.5
        scaled = scale * noise
        return jnp.log(scale) - scaled - 2.0 * jax.nn.softplus(-scaled)

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return jax.random.logistic(key, shape) * (3.0**0.5 / jnp.pi)


class StudentTNoise(NoiseLaw):
    """Student t noise, scaled to variance one: large errors are far more frequent than under the normal law.

    Attributes:
        degrees_of_freedom: nu > 2, so that the variance is finite; moments of order below nu are finite.
    """

    degrees_of_freedom: Float[Array, ""] = eqx.field(
        converter=number("degrees_of_freedom", 2.0, open_low=True)
    )

    @property
    def moment_order(self) -> float:
        """Moment order nu."""
        return float(self.degrees_of_freedom)

    @property
    def _scale(self) -> Float[Array, ""]:
        """Factor that scales a t variable, of variance nu / (nu - 2), to variance one."""
        return jnp.sqrt((self.degrees_of_freedom - 2.0) / self.degrees_of_freedom)

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        nu = self.degrees_of_freedom
        log_constant = gammaln(0.5 * (nu + 1.0)) - gammaln(0.5 * nu) - 0.5 * jnp.log((nu - 2.0) * jnp.pi)
        # For |z| > 1, log(1 + z^2) is computed as log z^2 + log(1 + 1/z^2), because z^2 can overflow.
        scaled = noise / jnp.sqrt(nu - 2.0)
        far = jnp.abs(scaled) > 1.0
        size = jnp.where(far, jnp.abs(scaled), 1.0)
        rest = jnp.where(far, 1.0 / size, scaled)
        return log_constant - 0.5 * (nu + 1.0) * (2.0 * jnp.log(size) + jnp.log1p(rest**2))

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return self._scale * jax.random.t(key, self.degrees_of_freedom, shape)
