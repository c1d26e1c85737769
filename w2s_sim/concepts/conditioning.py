"""Bayes' rule for finitely many concepts, with one convention for outcomes that no concept can produce.

An outcome is impossible if no concept of positive prior can produce it. Its log evidence and its log
predictive are -inf. Conditioning on it is undefined; by convention the posterior is then the prior. A context
of several demonstrations counts as one outcome: it can be impossible although each of its demonstrations is
possible under some concept. Neither values nor derivatives are ever nan.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

# Block length of sums: longer sums are sums of block sums.
BLOCK = 256


def log_weights(weights: Float[Array, "*rows K"]) -> Float[Array, "*rows K"]:
    """Logarithm of weights >= 0; a weight of zero gives -inf, with derivative 0."""
    held = weights > 0
    return jnp.where(held, jnp.log(jnp.where(held, weights, 1.0)), -jnp.inf)


def is_possible(
    log_prior: Float[Array, " K"], log_likelihood: Float[Array, "*rows K"]
) -> Bool[Array, "*rows"]:
    """Whether some concept of positive prior can produce the outcome."""
    return jnp.max(log_prior + log_likelihood, axis=-1) > -jnp.inf


def log_mixture(
    log_prior: Float[Array, " K"], log_likelihood: Float[Array, "*rows K"]
) -> Float[Array, "*rows"]:
    """Log probability log sum_k prior_k p_k of an outcome in nats; -inf if the outcome is impossible.

    Args:
        log_prior: Log weights of the concepts along the last axis.
        log_likelihood: log p_k of the outcome under every concept, in nats.
    """
    possible = is_possible(log_prior, log_likelihood)
    log_joint = jnp.where(possible[..., None], log_prior + log_likelihood, 0.0)
    return jnp.where(possible, jax.nn.logsumexp(log_joint, axis=-1), -jnp.inf)


def log_posterior(
    log_prior: Float[Array, " K"], log_likelihood: Float[Array, "*rows K"]
) -> Float[Array, "*rows K"]:
    """Log posterior log(prior_k p_k / sum_j prior_j p_j) in nats; the log prior for an impossible outcome.

    Args:
        log_prior: Log weights of the concepts along the last axis.
        log_likelihood: log p_k of the outcome under every concept, in nats.
    """
    possible = is_possible(log_prior, log_likelihood)[..., None]
    return jax.nn.log_softmax(log_prior + jnp.where(possible, log_likelihood, 0.0), axis=-1)


def log_posterior_path(
    log_prior: Float[Array, " K"], log_likelihood: Float[Array, "n K"]
) -> Float[Array, "steps K"]:
    """Log posteriors after 0, 1, ..., n independent demonstrations, in nats, from one cumulative sum.

    Args:
        log_prior: Log weights of the concepts.
        log_likelihood: Log likelihoods of the demonstrations under every concept, in nats.
    """
    sums = jnp.cumsum(_relative(log_likelihood)[0], axis=0)
    return log_posterior(log_prior, jnp.pad(sums, ((1, 0), (0, 0))))


def context_log_likelihood(
    log_likelihood: Float[Array, "n K"],
) -> tuple[Float[Array, " K"], Float[Array, ""]]:
    """Sum log likelihoods over demonstrations, split into a part relative to a reference and the reference.

    The reference of a demonstration is its largest log likelihood. It is summed separately because the
    posterior depends only on differences between concepts: the posterior of a long context is then as precise
    as these differences.

    Args:
        log_likelihood: Log likelihoods of n independent demonstrations under every concept, in nats.

    Returns:
        For every concept, the sum of its log likelihoods minus the references; and the sum of the references.
    """
    relative, reference = _relative(log_likelihood)
    return block_sum(relative), block_sum(reference)


def _relative(log_likelihood: Float[Array, "n K"]) -> tuple[Float[Array, "n K"], Float[Array, " n"]]:
    """Split every row into values relative to its largest, and the largest; 0 stands for one not finite."""
    largest = jnp.max(log_likelihood, axis=1)
    reference = jax.lax.stop_gradient(jnp.where(jnp.isfinite(largest), largest, 0.0))
    return log_likelihood - reference[:, None], reference


def left_out(log_likelihood: Float[Array, "*batches n K"]) -> Float[Array, "*batches n K"]:
    """Leave-one-out sums: for every demonstration of a batch, the log likelihood of the other ones.

    A concept excluded by another demonstration stays excluded: infinities are counted, not subtracted.
    """
    possible = log_likelihood > -jnp.inf
    finite = jnp.where(possible, log_likelihood, 0.0)
    others = jnp.sum(finite, axis=-2, keepdims=True) - finite
    excluded = jnp.sum(~possible, axis=-2, keepdims=True) - ~possible
    return jnp.where(excluded > 0, -jnp.inf, others)


def block_sum(values: Float[Array, "n *rest"]) -> Float[Array, "*rest"]:
    """Sum over the first axis, block by block, so that rounding errors grow slowly with n."""
    while values.shape[0] > BLOCK:
        values = jnp.pad(values, [(0, -values.shape[0] % BLOCK)] + [(0, 0)] * (values.ndim - 1))
        values = jnp.sum(values.reshape(-1, BLOCK, *values.shape[1:]), axis=1)
    return jnp.sum(values, axis=0)
