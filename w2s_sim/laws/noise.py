"""Laws of the label noise. Every law is symmetric, with variance one: sigma scales it."""

import abc
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Key

from w2s_sim.fields import number

# What a complaint about something else asks for.
NOISE_LAWS = "a law of noise, such as LaplaceNoise()"


class NoiseLaw(eqx.Module):
    """A law of noise with mean zero and variance one. A law of your own is a subclass with two methods.

    It should say its `moment_order` as well: a check needs four moments of the noise, and takes what is not
    said for unknown.
    """

    @property
    def moment_order(self) -> float:
        """p > 0 such that E|e|^q is finite for every q < p; 2, the variance alone, unless a law says more.

        Needs concrete values.
        """
        return 2.0

    @abc.abstractmethod
    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        """log p(e) in nats, entry by entry."""

    @abc.abstractmethod
    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        """Independent draws."""


class NormalNoise(NoiseLaw):
    """e ~ N(0, 1)."""

    @property
    def moment_order(self) -> float:
        """All moments."""
        return math.inf

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        return -0.5 * noise**2 - 0.5 * jnp.log(2.0 * jnp.pi)

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return jax.random.normal(key, shape)


class LaplaceNoise(NoiseLaw):
    """Density proportional to exp(-sqrt(2) |e|)."""

    @property
    def moment_order(self) -> float:
        """All moments."""
        return math.inf

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        return -(2.0**0.5) * jnp.abs(noise) - 0.5 * jnp.log(2.0)

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return jax.random.laplace(key, shape) / 2.0**0.5


class LogisticNoise(NoiseLaw):
    """A logistic variable, scaled: tails as heavy as an exponential's, and smooth at zero."""

    @property
    def moment_order(self) -> float:
        """All moments."""
        return math.inf

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        # The standard logistic variable has variance pi^2 / 3.
        scale = jnp.pi / 3.0**0.5
        scaled = scale * noise
        return jnp.log(scale) - scaled - 2.0 * jax.nn.softplus(-scaled)

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return jax.random.logistic(key, shape) * (3.0**0.5 / jnp.pi)


class StudentTNoise(NoiseLaw):
    """A Student t variable, scaled: large errors are far more frequent than the normal law's.

    Attributes:
        degrees_of_freedom: nu > 2, so that the variance is finite; moments below nu are.
    """

    degrees_of_freedom: Float[Array, ""] = eqx.field(
        converter=number("degrees_of_freedom", 2.0, open_low=True)
    )

    @property
    def moment_order(self) -> float:
        """nu."""
        return float(self.degrees_of_freedom)

    @property
    def _scale(self) -> Float[Array, ""]:
        """Of a t variable, whose variance is nu / (nu - 2)."""
        return jnp.sqrt((self.degrees_of_freedom - 2.0) / self.degrees_of_freedom)

    def log_density(self, noise: Float[Array, "..."]) -> Float[Array, "..."]:
        nu = self.degrees_of_freedom
        log_constant = gammaln(0.5 * (nu + 1.0)) - gammaln(0.5 * nu) - 0.5 * jnp.log((nu - 2.0) * jnp.pi)
        # log(1 + z^2) as log z^2 + log(1 + 1/z^2) beyond 1, since z^2 can be beyond the largest number.
        scaled = noise / jnp.sqrt(nu - 2.0)
        far = jnp.abs(scaled) > 1.0
        size = jnp.where(far, jnp.abs(scaled), 1.0)
        rest = jnp.where(far, 1.0 / size, scaled)
        return log_constant - 0.5 * (nu + 1.0) * (2.0 * jnp.log(size) + jnp.log1p(rest**2))

    def sample(self, shape: tuple[int, ...], *, key: Key[Array, ""]) -> Float[Array, "..."]:
        return self._scale * jax.random.t(key, self.degrees_of_freedom, shape)
