"""Solutions of lesson 2. Each function is an answer that the lesson's check accepts."""

import jax.numpy as jnp


def lower_bound(task):
    """The squared distance of the target from the segment: project on the line, and stay between its ends."""
    weak = task.weak_vector - task.target_vector
    along = task.source_vector - task.weak_vector
    share = jnp.clip(-(weak @ along) / (along @ along), 0.0, 1.0)
    nearest = weak + share * along
    return nearest @ nearest


def least_squares_risk(kappa, weak_noise, d, n):
    """The bias stays; the noise costs its variance times the trace of the mean inverse of X^T X."""
    return kappa**2 + weak_noise**2 * d / (n - d - 1)
