"""Errors of identification in context after every number of demonstrations, from one set of contexts."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_count
from w2s_sim.engine.replication import replicate
from w2s_sim.identification.contexts import (
    Contexts,
    DrawnContexts,
    PosteriorRisks,
    posterior_risks,
    reduced_contexts,
)
from w2s_sim.precision import in_precision
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.tasks.task import ConceptTask

# Contexts of one replicate of the engine: their errors are added up where they are computed.
BATCH = 32
COLUMNS = ("mass_off_target", "misidentified", "risk")


class ErrorCurves(eqx.Module):
    """Case of the measured quantity.

    Attributes:
        contexts: Law of the contexts.
        target_concept: Intended concept k*.
        risks: Excess risks of posteriors.
    """

    contexts: Contexts
    target_concept: Int[Array, ""]
    risks: PosteriorRisks


def identification_errors(
    task: ConceptTask,
    up_to: int = 64,
    *,
    replicates: int = 16_384,
    grouped: bool = False,
    reduced: bool = True,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Estimate how well 1, 2, ..., `up_to` weak demonstrations identify the intended concept k*.

    Every context is drawn once and read demonstration by demonstration, so that one cumulative sum serves
    every n. Different n of one table are therefore dependent.

    Args:
        task: A task with finitely many concepts.
        up_to: Largest number of demonstrations, >= 1.
        replicates: Number of contexts, >= 1, rounded up to whole batches of 32.
        grouped: Whether all demonstrations of a context show one concept, drawn from the target; otherwise
            each draws its own.
        reduced: Whether to draw only what the posterior sees, where a form for it is known: the residuals of
            regression concepts with Gaussian features and normal noise. The law is the same, at a cost that
            does not depend on d; the random numbers differ.
        seed: In [0, 2^64): batch i uses the key fold_in(key_of(seed), i).

    Returns:
        One row per n, with the number of contexts, `replicates`, and means over the contexts with their Monte
        Carlo standard errors, in columns that end in `_se`: `mass_off_target`, the posterior mass
        1 - pi_n(k*); `misidentified`, whether another concept has a larger posterior than k*; `risk`, the
        excess risk of the strong model under pi_n, in the unit of `task.risk_label`.

    Raises:
        InputError: If a number is out of range.
    """
    require_count("up_to", up_to, 1)
    require_count("replicates", replicates, 1)
    require_seed(seed)
    task = in_precision(task)
    context_size = up_to if grouped else 1
    contexts = reduced_contexts(task, up_to, context_size) if reduced else None
    contexts = contexts or DrawnContexts(task, up_to, context_size)
    case = ErrorCurves(contexts, task.target_concept, posterior_risks(task))
    num_batches = -(-replicates // BATCH)
    batches = replicate(moments_of_a_batch, case, seed=seed, start=0, stop=num_batches)
    means, errors = _pooled(batches)
    columns: dict[str, Any] = {"n": np.arange(1, up_to + 1), "replicates": num_batches * BATCH}
    for name, mean, error in zip(COLUMNS, means, errors, strict=True):
        columns |= {name: mean, f"{name}_se": error}
    return pd.DataFrame(columns)


def _pooled(
    batches: Float[np.ndarray, "batches moments"],
) -> tuple[Float[np.ndarray, "columns n"], Float[np.ndarray, "columns n"]]:
    """Means and standard errors over all contexts, from the moments of every batch."""
    means, squares = np.split(batches, 2, axis=1)
    mean, count = means.mean(axis=0), BATCH * len(batches)
    # Squared distances from the mean of all are those from the mean of the batch, and those of these means.
    total = squares.sum(axis=0) + BATCH * np.sum((means - mean) ** 2, axis=0)
    error = np.sqrt(total / (count - 1) / count)
    return mean.reshape(len(COLUMNS), -1), error.reshape(len(COLUMNS), -1)


def moments_of_a_batch(key: Key[Array, ""], case: ErrorCurves) -> Float[Array, " moments"]:
    """Return the means of the errors of `BATCH` contexts, and their sums of squared distances from these."""
    values = jax.vmap(lambda own: errors_of_one_context(own, case))(jax.random.split(key, BATCH))
    mean = jnp.mean(values, axis=0)
    return jnp.concatenate([mean, jnp.sum((values - mean) ** 2, axis=0)])


def errors_of_one_context(key: Key[Array, ""], case: ErrorCurves) -> Float[Array, " numbers"]:
    """Return the errors of one context: `COLUMNS` one after the other, each for n = 1, 2, ..."""
    log_joint = case.contexts.log_joint_path(key=key)
    is_wrong = jnp.arange(log_joint.shape[1]) != case.target_concept
    largest = jnp.max(log_joint, axis=1)
    # XLA otherwise computes the exponentials anew for every sum of them.
    weights = jax.lax.optimization_barrier(jnp.exp(log_joint - largest[:, None]))
    total = jnp.sum(weights, axis=1)
    # The sum over the wrong concepts is precise where 1 - pi_n(k*) would be rounding error.
    mass = jnp.sum(jnp.where(is_wrong, weights, 0.0), axis=1) / total
    own = jax.lax.dynamic_index_in_dim(log_joint, case.target_concept, axis=1, keepdims=False)
    risks = case.risks(weights / total[:, None])
    return jnp.concatenate([mass, (largest > own).astype(mass.dtype), risks])
