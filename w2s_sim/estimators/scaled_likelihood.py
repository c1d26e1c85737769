"""Rounds of expectation-maximisation without exponentials: the likelihoods of every row are kept, scaled.

One round needs the mixtures m_i = sum_k alpha_k p_k(i) and the gains g_k = sum_i w_i p_k(i) / m_i. A factor
of row i cancels in the gains, so each row has its own unit: the largest alpha_k p_k(i) under the first prior
a. The first mixtures are then in [1, K]. Let tiny be the smallest normal number, the least weight of a
concept. Scaled likelihoods below tiny vanish, and together they change no mixture by more than tiny. As the
prior moves, so do the mixtures. While they are at least tiny^(3/4), all that has vanished is a share
tiny^(1/4) of a mixture, below rounding. If a mixture leaves [tiny^(3/4), tiny^(-3/4)], the rounds must be
computed in logs.

The gains tell how small a mixture can be, and the priors how large. Every row has a concept with
a_k p_k(i) = 1, so that
    sum_k a_k g_k = sum_i w_i sum_k a_k p_k(i) / m_i >= w_i / m_i        for every row i.
And no a_k p_k(i) is above 1, so that no mixture is above sum_k alpha_k / a_k.

Every round reads the scaled likelihoods once, and this limits its speed: XLA fuses both sums, as long as
nothing else needs the mixtures. The likelihoods lie in blocks with the rows along the last axis, so that both
sums run over vectors of rows, on all cores.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from w2s_sim.concepts.conditioning import log_weights

# Rows of a block.
BLOCK = 512


class ScaledLikelihood(eqx.Module):
    """Weighted demonstrations (or outcomes) under K concepts, in blocks of B rows.

    Attributes:
        scaled: Likelihood of every row under every concept, in the unit of the row; 0 for concepts whose
            first weight is zero.
        weights: Weights of the rows; 0 for the rows of the last block that the block before it has as well.
        first: First prior a.
        lightest: The smallest positive weight of a row.
    """

    scaled: Float[Array, "blocks K B"]
    weights: Float[Array, "blocks B"]
    first: Float[Array, " K"]
    lightest: Float[Array, ""]

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
        num_rows = log_likelihood.shape[0]
        size = min(BLOCK, num_rows)
        log_prior = log_weights(prior)[:, None]

        def block(first_row: Int[Array, ""]) -> tuple[Float[Array, "K B"], Float[Array, " B"]]:
            # The last block starts early enough to be full. Filling it would copy all likelihoods.
            start = jnp.minimum(first_row, num_rows - size)
            logs = jax.lax.dynamic_slice_in_dim(log_likelihood, start, size).T
            own = jax.lax.dynamic_slice_in_dim(weights, start, size)
            own = jnp.where(start + jnp.arange(size) >= first_row, own, 0.0)
            unit = jnp.max(log_prior + logs, axis=0)
            counted = (own > 0) & (unit > -jnp.inf)
            relative = jnp.where(counted, logs - jnp.where(counted, unit, 0.0), 0.0)
            return jnp.where(prior[:, None] > 0, jnp.exp(relative), 0.0), own

        scaled, own = jax.lax.map(block, jnp.arange(0, num_rows, size))
        return cls(scaled, own, prior, jnp.min(jnp.where(weights > 0, weights, 1.0)))

    def gains(self, prior: Float[Array, " K"]) -> tuple[Float[Array, " K"], Bool[Array, ""]]:
        """Compute the factors by which one round multiplies the weights of a prior.

        Args:
            prior: Current prior alpha.

        Returns:
            The gains g_k, 0 for concepts of weight zero, and whether the scale of all rows is still good.
        """
        mixtures = jnp.sum(prior[:, None] * self.scaled, axis=1)
        gains = jnp.sum(self.scaled * (self.weights / mixtures)[:, None], axis=(0, 2))
        gains = jnp.where(prior > 0, gains, 0.0)
        held, least = self.first > 0, float(jnp.finfo(mixtures.dtype).tiny) ** 0.75
        most = jnp.sum(jnp.where(held, prior / jnp.where(held, self.first, 1.0), 0.0))
        is_good = (jnp.sum(self.first * gains) < self.lightest / least) & (most < 1.0 / least)
        return gains, is_good
