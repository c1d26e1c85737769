"""Iterated refinement: the strong model relabels with its posterior, round after round."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.conditioning import log_posterior, log_weights
from w2s_sim.estimators.prior_transfer import PairByPair
from w2s_sim.fields import whole
from w2s_sim.tasks.task import WeakData


def refine_prior(
    prior: Float[Array, " K"], log_likelihood: Float[Array, "n K"], weights: Float[Array, " n"]
) -> Float[Array, " K"]:
    """One round: the mean, over weak demonstrations, of the posterior over concepts given one of them.

    alpha -> sum_i w_i alpha_k p_k(i) / sum_j alpha_j p_j(i): one step of expectation-maximisation for the
    weights of a mixture whose components are known. A demonstration that no concept can produce leaves the
    prior as it is.

    Args:
        prior: alpha, shape (K,).
        log_likelihood: log p_k of every demonstration (or outcome) under every concept, in nats.
        weights: Of the demonstrations, a probability vector: 1/n for a sample, the weak law for all outcomes.
    """
    # A row of weight zero says nothing, even where no concept can produce it.
    used = weights[:, None] > 0
    posterior = log_posterior(log_weights(prior), jnp.where(used, log_likelihood, 0.0))
    return weights @ jnp.exp(posterior)


def refined_priors(
    prior: Float[Array, " K"],
    log_likelihood: Float[Array, "n K"],
    weights: Float[Array, " n"],
    rounds: int,
) -> Float[Array, "steps K"]:
    """The priors alpha_0 (the one given), alpha_1, ..., alpha_rounds."""

    def step(alpha: Array, _: None) -> tuple[Array, Array]:
        refined = refine_prior(alpha, log_likelihood, weights)
        return refined, refined

    _, path = jax.lax.scan(step, prior, None, length=rounds)
    return jnp.concatenate([prior[None], path])


class IteratedRefinement(PairByPair):
    """Refinement of the concept prior itself, from demonstrations that each draw their own concept.

    One round is label refinement; many reach the maximum-likelihood prior of the weak data under the strong
    model's account of them. Predicts under the last prior.

    Attributes:
        rounds: T >= 1.
        num_weak: n >= 1 weak pairs, all used in every round.
    """

    rounds: int = eqx.field(static=True, converter=whole("rounds"))

    def prior_path(self, source: LatentConceptModel, data: WeakData) -> Float[Array, "steps K"]:
        """alpha_0 (the source prior), alpha_1, ..., alpha_T, for any latent-concept model."""
        log_likelihood = source.log_likelihood(data.inputs, data.labels)
        weights = jnp.full(log_likelihood.shape[0], 1.0 / log_likelihood.shape[0])
        return refined_priors(source.prior, log_likelihood, weights, self.rounds)

    def refined_prior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        """alpha_T."""
        return self.prior_path(source, data)[-1]

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.refined_prior(source, data)
