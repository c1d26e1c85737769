"""Rounds of expectation-maximisation without exponentials: the likelihoods of every row are kept, scaled.

One round needs the mixtures m_i = sum_k alpha_k p_k(i) and the gains g_k = sum_i w_i p_k(i) / m_i. A factor
of row i cancels in the gains, so each row has its own unit: the largest alpha_k p_k(i) under the first prior.
The first mixtures are then in [1, K]. Let tiny be the smallest normal number, the least weight of a concept.
Scaled likelihoods below tiny vanish, and together they change no mixture by more than tiny. As the prior
moves, so do the mixtures. While they are at least tiny^(3/4), all that has vanished is a share tiny^(1/4) of
a mixture, below rounding. If a mixture leaves [tiny^(3/4), tiny^(-3/4)], the rounds must be computed in logs.

Every round reads the scaled likelihoods twice, and this limits its speed. They lie in blocks with the rows
along the last axis, so that both sums run over vectors of rows, on all cores.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from w2s_sim.concepts.conditioning import log_weights

# Rows of a block.
BLOCK = 512


class ScaledLikelihood(eqx.Module):
    """Weighted demonstrations (or outcomes) under K concepts, in blocks of B rows.

    Attributes:
        scaled: Likelihood of every row under every concept, in the unit of the row; 0 for concepts whose
            first weight is zero.
        weights: Weights of the rows; 0 for the rows that fill the last block.
    """

    scaled: Float[Array, "blocks K B"]
    weights: Float[Array, "blocks B"]

    @classmethod
    def of(
        cls, prior: Float[Array, " K"], log_likelihood: Float[Array, "n K"], weights: Float[Array, " n"]
    ) -> "ScaledLikelihood":
        """Scale the rows for a first prior.

        In a row that no concept of positive weight can produce, all these concepts count as equally likely:
        the row then contributes the prior itself. Rows of weight zero do not count.

        Args:
            prior: First prior, shape (K,).
            log_likelihood: Log likelihood of every row under every concept, in nats.
            weights: Weights of the rows.
        """
        num_rows, num_concepts = log_likelihood.shape
        unit = jnp.max(log_weights(prior) + log_likelihood, axis=1, keepdims=True)
        counted = (weights[:, None] > 0) & (unit > -jnp.inf)
        logs = jnp.where(counted, log_likelihood - jnp.where(counted, unit, 0.0), 0.0)
        size = min(BLOCK, num_rows)
        filled = jnp.pad(logs, [(0, -num_rows % size), (0, 0)]).reshape(-1, size, num_concepts)
        scaled = jnp.where(prior[:, None] > 0, jnp.exp(filled.transpose(0, 2, 1)), 0.0)
        return cls(scaled, jnp.pad(weights, (0, -num_rows % size)).reshape(-1, size))

    def gains(self, prior: Float[Array, " K"]) -> tuple[Float[Array, " K"], Bool[Array, ""]]:
        """Compute the factors by which one round multiplies the weights of a prior.

        Args:
            prior: Current prior alpha.

        Returns:
            The gains g_k, 0 for concepts of weight zero, and whether the scale of all rows is still good.
        """
        mixtures = jnp.sum(prior[:, None] * self.scaled, axis=1)
        gains = jnp.sum(self.scaled * (self.weights / mixtures)[:, None], axis=(0, 2))
        least = float(jnp.finfo(mixtures.dtype).tiny) ** 0.75
        is_good = jnp.all((mixtures > least) & (mixtures < 1.0 / least))
        return jnp.where(prior > 0, gains, 0.0), is_good
