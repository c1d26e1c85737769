"""Solutions of lesson 4. Each function is an answer that the lesson's check accepts."""

import jax.numpy as jnp


def winner(weak_vector, vectors, covariance):
    """The concept at the smallest distance from the weak model, in the length of Sigma."""
    errors = vectors - weak_vector
    return jnp.argmin(jnp.sum(errors @ covariance * errors, axis=1))


def collapsed_risk(vectors, weak_vectors, target_prior):
    """The squared distance from the target of the concept that is nearest to what the weak labels say."""
    shown = target_prior @ weak_vectors
    wanted = target_prior @ vectors
    nearest = vectors[jnp.argmin(jnp.sum((vectors - shown) ** 2, axis=1))]
    return jnp.sum((nearest - wanted) ** 2)
