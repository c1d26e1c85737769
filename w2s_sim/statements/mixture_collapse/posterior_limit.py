"""The limit of the posterior when demonstrations of a context do not share a concept, and its risk."""

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
    """Mixin for tasks that replaces the target concept, the reference of Chernoff terms, by a chosen concept.

    Attributes:
        concept: Index of the chosen concept.
    """

    concept: Int[Array, ""] = eqx.field(kw_only=True)

    @property
    def target_concept(self) -> Int[Array, ""]:
        return self.concept


class ComparedWith(_Compared, TransferTask):
    """A task with regression concepts whose concepts are compared with a chosen one."""


class FiniteComparedWith(_Compared, FiniteTask):
    """A task with finitely many outcomes whose concepts are compared with a chosen one."""


class Collapse(NamedTuple):
    """The limit of the posterior if demonstrations draw their own concepts; distances in Sigma's norm.

    Attributes:
        concept: k0, the concept of positive source prior nearest to beta'_Q.
        error: L^2 = ||beta_k0 - beta_Q||^2, the limit of the risk, in squared label units.
        pulls: h_k = max(0, -v.(beta_k - beta_k0)), v = beta_k0 - beta_Q: posterior weight w on k lowers the
            risk by at most 2 h_k w.
        excess: H_k = max(0, ||beta_k - beta_Q||^2 - L^2): posterior weight w on k raises the risk by at most
            H_k w.
    """

    concept: Int[Array, ""]
    error: Float[Array, ""]
    pulls: Float[Array, " K"]
    excess: Float[Array, " K"]


def collapse(task: TransferTask) -> Collapse:
    """Return k0 and L^2 of a task, and the effects of the other concepts on the risk."""
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
    """Return ||beta'_Q - beta_k||^2 of every concept, in Sigma's norm and squared label units."""
    return _squared_norms(task, task.source.vectors - task.weak_vector)


def _squared_norms(task: TransferTask, vectors: Float[Array, "K d"]) -> Float[Array, " K"]:
    return jnp.sum((vectors @ task.features.covariance) * vectors, axis=1)


def compared_with_nearest(task: TransferTask) -> ComparedWith:
    """Return the task whose concepts are compared with k0."""
    return ComparedWith(
        task.features, task.source, task.target_prior, task.supervisor, concept=collapse(task).concept
    )


def likeliest_concept(task: TransferTask | FiniteTask) -> Int[Array, ""]:
    """Return k0, the concept with the largest mean log-likelihood of ungrouped weak demonstrations.

    Only concepts of positive source prior count. For regression with normal noise, k0 is the concept nearest
    to beta'_Q.
    """
    if isinstance(task, TransferTask):
        return collapse(task).concept
    log_laws = task.source.log_outcome_probabilities()
    shown = task.weak_law > 0
    means = jnp.where(shown, log_laws, 0.0) @ jnp.where(shown, task.weak_law, 0.0)
    return _first_lowest(jnp.where(task.source.prior > 0, -means, jnp.inf))


def _first_lowest(values: Float[Array, " K"]) -> Int[Array, ""]:
    """Return the index of the first value that equals the lowest up to rounding.

    Different programs round differently, and must choose the same concept in case of a tie.
    """
    lowest = jnp.min(values)
    return jnp.argmax(values <= lowest + SINGLE_ROUNDING * jnp.abs(lowest))


def likeliest_terms(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, ""]
) -> Float[Array, " K"]:
    """Return C_k(n) against the likeliest concept, for concepts of any kind."""
    if isinstance(task, TransferTask):
        return competitor_terms(task, num_demonstrations)
    concept = likeliest_concept(task)
    compared = FiniteComparedWith(task.source, task.target_prior, task.supervisor, concept=concept)
    log_terms, _ = log_chernoff_terms(compared, num_demonstrations)
    return jnp.exp(log_terms)


def competitor_terms(task: TransferTask, num_demonstrations: Float[Array, ""]) -> Float[Array, " K"]:
    """Return C_k(n) >= E pi_n(k), the Chernoff term of each competitor against k0; 0 for k0 itself.

    Args:
        task: The task; each demonstration draws its own concept.
        num_demonstrations: n >= 1.
    """
    log_terms, _ = log_chernoff_terms(compared_with_nearest(task), num_demonstrations)
    return jnp.exp(log_terms)


def weighted(weights: Float[Array, " K"], terms: Float[Array, " K"]) -> Float[Array, " K"]:
    """Return the products weights * terms, with 0 for a zero weight even if the term is infinite."""
    return jnp.where(weights > 0, weights * jnp.where(weights > 0, terms, 0.0), 0.0)


def context_size(case: Case) -> Float[Array, ""]:
    """Return n of a case with a labeller or refined student, as an array, so that programs serve every n."""
    return jnp.asarray(num_demonstrations(case), dtype=float)
