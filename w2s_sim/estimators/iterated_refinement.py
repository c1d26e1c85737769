"""Iterated refinement: repeated updates of the concept prior on the same weak data."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.conditioning import log_posterior, log_weights
from w2s_sim.concepts.model import ModelT
from w2s_sim.estimators.prefixes import LikelihoodPrefixes, PrefixStatistic, WeightedLikelihoods
from w2s_sim.estimators.prior_transfer import PairByPair
from w2s_sim.estimators.scaled_likelihood import ScaledLikelihood
from w2s_sim.fields import whole
from w2s_sim.tasks.task import WeakData


def refine_prior(
    prior: Float[Array, " K"], log_likelihood: Float[Array, "n K"], weights: Float[Array, " n"]
) -> Float[Array, " K"]:
    """One round of refinement: the average of the posteriors given single weak demonstrations.

    The update alpha_k -> sum_i w_i alpha_k p_k(i) / sum_j alpha_j p_j(i) is one expectation-maximisation step
    for the weights of a mixture with known components. A demonstration that no concept can produce
    contributes the prior itself.

    Args:
        prior: Current prior alpha, shape (K,).
        log_likelihood: Log likelihood of every demonstration (or outcome) under every concept, in nats.
        weights: Weights of the demonstrations, summing to 1: 1/n for a sample, the weak law for all outcomes.
    """
    # Rows of weight zero are ignored, even if no concept can produce them.
    used = weights[:, None] > 0
    posterior = log_posterior(log_weights(prior), jnp.where(used, log_likelihood, 0.0))
    return weights @ jnp.exp(posterior)


def refined_priors_by_logs(
    prior: Float[Array, " K"],
    log_likelihood: Float[Array, "n K"],
    weights: Float[Array, " n"],
    rounds: int,
) -> Float[Array, "steps K"]:
    """Return the same as `refined_priors`, by `refine_prior`: slower, and with derivatives of any order."""

    def step(alpha: Array, _: None) -> tuple[Array, Array]:
        refined = refine_prior(alpha, log_likelihood, weights)
        return refined, refined

    _, path = jax.lax.scan(step, prior, None, length=rounds)
    return jnp.concatenate([prior[None], path])


@partial(jax.custom_jvp, nondiff_argnums=(3,))
def refined_priors(
    prior: Float[Array, " K"],
    log_likelihood: Float[Array, "n K"],
    weights: Float[Array, " n"],
    rounds: int,
) -> Float[Array, "steps K"]:
    """Return the priors alpha_0 (the given prior), alpha_1, ..., alpha_rounds, each a `refine_prior` further.

    Exponentials are computed once, except where float numbers cannot hold the ratios of likelihoods that
    matter: then the rounds are computed in logs.
    """
    rows = ScaledLikelihood.of(prior, log_likelihood, weights)

    def step(state: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
        alpha, was_good = state
        gains, is_good = rows.gains(alpha)
        return (alpha * gains, was_good & is_good), alpha * gains

    (_, good), path = jax.lax.scan(step, (prior, jnp.asarray(True)), None, length=rounds)
    path = jnp.concatenate([prior[None], path])
    by_logs = partial(refined_priors_by_logs, prior, log_likelihood, weights, rounds)
    # A loop of at most one step: unlike a branch, it costs nothing in a batch that does not need it.
    return jax.lax.while_loop(lambda s: ~s[0], lambda _: (jnp.asarray(True), by_logs()), (good, path))[1]


@refined_priors.defjvp
def _derivatives(rounds: int, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    return jax.jvp(partial(_by_logs_after, rounds), primals, tangents)


def _by_logs_after(rounds: int, prior: Array, log_likelihood: Array, weights: Array) -> Array:
    return refined_priors_by_logs(prior, log_likelihood, weights, rounds)


class IteratedRefinement(PairByPair):
    """Refinement of the concept prior from demonstrations that each have their own concept.

    One round is label refinement. Many rounds converge to the maximum-likelihood prior of the weak data under
    the strong model's label laws. The student is the strong model under the last prior.

    Attributes:
        rounds: Number of rounds T >= 1.
        num_weak: Number of weak pairs n >= 1, all used in every round.
    """

    rounds: int = eqx.field(static=True, converter=whole("rounds"))

    def prior_path(self, source: LatentConceptModel, data: WeakData) -> Float[Array, "steps K"]:
        """Return the priors alpha_0 (the source prior), alpha_1, ..., alpha_T."""
        log_likelihood = source.log_likelihood(data.inputs, data.labels)
        weights = jnp.full(log_likelihood.shape[0], 1.0 / log_likelihood.shape[0])
        return refined_priors(source.prior, log_likelihood, weights, self.rounds)

    @property
    def sees_predictions_alone(self) -> bool:
        return True

    def prefix_statistic(self, source: LatentConceptModel) -> PrefixStatistic:
        return LikelihoodPrefixes()

    def fit_statistic(self, source: ModelT, statistic: WeightedLikelihoods, *, key: Key[Array, ""]) -> ModelT:
        return source.with_prior(refined_priors(source.prior, *statistic, self.rounds)[-1])

    def refined_prior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        """Return the prior alpha_T after the last round."""
        return self.prior_path(source, data)[-1]

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.refined_prior(source, data)
