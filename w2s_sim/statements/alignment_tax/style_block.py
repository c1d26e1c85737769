"""Style and content: the coordinates on which source and target differ, and all others."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from w2s_sim.tasks.regression_task import TransferTask

# A coordinate belongs to the style when its share of the largest difference is above float32 rounding.
ROUNDING = 1e-5


def style_block(task: TransferTask) -> Bool[Array, " d"]:
    """The coordinates of style: the support of beta_P - beta_Q."""
    gap = jnp.abs(task.source_vector - task.target_vector)
    return gap > ROUNDING * jnp.max(gap)


def relative_errors(task: TransferTask, error: Float[Array, " d"]) -> Float[Array, "2"]:
    """Squared style and content error, in units of the source's and of the weak model's squared error.

    Args:
        task: Its source is all wrong in style, its weak model in content.
        error: b - beta_Q.
    """
    style = style_block(task)
    source = task.source_vector - task.target_vector
    weak = task.weak_vector - task.target_vector
    return jnp.stack(
        [
            jnp.sum(jnp.where(style, error, 0.0) ** 2) / (source @ source),
            jnp.sum(jnp.where(style, 0.0, error) ** 2) / (weak @ weak),
        ]
    )


def has_both_errors(task: TransferTask) -> bool:
    """Whether the source is off in style and the weak model off the target. Needs concrete values."""
    source, target, weak = (
        np.asarray(v, dtype=np.float64) for v in (task.source_vector, task.target_vector, task.weak_vector)
    )
    scale = ROUNDING * float(np.abs([source, target, weak]).max())
    return bool(np.abs(source - target).max() > scale and np.abs(weak - target).max() > scale)


def bias_outside_style(task: TransferTask) -> bool:
    """Whether the weak model is right on the style block. Needs concrete values."""
    bias = np.abs(np.asarray(task.weak_vector - task.target_vector, dtype=np.float64))
    style = np.asarray(style_block(task))
    return bool(np.all(bias[style] <= ROUNDING * bias.max()))
