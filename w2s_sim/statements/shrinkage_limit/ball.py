"""The ball whose diameter joins the source and the weak model, and its distance from the target."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.tasks.regression_task import TransferTask


@jax.jit
def shrinkage_limit(task: TransferTask) -> Float[Array, ""]:
    """Return the squared distance of beta_Q from the ball with diameter [beta_P, beta'_Q], in Sigma's norm.

    With p = beta_P - beta_Q, w = beta'_Q - beta_Q and c = p^T Sigma w it is 4 c^2 / (||p + w|| + ||p - w||)^2
    if c > 0. Otherwise the target is in the ball, and it is zero. In squared label units.
    """
    covariance = task.features.covariance
    to_source = task.source_vector - task.target_vector
    to_weak = task.weak_vector - task.target_vector
    overlap = to_source @ covariance @ to_weak
    sums = _length(to_source + to_weak, covariance) + _length(to_source - to_weak, covariance)
    outside = overlap > 0
    # The distance of the centre minus the radius, without the cancellation of a difference.
    return jnp.where(outside, 2.0 * overlap / jnp.where(outside, sums, 1.0), 0.0) ** 2


def _length(vector: Float[Array, " d"], covariance: Float[Array, "d d"]) -> Float[Array, ""]:
    square = vector @ covariance @ vector
    positive = square > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1.0)), 0.0)


@jax.jit
def loss_limit(source_risk: Float[Array, ""], weak_risk: Float[Array, ""]) -> Float[Array, ""]:
    """Return (sqrt(a^2 + 3 L_T) - sqrt(a^2 - L_T))^2 / 4, the limit for a teacher that is a projection.

    Args:
        source_risk: a^2, the squared distance of source and target, in squared label units.
        weak_risk: L_T in [0, a^2], the loss of the teacher, in squared label units.

    Source: after Medvedev et al. 2025, arXiv 2503.02877, with a^2 = 1 there.
    """
    far = jnp.sqrt(source_risk + 3.0 * weak_risk)
    near = jnp.sqrt(jnp.maximum(source_risk - weak_risk, 0.0))
    return 0.25 * (far - near) ** 2
