"""Posteriors over the concepts after every number of demonstrations, and the risks that follow from them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.identification.contexts import DrawnContexts
from w2s_sim.randomness import key_of
from w2s_sim.statements.shared.refinement_terms import noise_share, spread_bound, spread_share
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.teaching.curves import Curve
from w2s_sim.teaching.live_task import MOST_DEMONSTRATIONS, in_fixed_shape

CONTEXTS = 1024
# Numbers of demonstrations at which curves are drawn.
SHOWN = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, MOST_DEMONSTRATIONS])


def posterior_paths(task: TransferTask, *, seed: int = 0) -> Float[np.ndarray, "contexts steps K"]:
    """Draw contexts of the weak model, and return pi_0, pi_1, ..., pi_n after every demonstration.

    Args:
        task: A task with normal features and at most `MOST_CONCEPTS` concepts.
        seed: Seed of the contexts.
    """
    contexts = DrawnContexts(in_fixed_shape(task), MOST_DEMONSTRATIONS, 1)
    paths = _paths(jax.random.split(key_of(seed), CONTEXTS), contexts)
    return np.asarray(paths, np.float64)[:, :, : task.num_concepts]


@jax.jit
@partial(jax.vmap, in_axes=(0, None))
def _paths(key: Key[Array, ""], contexts: DrawnContexts) -> Float[Array, "steps K"]:
    return jnp.exp(contexts.log_posterior_path(key=key))


def labeller_risks(task: TransferTask, paths: Float[np.ndarray, "contexts steps K"]) -> Curve:
    """Mean excess risk ||sum_k pi_n(k) beta_k - beta_Q||^2 of the model in context, for n = 0, 1, ..."""
    return Curve.of(_squared_errors(task, paths))


def refined_risks(
    task: TransferTask, paths: Float[np.ndarray, "contexts steps K"], num_queries: int
) -> Curve:
    """Mean excess risk of least squares on N relabelled queries that share a context, for n = 0, 1, ...

    Given the context, the mean over queries and labels is |e|^2 + tau (S - |e|^2) + sigma^2 d / (N - d - 1),
    with the error e of the labeller, S = sum_k pi_n(k) ||beta_k - beta_Q||^2 and the share tau of
    `spread_share`. It is infinite for N <= d + 1.

    Source: theorem `refinement-risk`.
    """
    squared = _squared_errors(task, paths)
    spread = paths @ np.sum(_from_target(task) ** 2, axis=1)
    share, noise = spread_share(task.dim, num_queries), noise_share(task.dim, num_queries)
    if not np.isfinite(share):
        return Curve(np.full(paths.shape[1], np.inf), np.zeros(paths.shape[1]))
    return Curve.of(squared + share * (spread - squared) + float(task.source.noise) ** 2 * noise)


def refinement_bounds(task: TransferTask, num_queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of theorem `refinement-risk` on the labeller and on the refined student, at the numbers `SHOWN`.

    Args:
        task: A task with normal features and a point-mass target.
        num_queries: Queries N; the second bound is infinite for N <= d + 1.
    """
    fixed = in_fixed_shape(task)
    labels = np.array([float(spread_bound(fixed, int(n))) for n in SHOWN])
    share, noise = spread_share(task.dim, num_queries), noise_share(task.dim, num_queries)
    if not np.isfinite(share):
        return labels, np.full(len(SHOWN), np.inf)
    return labels, labels * max(1.0, share) + float(task.source.noise) ** 2 * noise


def _squared_errors(
    task: TransferTask, paths: Float[np.ndarray, "contexts steps K"]
) -> Float[np.ndarray, "contexts steps"]:
    """Return the risks of the mean vectors, from the inner products of the concepts' errors."""
    errors = _from_target(task)
    return np.sum((paths @ (errors @ errors.T)) * paths, axis=2)


def _from_target(task: TransferTask) -> Float[np.ndarray, "K d"]:
    """Return beta_k - beta_Q of every concept."""
    return np.asarray(task.source.vectors, np.float64) - np.asarray(task.target_vector, np.float64)
