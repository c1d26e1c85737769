"""Two targets with the same weak law: the task's own, and its mirror image at the weak model."""

import equinox as eqx
from jaxtyping import Array, Float

from w2s_sim.tasks.regression_task import TransferTask


def mirrored_world(task: TransferTask) -> TransferTask:
    """Return world -: the strong model's concepts are shifted so that the target is 2 beta'_Q - beta_Q.

    The supervisor, and with it the law of the weak data, is that of world +, the task itself: the weak model
    errs by kappa u in world + and by -kappa u in world -.
    """
    shift = 2.0 * (task.weak_vector - task.target_vector)
    return eqx.tree_at(lambda t: t.source.vectors, task, task.source.vectors + shift)


def weak_error(task: TransferTask) -> Float[Array, ""]:
    """Return kappa^2 = ||beta'_Q - beta_Q||^2 of the weak model's mean, in squared label units."""
    error = task.weak_vector - task.target_vector
    return error @ error
