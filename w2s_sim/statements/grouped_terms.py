"""What averaging over grouped contexts leaves of the prior, of the predictor and of a student's risk."""

import math
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.estimators import Refinement
from w2s_sim.finite_task import FiniteTask
from w2s_sim.identification import log_chernoff_terms
from w2s_sim.statements.case import Case
from w2s_sim.statements.refinement_terms import num_demonstrations
from w2s_sim.task import Task, TransferTask

TaskT = TypeVar("TaskT", bound=Task)


def with_target(task: TaskT, prior: Float[Array, " K"]) -> TaskT:
    """The same task with another target prior, such as a point mass; also where values are traced."""
    return eqx.tree_at(lambda t: t.target_prior, task, prior)


def concept_bounds(case: Case) -> Float[Array, " K"]:
    """min(1, eps_n(k)) >= E[1 - pi_n(k)] of a context whose demonstrations all show concept k."""
    return _concept_bounds(case.task, jnp.asarray(num_demonstrations(case), dtype=float))


@eqx.filter_jit
def _concept_bounds(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, ""]
) -> Float[Array, " K"]:
    def bound(prior: Float[Array, " K"]) -> Float[Array, ""]:
        log_terms, _ = log_chernoff_terms(with_target(task, prior), num_demonstrations)
        return jnp.minimum(jnp.sum(jnp.exp(log_terms)), 1.0)

    return jax.vmap(bound)(jnp.eye(task.num_concepts))


def mean_labeller_bound(case: Case) -> Float[Array, ""]:
    """(sum_k alpha^Q_k D_k eps_n(k))^2 >= ||E beta_ref - beta_Q||^2, D_k = max_j ||beta_j - beta_k||."""
    task = case.task
    differences = task.source.vectors[:, None] - task.source.vectors
    distances = jnp.sqrt(jnp.max(_squared_norms(task, differences), axis=1))
    return (task.target_prior @ (distances * concept_bounds(case))) ** 2


def spread_bound(case: Case) -> Float[Array, ""]:
    """sum_k alpha^Q_k (||beta_k - beta_Q||^2 + eps_n(k) G_k): bounds the spread of beta_k, k ~ E pi_n.

    G_k = max_j ||beta_j - beta_Q||^2 - ||beta_k - beta_Q||^2.
    """
    task = case.task
    distances = _squared_norms(task, task.source.vectors - task.target_vector)
    return task.target_prior @ (distances + concept_bounds(case) * (jnp.max(distances) - distances))


def student_terms(case: Case) -> dict[str, Float[Array, ""]]:
    """Summands of the risk of a student whose N queries each have a grouped context of their own."""
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
