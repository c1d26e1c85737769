"""Bayes' rule for finitely many concepts, with one meaning for what no concept can produce.

An outcome that no concept of positive prior can produce has probability zero: its log evidence is -inf, and
so is its log predictive. To condition on it is undefined; here it says nothing, and the posterior is the
prior. A context of several demonstrations is one outcome in this sense, also if every demonstration of it is
possible under some concept. Neither values nor derivatives are ever nan.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

# Terms that are summed one after the other: longer sums are sums of such blocks.
BLOCK = 256


def log_weights(weights: Float[Array, "*rows K"]) -> Float[Array, "*rows K"]:
    """log of weights >= 0; -inf for a weight of zero, whose derivative is 0."""
    held = weights > 0
    return jnp.where(held, jnp.log(jnp.where(held, weights, 1.0)), -jnp.inf)


def is_possible(
    log_prior: Float[Array, " K"], log_likelihood: Float[Array, "*rows K"]
) -> Bool[Array, "*rows"]:
    """Whether any concept of positive prior can produce an outcome."""
    return jnp.max(log_prior + log_likelihood, axis=-1) > -jnp.inf


def log_mixture(
    log_prior: Float[Array, " K"], log_likelihood: Float[Array, "*rows K"]
) -> Float[Array, "*rows"]:
    """log sum_k prior_k p_k in nats; -inf for what no concept can produce.

    Args:
        log_prior: log of the weights of the concepts, which are the last axis.
        log_likelihood: log p_k in nats.
    """
    possible = is_possible(log_prior, log_likelihood)
    log_joint = jnp.where(possible[..., None], log_prior + log_likelihood, 0.0)
    return jnp.where(possible, jax.nn.logsumexp(log_joint, axis=-1), -jnp.inf)


def log_posterior(
    log_prior: Float[Array, " K"], log_likelihood: Float[Array, "*rows K"]
) -> Float[Array, "*rows K"]:
    """log of prior_k p_k / sum_j prior_j p_j in nats; the prior for what no concept can produce.

    Args:
        log_prior: log of the weights of the concepts, which are the last axis.
        log_likelihood: log p_k in nats.
    """
    possible = is_possible(log_prior, log_likelihood)[..., None]
    return jax.nn.log_softmax(log_prior + jnp.where(possible, log_likelihood, 0.0), axis=-1)


def context_log_likelihood(
    log_likelihood: Float[Array, "n K"],
) -> tuple[Float[Array, " K"], Float[Array, ""]]:
    """Sums over demonstrations, as sums relative to a reference and the reference.

    What all concepts share of a demonstration's log likelihood is summed apart, so that the posterior of a
    long context is as precise as the differences between concepts, which alone decide it.

    Args:
        log_likelihood: Of n independent demonstrations under every concept, in nats.

    Returns:
        For every concept, the sum of its log likelihoods beyond the largest of each demonstration; the sum
        of the largest.
    """
    largest = jnp.max(log_likelihood, axis=1)
    reference = jax.lax.stop_gradient(jnp.where(jnp.isfinite(largest), largest, 0.0))
    return block_sum(log_likelihood - reference[:, None]), block_sum(reference)


def left_out(log_likelihood: Float[Array, "*batches n K"]) -> Float[Array, "*batches n K"]:
    """For every demonstration of a batch, the sum of the log likelihoods of the others.

    What another one excludes stays excluded: infinities are counted, not subtracted.
    """
    possible = log_likelihood > -jnp.inf
    finite = jnp.where(possible, log_likelihood, 0.0)
    others = jnp.sum(finite, axis=-2, keepdims=True) - finite
    excluded = jnp.sum(~possible, axis=-2, keepdims=True) - ~possible
    return jnp.where(excluded > 0, -jnp.inf, others)


def block_sum(values: Float[Array, "n *rest"]) -> Float[Array, "*rest"]:
    """Sums over the first axis, block by block: rounding grows with the blocks, not with n."""
    while values.shape[0] > BLOCK:
        values = jnp.pad(values, [(0, -values.shape[0] % BLOCK)] + [(0, 0)] * (values.ndim - 1))
        values = jnp.sum(values.reshape(-1, BLOCK, *values.shape[1:]), axis=1)
    return jnp.sum(values, axis=0)
