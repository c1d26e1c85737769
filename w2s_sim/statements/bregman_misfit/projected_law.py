"""The projected weak law and its divergences, for bregman-misfit and its lemmas."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.estimators import InformationProjection, MaximumLikelihood
from w2s_sim.estimators.information_projection import gap_scale, information_projection, optimality_gap
from w2s_sim.estimators.maximum_likelihood import fit_prior
from w2s_sim.metrics import kl_divergence, total_variation
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.broken_learners import LeastDivergentConcept, least_divergent
from w2s_sim.statements.shared.finite_outcomes import outcome_laws, target_law
from w2s_sim.tasks.finite_task import FiniteTask

FiniteCase = Case[FiniteTask]
# Gap of the mean log likelihood, in nats, up to which maximum likelihood is fitted.
LIKELIHOOD_GAP = 1e-12


class Divergences(NamedTuple):
    """Divergences in nats, of one demonstration.

    Attributes:
        error: KL(f* || S) from the target's law f* to the student's law S.
        weak_error: KL(f* || T) from the target's law to the weak law T.
        misfit: KL(S || T) from the student's law to the weak law.
    """

    error: Float[Array, ""]
    weak_error: Float[Array, ""]
    misfit: Float[Array, ""]


def student_law(case: FiniteCase) -> Float[Array, " M"]:
    """Return S, the law of the student that the case's estimator finds in the limit of many weak labels."""
    return student_weights(case) @ outcome_laws(case.task)


def student_weights(case: FiniteCase) -> Float[Array, " K"]:
    """Return the weights of the student's law S on the concepts."""
    task, laws = case.task, outcome_laws(case.task)
    match case.estimator:
        case MaximumLikelihood():
            log_laws = task.source.log_outcome_probabilities()
            return fit_prior(task.source.prior, log_laws.T, LIKELIHOOD_GAP, task.weak_law).prior
        case LeastDivergentConcept():
            return least_divergent(laws, task.weak_law)
        case _:
            assert isinstance(case.estimator, InformationProjection)
            return information_projection(laws, task.weak_law, task.source.prior)


def divergences_of(case: FiniteCase) -> Divergences:
    """Return the three divergences between target, weak law and student."""
    target, weak, student = target_law(case.task), case.task.weak_law, student_law(case)
    return Divergences(
        kl_divergence(target, student), kl_divergence(target, weak), kl_divergence(student, weak)
    )


def log_ratio(case: FiniteCase) -> Float[Array, " M"]:
    """Return log(S / T) in nats; 0 where S or T is zero."""
    student, weak = student_law(case), case.task.weak_law
    shown = (student > 0) & (weak > 0)
    return jnp.log(jnp.where(shown, student, 1.0) / jnp.where(shown, weak, 1.0))


def angle(case: FiniteCase) -> Float[Array, ""]:
    """Return sum_o (f*(o) - S(o)) log(S(o) / T(o)), which is at least zero if S is the projection."""
    return (target_law(case.task) - student_law(case)) @ log_ratio(case)


def allowed_laws(case: FiniteCase) -> Float[Array, "K M"]:
    """Return the laws of the concepts that have a finite divergence; the others are replaced by S."""
    task, laws = case.task, outcome_laws(case.task)
    infinite = jnp.any((laws > 0) & (task.weak_law == 0), axis=1) | (task.source.prior == 0)
    return jnp.where(infinite[:, None], student_law(case), laws)


def gap_of(case: FiniteCase) -> Float[Array, ""]:
    """Return max_k sum_o (S(o) - p_k(o)) log(S(o) / T(o)) over the concepts of finite divergence, in nats."""
    return optimality_gap(allowed_laws(case), case.task.weak_law, student_weights(case))


def gap_scale_of(case: FiniteCase) -> Float[Array, ""]:
    """Return the scale of rounding errors in `gap_of`, in nats."""
    return gap_scale(allowed_laws(case), case.task.weak_law, student_weights(case))


def oscillation(logs: Float[Array, " M"]) -> Float[Array, ""]:
    """Return the largest entry minus the smallest."""
    return jnp.max(logs) - jnp.min(logs)


def variation_outside(case: FiniteCase, inside: Float[Array, " K"]) -> Float[Array, ""]:
    """Return osc(log S/T) times the total variation of the target from the mixture of the given weights."""
    task = case.task
    return oscillation(log_ratio(case)) * total_variation(target_law(task), inside @ outcome_laws(task))
