"""Divergences along the path of iterated refinement in the population limit, by exact enumeration."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from w2s_sim.estimators.iterated_refinement import refine_prior, refined_priors
from w2s_sim.statements.shared.finite_outcomes import outcome_laws, target_law
from w2s_sim.tasks.finite_task import FiniteTask


class RefinementPath(NamedTuple):
    """Rounds 0 .. T of refinement under the population weak law; divergences in nats.

    Attributes:
        priors: The priors alpha_t, shape (T + 1, K).
        to_target: KL(alpha^Q || alpha_t).
        to_weak_law: KL(Q' || Q'_t), with the strong model's law Q'_t = sum_k alpha_tk p_k of the weak labels.
    """

    priors: Float[Array, "steps K"]
    to_target: Float[Array, " steps"]
    to_weak_law: Float[Array, " steps"]


def kullback_leibler(first: Float[Array, "*b M"], second: Float[Array, "*c M"]) -> Float[Array, "*d"]:
    """Return KL(first || second) in nats along the last axis; outcomes of `first`-probability 0 add 0."""
    given = first > 0
    ratio = jnp.where(given, first, 1.0) / jnp.where(given, second, 1.0)
    return jnp.sum(jnp.where(given, first * jnp.log(ratio), 0.0), axis=-1)


@eqx.filter_jit
def refinement_path(task: FiniteTask, rounds: int) -> RefinementPath:
    """Return the path of refinement from the source prior, with T = `rounds`."""
    log_laws = task.source.log_outcome_probabilities()
    priors = refined_priors(task.source.prior, log_laws.T, task.weak_law, rounds)
    accounts = priors @ jnp.exp(log_laws)
    return RefinementPath(
        priors, kullback_leibler(task.target_prior, priors), kullback_leibler(task.weak_law, accounts)
    )


def refined_prior(task: FiniteTask, rounds: int) -> Float[Array, " K"]:
    """Return alpha_T; one compiled program serves every T."""
    return _iterate(task, jnp.asarray(rounds))


@eqx.filter_jit
def _iterate(task: FiniteTask, rounds: Int[Array, ""]) -> Float[Array, " K"]:
    log_likelihood, weak_law = task.source.log_outcome_probabilities().T, task.weak_law
    return jax.lax.fori_loop(
        0, rounds, lambda _, prior: refine_prior(prior, log_likelihood, weak_law), task.source.prior
    )


def divergence_of_priors(task: FiniteTask) -> Float[Array, ""]:
    """Return KL(alpha^Q || alpha^P) in nats."""
    return kullback_leibler(task.target_prior, task.source.prior)


@eqx.filter_jit
def misfit_bound(task: FiniteTask, rounds: Float[Array, ""]) -> Float[Array, ""]:
    """Return KL(Q'||M) + KL(a||alpha^P)/(T+1) - KL(a||alpha^Q) in nats.

    M is the strong model's law of the weak labels under alpha^Q, and a = T(alpha^Q) is the target prior after
    one round. The number bounds the misfit after T rounds for any law Q' of the weak labels. If Q' = M, a
    round leaves the target prior unchanged, and the bound is KL(alpha^Q||alpha^P)/(T+1).
    """
    log_laws = task.source.log_outcome_probabilities()
    moved = refine_prior(task.target_prior, log_laws.T, task.weak_law)
    return (
        kullback_leibler(task.weak_law, target_law(task))
        + kullback_leibler(moved, task.source.prior) / (rounds + 1)
        - kullback_leibler(moved, task.target_prior)
    )


def affinities(task: FiniteTask) -> Float[Array, " K"]:
    """Return sum_o (Q'(o) p_k(o))^(1/2), the Bhattacharyya coefficients of the weak law and the p_k."""
    return jnp.sum(jnp.sqrt(outcome_laws(task) * task.weak_law), axis=1)


def likelihood_leap(task: FiniteTask) -> Float[Array, " K"]:
    """Return R_k = max_o p_k(o) / Q'_0(o), the largest factor by which one round can multiply a weight."""
    laws = outcome_laws(task)
    account = task.source.prior @ laws
    shown = task.weak_law > 0
    return jnp.max(jnp.where(shown, laws / jnp.where(shown, account, 1.0), 0.0), axis=1)


def deconvolution_norm(task: FiniteTask) -> Float[Array, ""]:
    """Return max_o sum_k |A_ok| of the right inverse A = P^T (P P^T)^{-1}, where P has the rows p_k.

    If two priors have mixtures of the p_k at L1 distance h, the priors have L1 distance at most this norm
    times h. The norm is infinite or huge if the p_k are linearly dependent.
    """
    laws = outcome_laws(task)
    return jnp.max(jnp.sum(jnp.abs(jnp.linalg.solve(laws @ laws.T, laws)), axis=0))
