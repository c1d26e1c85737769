"""Divergences along the path of iterated refinement in population, by exact enumeration."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.estimators.iterated_refinement import refined_priors
from w2s_sim.finite_task import FiniteTask


class RefinementPath(NamedTuple):
    """Rounds 0 .. T of refinement under the weak law itself, in nats.

    Attributes:
        priors: alpha_t, shape (T + 1, K).
        to_target: KL(alpha^Q || alpha_t).
        to_weak_law: KL(Q' || Q'_t), Q'_t = sum_k alpha_tk p_k the strong model's account of the weak labels.
    """

    priors: Float[Array, "steps K"]
    to_target: Float[Array, " steps"]
    to_weak_law: Float[Array, " steps"]


def kullback_leibler(first: Float[Array, "*b M"], second: Float[Array, "*b M"]) -> Float[Array, "*b"]:
    """KL(first || second) in nats; outcomes that `first` never gives count nothing."""
    given = first > 0
    ratio = jnp.where(given, first, 1.0) / jnp.where(given, second, 1.0)
    return jnp.sum(jnp.where(given, first * jnp.log(ratio), 0.0), axis=-1)


def refinement_path(task: FiniteTask, rounds: int) -> RefinementPath:
    """The path from the source prior, by exact enumeration of outcomes."""
    return _path(task.source.prior, task.target_prior, _outcomes(task), task.weak_law, rounds)


def _outcomes(task: FiniteTask) -> Float[Array, "K M"]:
    """p_k(o), the strong model's account of a weak demonstration."""
    return jnp.exp(task.source.log_outcome_probabilities())


def _compute_path(
    source_prior: Array, target_prior: Array, outcomes: Array, weak_law: Array, rounds: int
) -> RefinementPath:
    priors = refined_priors(source_prior, jnp.log(outcomes).T, weak_law, rounds)
    accounts = priors @ outcomes
    to_target = kullback_leibler(jnp.broadcast_to(target_prior, priors.shape), priors)
    to_weak_law = kullback_leibler(jnp.broadcast_to(weak_law, accounts.shape), accounts)
    return RefinementPath(priors, to_target, to_weak_law)


_path = jax.jit(_compute_path, static_argnums=4)


def likelihood_leap(task: FiniteTask) -> Float[Array, " K"]:
    """R_k = max_o p_k(o) / Q'_0(o): what one round multiplies a weight with, at most."""
    outcomes = _outcomes(task)
    account = task.source.prior @ outcomes
    shown = task.weak_law > 0
    return jnp.max(jnp.where(shown, outcomes / jnp.where(shown, account, 1.0), 0.0), axis=1)


def deconvolution_norm(task: FiniteTask) -> Float[Array, ""]:
    """||A^+||_1 of the left inverse of the matrix whose columns are the laws p_k.

    How far apart priors can be whose laws are near.
    """
    return jnp.max(jnp.sum(jnp.abs(jnp.linalg.pinv(_outcomes(task).T)), axis=0))
