"""Bounds for averages over grouped contexts: on the mean prior, the mean predictor and a student's risk."""

import itertools
import math
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from w2s_sim.estimators import Refinement
from w2s_sim.identification import log_chernoff_terms
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.refinement_terms import num_demonstrations
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import Task

TaskT = TypeVar("TaskT", bound=Task)
# The subsets of more concepts than this are not enumerated.
MOST_CONCEPTS = 12


def with_target(task: TaskT, prior: Float[Array, " K"]) -> TaskT:
    """Return the task with another target prior, such as a point mass; traced values are allowed."""
    return eqx.tree_at(lambda t: t.target_prior, task, prior)


def concept_bounds(case: Case[Any]) -> Float[Array, " K"]:
    """Return min(1, eps_n(k)) >= E[1 - pi_n(k)], for contexts whose demonstrations all show concept k."""
    return jnp.minimum(jnp.sum(pair_bounds(case), axis=1), 1.0)


def pair_bounds(case: Case[Any]) -> Float[Array, "K K"]:
    """Return min(1, C_jk(n)) >= E_j pi_n(k), row j for contexts that show concept j; 0 on the diagonal."""
    return _pair_bounds(case.task, jnp.asarray(num_demonstrations(case), dtype=float))


@eqx.filter_jit
def _pair_bounds(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, ""]
) -> Float[Array, "K K"]:
    def bounds(prior: Float[Array, " K"]) -> Float[Array, " K"]:
        log_terms, _ = log_chernoff_terms(with_target(task, prior), num_demonstrations)
        return jnp.minimum(jnp.exp(log_terms), 1.0)

    return jax.vmap(bounds)(jnp.eye(task.num_concepts))


def subsets(num_concepts: int) -> Bool[np.ndarray, "sets K"]:
    """Return all 2^K sets of concepts, one row each."""
    return np.array(list(itertools.product((False, True), repeat=num_concepts)))


def transfer_terms(case: Case[Any]) -> Float[Array, " K"]:
    """Return 2 alpha^Q_j min(1, sum_{k in A} C_jk(n)) for j outside A, 0 in A, for the A of largest sum.

    The sum of the terms bounds ||E pi_n - alpha^Q||_1. With more than `MOST_CONCEPTS` concepts, the set of
    all concepts k other than j replaces A in the term of j, which makes no term smaller.
    """
    prior, pairs = case.task.target_prior, pair_bounds(case)
    if case.task.num_concepts > MOST_CONCEPTS:
        return 2.0 * prior * jnp.minimum(jnp.sum(pairs, axis=1), 1.0)
    sets = jnp.asarray(subsets(case.task.num_concepts))
    entering = jnp.minimum(sets.astype(pairs.dtype) @ pairs.T, 1.0)
    moved = jnp.where(sets, 0.0, prior * entering)
    return 2.0 * moved[jnp.argmax(jnp.sum(moved, axis=1))]


def mean_labeller_bound(case: Case) -> Float[Array, ""]:
    """Return the bound (sum_k alpha^Q_k D_k eps_n(k))^2 on ||E beta_ref - beta_Q||^2.

    D_k = max_j ||beta_j - beta_k||.
    """
    task = case.task
    differences = task.source.vectors[:, None] - task.source.vectors
    distances = jnp.sqrt(jnp.max(_squared_norms(task, differences), axis=1))
    return (task.target_prior @ (distances * concept_bounds(case))) ** 2


def spread_bound(case: Case) -> Float[Array, ""]:
    """Return the bound sum_k alpha^Q_k (||beta_k - beta_Q||^2 + eps_n(k) G_k) on the spread of the labels.

    The spread is that of beta_k about beta_Q for k ~ E pi_n, and
    G_k = max_j ||beta_j - beta_Q||^2 - ||beta_k - beta_Q||^2.
    """
    task = case.task
    distances = _squared_norms(task, task.source.vectors - task.target_vector)
    return task.target_prior @ (distances + concept_bounds(case) * (jnp.max(distances) - distances))


def student_terms(case: Case) -> dict[str, Float[Array, ""]]:
    """Return the summands of the bound on the risk of a student with one grouped context for each query."""
    assert isinstance(case.estimator, Refinement)
    task = case.task
    spare = case.estimator.num_queries - task.dim - 1
    inverse = 1.0 / spare if spare > 0 else math.inf
    return {
        "mean of the labels": mean_labeller_bound(case),
        "spread of the labels": (task.dim + 2) * spread_bound(case) * inverse,
        "label noise": task.source.noise**2 * task.dim * inverse,
    }


def _squared_norms(task: TransferTask, vectors: Float[Array, "*K d"]) -> Float[Array, "*K"]:
    return jnp.sum((vectors @ task.features.covariance) * vectors, axis=-1)
