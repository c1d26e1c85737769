"""Maximum likelihood of the concept prior if the weak model's bias and noise are unknown."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.concepts.conditioning import log_mixture, log_posterior, log_weights
from w2s_sim.errors import InputError
from w2s_sim.estimators.prior_transfer import PairByPair
from w2s_sim.fields import positive, whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData

# Lower limit of the estimated noise, as a share of the strong model's noise. Without it the likelihood is
# unbounded: a concept can fit a few demonstrations exactly.
SMALLEST_NOISE = 0.05


class WeakChannel(NamedTuple):
    """A prior and a weak model, fitted to weak data.

    Attributes:
        prior: Estimate of alpha^Q, shape (K,).
        biases: Estimates of beta'_k - beta_k, shape (K, d), in label units per feature unit.
        noise: Estimate of sigma', in label units.
        log_likelihood: Mean log likelihood per demonstration, in nats, after each step, shape (steps,). Its
            sum with the log prior of the biases never decreases.
    """

    prior: Float[Array, " K"]
    biases: Float[Array, "K d"]
    noise: Float[Array, ""]
    log_likelihood: Float[Array, " steps"]


class BiasAndNoiseUnknown(PairByPair):
    """Joint estimate of the prior, the weak biases and the weak noise, by expectation-maximisation.

    The assumed weak model is y' ~ N((beta_k + b_k)^T x, sigma'^2) with b_k orthogonal to every difference of
    two concepts, as in the paper's setting: a bias along such a difference is indistinguishable from
    another concept. A prior b_k ~ N(0, bias_scale^2) in each direction shrinks the biases, so that a concept
    with few demonstrations has a bias near zero. The likelihood is not concave: the fit is the best of the
    local maxima reached from zero bias with the source prior, a uniform prior, and a uniform prior with twice
    the noise.

    Attributes:
        steps: Number of expectation-maximisation steps >= 1.
        bias_scale: Prior scale > 0 of the biases, in label units per feature unit; by default the norm of the
            longest concept.
        num_weak: Number of weak pairs n >= 1, each with its own concept.

    Source: for the form of the bias, Somerstep et al. 2025, arXiv 2405.16236.
    """

    concepts: ClassVar[type[StrongModel]] = RegressionModel
    steps: int = eqx.field(static=True, converter=whole("steps"), default=200)
    bias_scale: Float[Array, ""] | None = eqx.field(
        converter=positive("bias_scale", optional=True), default=None
    )

    def fitted(self, source: LatentConceptModel, data: WeakData) -> WeakChannel:
        """Fit the prior and the weak model to the data.

        Raises:
            InputError: If the concepts are not regression concepts.
        """
        if not isinstance(source, RegressionModel):
            raise InputError("source", type(source).__name__, "regression concepts")
        inputs, residuals = data.inputs, data.labels[:, None] - data.inputs @ source.vectors.T
        longest = jnp.sqrt(jnp.max(jnp.sum(source.vectors**2, axis=1)))
        bias_scale = longest if self.bias_scale is None else self.bias_scale
        across = _complement(source.vectors)
        visible = inputs @ across

        def log_density(state: tuple[Array, Array, Array]) -> Float[Array, "n K"]:
            _, biases, noise = state
            return norm.logpdf(residuals - inputs @ biases.T, scale=noise)

        def step(state: tuple[Array, Array, Array], _: Any) -> tuple[tuple[Array, Array, Array], Array]:
            noise = state[2]
            shares = jnp.exp(log_posterior(log_weights(state[0]), log_density(state)))
            penalty = (noise / bias_scale) ** 2 * jnp.eye(inputs.shape[1])

            def bias(weights: Array, residual: Array) -> Float[Array, " d"]:
                gram = (visible.T * weights) @ visible + penalty
                return across @ jnp.linalg.solve(gram, visible.T @ (weights * residual))

            biases = jax.vmap(bias, (1, 1))(shares, residuals)
            left = jnp.sum(shares * (residuals - inputs @ biases.T) ** 2) / inputs.shape[0]
            noise = jnp.maximum(jnp.sqrt(left), SMALLEST_NOISE * source.noise)
            state = (jnp.mean(shares, axis=0), biases, noise)
            return state, jnp.mean(log_mixture(log_weights(state[0]), log_density(state)))

        def climb(start: tuple[Array, Array]) -> tuple[WeakChannel, Float[Array, ""]]:
            state = (start[0], jnp.zeros_like(source.vectors), start[1])
            (prior, biases, noise), path = jax.lax.scan(step, state, None, length=self.steps)
            penalty = 0.5 * jnp.sum(biases**2) / bias_scale**2 / inputs.shape[0]
            return WeakChannel(prior, biases, noise, path), path[-1] - penalty

        held = source.prior > 0
        even = held / jnp.sum(held)
        starts = jnp.stack([source.prior, even, even]), source.noise * jnp.array([1.0, 1.0, 2.0])
        fits, values = jax.vmap(climb)(starts)
        return jax.tree.map(lambda leaf: leaf[jnp.argmax(values)], fits)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.fitted(source, data).prior


def _complement(vectors: Float[Array, "K d"]) -> Float[Array, "d d"]:
    """Projector on the orthogonal complement of all differences of two concepts."""
    differences = vectors[1:] - vectors[0]
    return jnp.eye(vectors.shape[1]) - jnp.linalg.pinv(differences) @ differences
