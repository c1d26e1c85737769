"""The chain of models of bootstrap-floor: its vertices, its floor, and example chains."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.estimators import Bootstrapping
from w2s_sim.estimators.bootstrapping import Inputs
from w2s_sim.estimators.hull_projection import hull_weights
from w2s_sim.statements.contract.case import Case
from w2s_sim.tasks.regression_task import TransferTask


def vertices(case: Case) -> Float[Array, "models d"]:
    """Return beta'_Q, beta_P^1, ..., beta_P^m: the weak model, then the source of every model."""
    assert isinstance(case.estimator, Bootstrapping)
    return jnp.concatenate([case.task.weak_vector[None], case.estimator.starts(case.task.source)])


def bootstrap_floor(case: Case) -> Float[Array, ""]:
    """Return dist(beta_Q, conv{beta'_Q, beta_P^1, ..., beta_P^m})^2, in squared label units."""
    target = case.task.target_vector
    # Relative to the target, so that a large common offset costs no precision.
    corners = vertices(case) - target
    fixed = jax.lax.stop_gradient(corners)
    weights = hull_weights(fixed, jnp.zeros_like(target), jnp.eye(len(target)))
    # The weights minimise the distance, so that its derivatives are those at fixed weights.
    nearest = weights @ corners
    return nearest @ nearest


def chain(
    task: TransferTask,
    *shares: float,
    ridges: list[float],
    num_weak: int = 60,
    off: float = 0.6,
    inputs: Inputs = "fresh",
) -> Bootstrapping:
    """Return a chain whose middle model i lies `shares[i]` of the way from the target to the source.

    Middle model i also has an error of length `off` along feature K + i, which no concept uses.

    Args:
        task: The canonical task or a variation of it.
        shares: One share per middle model; a negative share lies beyond the target as seen from the source.
        ridges: Penalty of every model, the strong model last.
        num_weak: Number of inputs of every model.
        off: Length of the error off the concepts, in label units per feature unit.
        inputs: "fresh" or "shared".
    """
    gap = task.source_vector - task.target_vector
    unused = jnp.eye(task.dim)[task.num_concepts :]
    middle = [task.target_vector + share * gap + off * unused[i] for i, share in enumerate(shares)]
    return Bootstrapping(jnp.stack(middle), ridges, num_weak=num_weak, inputs=inputs)
