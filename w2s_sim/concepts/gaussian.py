"""A continuum of regression concepts: a conjugate Gaussian prior over the coefficients beta."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Key

from w2s_sim.concepts.conditioning import block_sum
from w2s_sim.concepts.model import ConceptModel
from w2s_sim.errors import InputError
from w2s_sim.fields import entries, positive
from w2s_sim.weak_data import WeakData


class GaussianConceptModel(ConceptModel):
    """Bayesian linear regression: beta = mean + A z with z ~ N(0, I), labels y ~ N(beta^T x, sigma^2).

    The prior is conjugate: the posterior is Gaussian and exact. The model stores a factor A of the covariance
    A A^T, so that the covariance stays positive semidefinite under rounding. It may be singular: the mean
    never moves in directions of zero prior variance.

    Attributes:
        mean: Prior mean of beta, shape (d,), in label units per feature unit.
        factor: A, shape (d, r), in label units per feature unit.
        noise: sigma > 0, in label units.

    Raises:
        InputError: If shapes do not match, a number is not finite, or the noise is not positive.
    """

    mean: Float[Array, " d"] = eqx.field(converter=entries("mean", "(d,)"))
    factor: Float[Array, "d r"] = eqx.field(converter=entries("factor", "(d, r)"))
    noise: Float[Array, ""] = eqx.field(converter=positive("noise"))

    def __check_init__(self) -> None:
        if self.factor.shape[:1] != self.mean.shape:
            expected = f"shape ({self.dim}, r), a row per feature"
            raise InputError("factor", f"shape {self.factor.shape}", expected)

    @property
    def dim(self) -> int:
        """Number of features d."""
        return self.mean.shape[0]

    @property
    def covariance(self) -> Float[Array, "d d"]:
        """Prior covariance A A^T of beta."""
        return self.factor @ self.factor.T

    @property
    def coefficients(self) -> Float[Array, " d"]:
        """Coefficients b of the mean predictor E[y | x] = b^T x."""
        return self.mean

    def predict(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """Mean labels E[y_i | x_i], in label units."""
        return inputs @ self.mean

    def sample_concepts(self, num: int, *, key: Key[Array, ""]) -> Float[Array, "{num} d"]:
        return self.mean + jax.random.normal(key, (num, self.factor.shape[1])) @ self.factor.T

    def sample_labels(
        self, inputs: Float[Array, "n d"], concepts: Float[Array, "n d"], *, key: Key[Array, ""]
    ) -> Float[Array, " n"]:
        means = jnp.sum(inputs * concepts, axis=-1)
        return means + self.noise * jax.random.normal(key, means.shape)

    def log_evidence(self, inputs: Float[Array, "n d"], labels: Float[Array, " n"]) -> Float[Array, ""]:
        return self._filtered(WeakData(inputs, labels))[1]

    def log_predictive(self, inputs: Float[Array, "n d"], labels: Float[Array, " n"]) -> Float[Array, " n"]:
        variances = self.noise**2 + jnp.sum((inputs @ self.factor) ** 2, axis=1)
        return norm.logpdf(labels, inputs @ self.mean, jnp.sqrt(variances))

    def read(self, context: WeakData) -> "GaussianConceptModel":
        return self._filtered(context)[0]

    def _filtered(self, context: WeakData) -> tuple["GaussianConceptModel", Float[Array, ""]]:
        """The posterior and the log evidence, one demonstration at a time (Potter's square-root filter).

        Every demonstration is a rank-one update of the factor, without a matrix decomposition.
        """

        def step(state: tuple[Array, Array], pair: tuple[Array, Array]) -> tuple[tuple[Array, Array], Array]:
            mean, factor = state
            features, label = pair
            loading = features @ factor
            variance = loading @ loading + self.noise**2
            spread, surprise = jnp.sqrt(variance), label - features @ mean
            toward = factor @ loading
            shrink = 1.0 / (variance + self.noise * spread)
            new = mean + toward * surprise / variance, factor - shrink * jnp.outer(toward, loading)
            return new, norm.logpdf(surprise, scale=spread)

        (mean, factor), log_densities = jax.lax.scan(
            step, (self.mean, self.factor), (context.inputs, context.labels)
        )
        return GaussianConceptModel(mean, factor, self.noise), block_sum(log_densities)
