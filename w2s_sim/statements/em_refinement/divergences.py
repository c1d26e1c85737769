"""Divergences along the path of iterated refinement in population, by exact enumeration."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from w2s_sim.estimators.iterated_refinement import refine_prior, refined_priors
from w2s_sim.tasks.finite_task import FiniteTask


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


def kullback_leibler(first: Float[Array, "*b M"], second: Float[Array, "*c M"]) -> Float[Array, "*d"]:
    """KL(first || second) in nats along the last axis; outcomes that `first` never gives count nothing."""
    given = first > 0
    ratio = jnp.where(given, first, 1.0) / jnp.where(given, second, 1.0)
    return jnp.sum(jnp.where(given, first * jnp.log(ratio), 0.0), axis=-1)


def outcome_laws(task: FiniteTask) -> Float[Array, "K M"]:
    """p_k(o), the strong model's account of a weak demonstration."""
    return jnp.exp(task.source.log_outcome_probabilities())


@eqx.filter_jit
def refinement_path(task: FiniteTask, rounds: int) -> RefinementPath:
    """The path from the source prior."""
    log_laws = task.source.log_outcome_probabilities()
    priors = refined_priors(task.source.prior, log_laws.T, task.weak_law, rounds)
    accounts = priors @ jnp.exp(log_laws)
    return RefinementPath(
        priors, kullback_leibler(task.target_prior, priors), kullback_leibler(task.weak_law, accounts)
    )


def refined_prior(task: FiniteTask, rounds: int) -> Float[Array, " K"]:
    """alpha_T, by a program that serves every T."""
    return _iterate(task, jnp.asarray(rounds))


@eqx.filter_jit
def _iterate(task: FiniteTask, rounds: Int[Array, ""]) -> Float[Array, " K"]:
    log_likelihood, weak_law = task.source.log_outcome_probabilities().T, task.weak_law
    return jax.lax.fori_loop(
        0, rounds, lambda _, prior: refine_prior(prior, log_likelihood, weak_law), task.source.prior
    )


def divergence_of_priors(task: FiniteTask) -> Float[Array, ""]:
    """KL(alpha^Q || alpha^P) in nats."""
    return kullback_leibler(task.target_prior, task.source.prior)


def target_account(task: FiniteTask) -> Float[Array, " M"]:
    """sum_k alpha^Q_k p_k, what the strong model expects of the weak labels under the target prior."""
    return task.target_prior @ outcome_laws(task)


@eqx.filter_jit
def misfit_bound(task: FiniteTask, rounds: Float[Array, ""]) -> Float[Array, ""]:
    """KL(Q'||M) + KL(a||alpha^P)/(T+1) - KL(a||alpha^Q) in nats; M the account under alpha^Q, a = T(alpha^Q).

    Bounds the misfit after T rounds whatever law Q' the weak labels have. Where Q' = M, a round leaves the
    target prior as it is, and it is KL(alpha^Q||alpha^P)/(T+1).
    """
    log_laws = task.source.log_outcome_probabilities()
    moved = refine_prior(task.target_prior, log_laws.T, task.weak_law)
    return (
        kullback_leibler(task.weak_law, target_account(task))
        + kullback_leibler(moved, task.source.prior) / (rounds + 1)
        - kullback_leibler(moved, task.target_prior)
    )


def affinities(task: FiniteTask) -> Float[Array, " K"]:
    """sum_o (Q'(o) p_k(o))^(1/2), the Bhattacharyya coefficient of the weak law and each concept's."""
    return jnp.sum(jnp.sqrt(outcome_laws(task) * task.weak_law), axis=1)


def likelihood_leap(task: FiniteTask) -> Float[Array, " K"]:
    """R_k = max_o p_k(o) / Q'_0(o): what one round multiplies a weight with, at most."""
    laws = outcome_laws(task)
    account = task.source.prior @ laws
    shown = task.weak_law > 0
    return jnp.max(jnp.where(shown, laws / jnp.where(shown, account, 1.0), 0.0), axis=1)


def deconvolution_norm(task: FiniteTask) -> Float[Array, ""]:
    """max_o sum_k |A_ok| of the right inverse A = P^T (P P^T)^{-1}, P the matrix of rows p_k.

    How far apart priors can be whose laws are near; infinite or huge if the laws are linearly dependent.
    """
    laws = outcome_laws(task)
    return jnp.max(jnp.sum(jnp.abs(jnp.linalg.solve(laws @ laws.T, laws)), axis=0))
