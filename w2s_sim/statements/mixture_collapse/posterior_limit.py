"""Where the posterior goes when demonstrations of a context do not share a concept, and what that costs."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from w2s_sim.identification import log_chernoff_terms
from w2s_sim.rounding import SINGLE_ROUNDING
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.refinement_terms import num_demonstrations
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask


class _Compared(eqx.Module):
    """Makes a task compare its concepts with one of our choice, in place of the one of largest weight.

    Attributes:
        concept: Index of that concept.
    """

    concept: Int[Array, ""] = eqx.field(kw_only=True)

    @property
    def target_concept(self) -> Int[Array, ""]:
        return self.concept


class ComparedWith(_Compared, TransferTask):
    """A task with regression concepts, compared with one of our choice."""


class FiniteComparedWith(_Compared, FiniteTask):
    """The same for concepts with finitely many outcomes."""


class Collapse(NamedTuple):
    """The end of a posterior whose demonstrations each draw their own concept; all in Sigma's norm.

    Attributes:
        concept: k0, the known concept nearest to beta'_Q.
        error: L^2 = ||beta_k0 - beta_Q||^2, the risk that is left, in squared label units.
        pulls: h_k = max(0, -v.(beta_k - beta_k0)), v = beta_k0 - beta_Q: what weight on k can gain.
        excess: H_k = max(0, ||beta_k - beta_Q||^2 - L^2): what weight on k can cost.
    """

    concept: Int[Array, ""]
    error: Float[Array, ""]
    pulls: Float[Array, " K"]
    excess: Float[Array, " K"]


def collapse(task: TransferTask) -> Collapse:
    """k0 and L^2 of a task, and what other concepts add to the risk or take from it."""
    vectors = task.source.vectors
    distances = weak_distances(task)
    # A concept that the source excludes never gets any weight.
    concept = _first_lowest(jnp.where(task.source.prior > 0, distances, jnp.inf))
    left = vectors[concept] - task.target_vector
    along = (vectors - vectors[concept]) @ task.features.covariance @ left
    errors = _squared_norms(task, vectors - task.target_vector)
    return Collapse(
        concept, errors[concept], jnp.maximum(-along, 0.0), jnp.maximum(errors - errors[concept], 0.0)
    )


def weak_distances(task: TransferTask) -> Float[Array, " K"]:
    """||beta'_Q - beta_k||^2 of every concept, in Sigma's norm and squared label units."""
    return _squared_norms(task, task.source.vectors - task.weak_vector)


def _squared_norms(task: TransferTask, vectors: Float[Array, "K d"]) -> Float[Array, " K"]:
    return jnp.sum((vectors @ task.features.covariance) * vectors, axis=1)


def compared_with_nearest(task: TransferTask) -> ComparedWith:
    """The task whose concepts are compared with k0."""
    return ComparedWith(
        task.features, task.source, task.target_prior, task.supervisor, concept=collapse(task).concept
    )


def likeliest_concept(task: TransferTask | FiniteTask) -> Int[Array, ""]:
    """k0, the known concept under which ungrouped weak demonstrations are likeliest on average.

    For regression with normal noise it is the one nearest to beta'_Q.
    """
    if isinstance(task, TransferTask):
        return collapse(task).concept
    log_laws = task.source.log_outcome_probabilities()
    shown = task.weak_law > 0
    means = jnp.where(shown, log_laws, 0.0) @ jnp.where(shown, task.weak_law, 0.0)
    return _first_lowest(jnp.where(task.source.prior > 0, -means, jnp.inf))


def _first_lowest(values: Float[Array, " K"]) -> Int[Array, ""]:
    """The first of the values that rounding cannot tell from the lowest.

    Programs round differently: of concepts that tie, each must find the same one.
    """
    lowest = jnp.min(values)
    return jnp.argmax(values <= lowest + SINGLE_ROUNDING * jnp.abs(lowest))


def likeliest_terms(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, ""]
) -> Float[Array, " K"]:
    """C_k(n) for concepts of any kind, against the likeliest one."""
    if isinstance(task, TransferTask):
        return competitor_terms(task, num_demonstrations)
    concept = likeliest_concept(task)
    compared = FiniteComparedWith(task.source, task.target_prior, task.supervisor, concept=concept)
    log_terms, _ = log_chernoff_terms(compared, num_demonstrations)
    return jnp.exp(log_terms)


def competitor_terms(task: TransferTask, num_demonstrations: Float[Array, ""]) -> Float[Array, " K"]:
    """C_k(n) >= E pi_n(k), the Chernoff term of each competitor against k0; 0 for k0 itself.

    Args:
        task: The task; each demonstration draws its own concept.
        num_demonstrations: n >= 1.
    """
    log_terms, _ = log_chernoff_terms(compared_with_nearest(task), num_demonstrations)
    return jnp.exp(log_terms)


def weighted(weights: Float[Array, " K"], terms: Float[Array, " K"]) -> Float[Array, " K"]:
    """Products, where no weight stays no weight even against an infinite term."""
    return jnp.where(weights > 0, weights * jnp.where(weights > 0, terms, 0.0), 0.0)


def context_size(case: Case) -> Float[Array, ""]:
    """n of a labeller's or a refined student's case, as a number that programs need not be compiled for."""
    return jnp.asarray(num_demonstrations(case), dtype=float)
