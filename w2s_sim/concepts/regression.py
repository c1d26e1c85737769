"""Regression concepts: y = beta_k^T x + sigma e, with standard normal noise e by default."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import (
    require_shape,
)
from w2s_sim.concepts.model import LatentConceptModel
from w2s_sim.fields import entries, part, positive
from w2s_sim.laws.noise import NOISE_LAWS, NoiseLaw, NormalNoise


class RegressionModel(LatentConceptModel):
    """K linear regression concepts with a common noise level.

    Attributes:
        vectors: beta_1..beta_K, shape (K, d).
        noise: Standard deviation sigma > 0 of the label noise, in label units.
        law: Law of the noise e, of variance one.

    Raises:
        InputError: If the prior is not a probability vector of length K, the noise is not positive, or a
            number is not finite.
    """

    kind: ClassVar[str] = "regression concepts"
    vectors: Float[Array, "K d"] = eqx.field(converter=entries("concepts"))
    noise: Float[Array, ""] = eqx.field(converter=positive("noise"))
    law: NoiseLaw = eqx.field(default_factory=NormalNoise, converter=part("law", NoiseLaw, NOISE_LAWS))

    def __check_init__(self) -> None:
        require_shape("prior", self.prior, self.vectors.shape[:1], "one weight per concept")

    def log_likelihood(self, inputs: Float[Array, "n d"], labels: Float[Array, " n"]) -> Float[Array, "n K"]:
        inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
        require_shape("inputs", inputs, (*labels.shape, self.vectors.shape[1]), "one row per label, d wide")
        residuals = (labels[:, None] - inputs @ self.vectors.T) / self.noise
        return self.law.log_density(residuals) - jnp.log(self.noise)

    def sample_labels(
        self, inputs: Float[Array, "n d"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Float[Array, " n"]:
        means = means_under(inputs, self.vectors, concepts)
        return means + self.noise * self.law.sample(means.shape, key=key)

    @property
    def coefficients(self) -> Float[Array, " d"]:
        """Coefficients b of the mean predictor E[y | x] = b^T x: the prior mean of the concepts."""
        return self.prior @ self.vectors

    def predict(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """Mean labels E[y_i | x_i], in label units."""
        return inputs @ self.coefficients


def means_under(
    inputs: Float[Array, "n d"], vectors: Float[Array, "K d"], concepts: Int[Array, " n"]
) -> Float[Array, " n"]:
    """Means beta_k^T x_i, each input i under its own concept k.

    Compute all K means of every input and select one: gathering a row of `vectors` per input would take six
    times the memory of the inputs.
    """
    means = jnp.matmul(inputs, vectors.T, precision="highest")
    return jnp.take_along_axis(means, concepts[:, None], axis=1)[:, 0]
