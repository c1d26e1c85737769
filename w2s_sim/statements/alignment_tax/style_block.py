"""Style and content blocks: the coordinates in which source and target differ, and the other coordinates."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from w2s_sim.tasks.regression_task import TransferTask

# A coordinate belongs to the style block if its share of the largest difference exceeds float32 rounding.
ROUNDING = 1e-5


def style_block(task: TransferTask) -> Bool[Array, " d"]:
    """Return the mask of the style coordinates: the support of beta_P - beta_Q."""
    gap = jnp.abs(task.source_vector - task.target_vector)
    return gap > ROUNDING * jnp.max(gap)


def relative_errors(task: TransferTask, error: Float[Array, " d"]) -> Float[Array, "2"]:
    """Return squared style and content errors, relative to the source's and the weak model's squared errors.

    Args:
        task: A task whose source errs only in style, and whose weak model errs only in content.
        error: The error b - beta_Q.
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
    """Return whether both the source and the weak model differ from the target. Needs concrete values."""
    source, target, weak = (
        np.asarray(v, dtype=np.float64) for v in (task.source_vector, task.target_vector, task.weak_vector)
    )
    scale = ROUNDING * float(np.abs([source, target, weak]).max())
    return bool(np.abs(source - target).max() > scale and np.abs(weak - target).max() > scale)


def bias_outside_style(task: TransferTask) -> bool:
    """Return whether the weak model equals the target on the style block. Needs concrete values."""
    bias = np.abs(np.asarray(task.weak_vector - task.target_vector, dtype=np.float64))
    style = np.asarray(style_block(task))
    return bool(np.all(bias[style] <= ROUNDING * bias.max()))
