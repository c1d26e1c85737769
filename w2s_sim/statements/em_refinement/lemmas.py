"""The steps of the proof of em-refinement, and its consequences for priors, each as a statement."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.estimators import IteratedRefinement
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.em_refinement.divergences import (
    affinities,
    deconvolution_norm,
    divergence_of_priors,
    kullback_leibler,
    likelihood_leap,
    misfit_bound,
    refined_prior,
    refinement_path,
)
from w2s_sim.statements.shared.double_precision import in_double
from w2s_sim.statements.shared.finite_examples import (
    language_task,
    matched,
    repeated_table_task,
    table_task,
    well_described,
)
from w2s_sim.statements.shared.finite_outcomes import outcome_laws, target_law
from w2s_sim.tasks.finite_task import FiniteTask

PAGE = "theory/em-refinement.md"
FiniteCase = Case[FiniteTask]
MIXED_TARGET = [0.1, 0.2, 0.3, 0.4]
FAR_PRIOR = [0.997, 0.001, 0.001, 0.001]
# The statements are about the population limit, so that this sample size is never used.
NUM_WEAK = 1000
# Relative difference up to which two probabilities count as equal: the rounding of stored models.
SAME_LAW = 1e-5


def iterated(name: str, task: FiniteTask, rounds: int) -> FiniteCase:
    """Return a case with the given number of rounds T in the population limit."""
    return Case(name, task, IteratedRefinement(rounds, num_weak=NUM_WEAK))


def rounds_of(case: FiniteCase) -> int:
    """Return T, the number of rounds of the case."""
    assert isinstance(case.estimator, IteratedRefinement)
    return case.estimator.rounds


def misfit(case: FiniteCase) -> Float[Array, ""]:
    """Return KL(Q' || Q'_T) after T rounds, in nats."""
    prior = refined_prior(case.task, rounds_of(case))
    return kullback_leibler(case.task.weak_law, prior @ outcome_laws(case.task))


def bound_after(case: FiniteCase, rounds: int) -> Float[Array, ""]:
    """Return `misfit_bound` after the given rounds; one compiled program serves every number of rounds."""
    return misfit_bound(case.task, jnp.asarray(rounds, dtype=float))


@in_double
def _laws_agree(case: FiniteCase) -> bool:
    """Compare the laws per outcome and relatively, so that no outcome is possible under only one of them."""
    account, weak_law = target_law(case.task), case.task.weak_law
    largest = jnp.maximum(account, weak_law)
    return bool(jnp.all(jnp.abs(account - weak_law) <= SAME_LAW * largest))


def _channel_is_known(case: Case[Any]) -> bool:
    """Return whether the strong model's law under the target prior is the law of the weak labels."""
    return isinstance(case.task, FiniteTask) and _laws_agree(case)


CHANNEL_IS_KNOWN = Assumption("a model of the weak labels that is right", _channel_is_known)


def _path_cases(preset: Preset) -> Sequence[FiniteCase]:
    far = table_task(source_prior=FAR_PRIOR)
    even = table_task(source_prior=[0.25] * 4, target_prior=MIXED_TARGET)
    cases = [iterated("source prior far from the target", far, 16), iterated("mixed target", even, 16)]
    languages = iterated("three languages", matched(language_task(share=0.3)), 16)
    return cases + ([] if preset == "quick" else [languages])


def _jensen_slack(case: FiniteCase) -> Float[Array, ""]:
    """Return the least log E_{p_k}[Q'/Q'_t] - E_{p_k} log(Q'/Q'_t) over rounds and target concepts."""
    task = case.task
    laws, shown = outcome_laws(task), task.weak_law > 0
    accounts = refinement_path(task, rounds_of(case)).priors @ laws
    ratios = jnp.where(shown, task.weak_law, 1.0) / jnp.where(shown, accounts, 1.0)
    slack = jnp.log((ratios * shown) @ laws.T) - jnp.log(ratios) @ laws.T
    return jnp.min(jnp.where(task.target_prior > 0, slack, jnp.inf))


def _progress_slack(case: FiniteCase) -> Float[Array, ""]:
    """Return the least KL(aQ||a_t) - KL(aQ||a_{t+1}) - KL(Q'||Q'_t) over all rounds."""
    path = refinement_path(case.task, rounds_of(case))
    return jnp.min(path.to_target[:-1] - path.to_target[1:] - path.to_weak_law[:-1])


def _descent_slack(case: FiniteCase) -> Float[Array, ""]:
    """Return the least KL(Q'||Q'_t) - KL(Q'||Q'_{t+1}) - KL(a_{t+1}||a_t) over all rounds."""
    path = refinement_path(case.task, rounds_of(case))
    moved = kullback_leibler(path.priors[1:], path.priors[:-1])
    return jnp.min(path.to_weak_law[:-1] - path.to_weak_law[1:] - moved)


def _sum_of_divergences(case: FiniteCase) -> Float[Array, ""]:
    """Return sum_{t=0}^{T} KL(Q'||Q'_t)."""
    return jnp.sum(refinement_path(case.task, rounds_of(case)).to_weak_law)


def _wrong_channel_cases(preset: Preset) -> Sequence[FiniteCase]:
    noisy = iterated("weak labels noisier than the channel says, T=16", language_task(share=0.3), 16)
    biased = iterated("weak labels shifted, T=256", table_task(shift=0.3), 256)
    mixed = table_task(source_prior=FAR_PRIOR, target_prior=MIXED_TARGET, share=0.4)
    return [noisy, biased, iterated("mixed target, labels blurred, T=4", mixed, 4)]


def _variation_after_one(case: FiniteCase) -> Float[Array, ""]:
    """Return the total variation distance of alpha_1 from alpha^Q."""
    return 0.5 * jnp.sum(jnp.abs(refined_prior(case.task, 1) - case.task.target_prior))


def _leap_bound(case: FiniteCase) -> Float[Array, ""]:
    """Return max_k (alpha^Q_k - alpha^P_k R_k), the error that one round cannot remove."""
    task = case.task
    return jnp.max(task.target_prior - task.source.prior * likelihood_leap(task))


def _leap_cases(preset: Preset) -> Sequence[FiniteCase]:
    mixed = table_task(source_prior=FAR_PRIOR, target_prior=MIXED_TARGET)
    point = iterated("source prior far from the target", table_task(source_prior=FAR_PRIOR), 1)
    return [iterated("the same, mixed target", mixed, 1)] + ([] if preset == "quick" else [point])


def _remaining_mass(case: FiniteCase) -> Float[Array, ""]:
    """Return the mass of alpha_T on all concepts other than k*."""
    others = jnp.arange(case.task.num_concepts) != case.task.target_concept
    return jnp.sum(jnp.where(others, refined_prior(case.task, rounds_of(case)), 0.0))


def _remainder_bound(case: FiniteCase) -> Float[Array, ""]:
    """Return sum_{k != k*} alpha^P_k BC_k^{2T}."""
    others = jnp.arange(case.task.num_concepts) != case.task.target_concept
    kept = case.task.source.prior * affinities(case.task) ** (2 * rounds_of(case))
    return jnp.sum(jnp.where(others, kept, 0.0))


def _remainder_cases(preset: Preset) -> Sequence[FiniteCase]:
    counts = (1, 4) if preset == "quick" else (1, 2, 4, 16)
    return [iterated(f"tables, T={count}", table_task(), count) for count in counts]


def _distance_of_priors(case: FiniteCase) -> Float[Array, ""]:
    """Return ||alpha_T - alpha^Q||_1."""
    return jnp.sum(jnp.abs(refined_prior(case.task, rounds_of(case)) - case.task.target_prior))


def _deconvolution_bound(case: FiniteCase) -> Float[Array, ""]:
    """Return |A| sqrt(2 KL(aQ||aP) / (T + 1)), with |A| the `deconvolution_norm`."""
    shrunk = 2.0 * divergence_of_priors(case.task) / (rounds_of(case) + 1)
    return deconvolution_norm(case.task) * jnp.sqrt(shrunk)


def _laws_are_independent(case: FiniteCase) -> bool:
    laws = np.asarray(outcome_laws(case.task), dtype=np.float64)
    return bool(np.linalg.matrix_rank(laws, tol=1e-3) == case.task.num_concepts)


def _oracle_cases(preset: Preset) -> Sequence[FiniteCase]:
    even = table_task(source_prior=[0.25] * 4, target_prior=MIXED_TARGET)
    counts = (16,) if preset == "quick" else (16, 256, 4096)
    return [iterated(f"mixed target, T={count}", even, count) for count in counts] + [
        iterated("tables, T=256", table_task(), 256)
    ]


def _oracle_controls(preset: Preset) -> Sequence[Control]:
    # The weak labels do not determine how the mass is divided between two concepts of the same law.
    twice = repeated_table_task([0.25] * 4, MIXED_TARGET)
    usual = well_described(table_task(source_prior=[0.25] * 4).source, MIXED_TARGET)
    return [
        Control(
            iterated("two concepts of one law, T=1024", twice, 1024),
            "independent outcome laws",
            believed=iterated("four different laws, T=1024", usual, 1024),
        )
    ]


EM_REFINEMENT_LEMMAS = (
    Statement(
        id="jensen-step",
        kind="lower",
        title="log E_{p_k}[Q'/Q'_t] >= E_{p_k} log(Q'/Q'_t), every concept and round (smallest slack)",
        cases=_path_cases,
        exact=_jensen_slack,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="round-progress",
        kind="lower",
        title="A round brings the prior nearer by at least KL(Q'||Q'_t) (smallest slack)",
        cases=_path_cases,
        exact=_progress_slack,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="round-descent",
        kind="lower",
        title="A round lowers KL(Q'||Q'_t) by at least KL(a_{t+1}||a_t) (smallest slack)",
        cases=_path_cases,
        exact=_descent_slack,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="telescoping",
        kind="upper",
        title="The divergences of all rounds add up to at most KL(aQ||aP)",
        cases=_path_cases,
        exact=_sum_of_divergences,
        bound=lambda case: divergence_of_priors(case.task),
        page=PAGE,
    ),
    Statement(
        id="any-channel",
        kind="upper",
        title="KL(Q'||Q'_T) <= KL(Q'||M) + KL(a||aP)/(T+1) - KL(a||aQ) for any law Q'; a = T(aQ)",
        cases=_wrong_channel_cases,
        exact=misfit,
        bound=lambda case: bound_after(case, rounds_of(case)),
        trivial=lambda case: bound_after(case, 0),
        page=PAGE,
    ),
    Statement(
        id="one-round-is-not-enough",
        kind="lower",
        title="One round leaves a total variation of aQ_k - aP_k R_k",
        cases=_leap_cases,
        exact=_variation_after_one,
        bound=_leap_bound,
        trivial=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="rounds-remainder",
        kind="lower",
        title="T rounds leave the mass aP_k BC_k^{2T} on every wrong concept",
        cases=_remainder_cases,
        exact=_remaining_mass,
        bound=_remainder_bound,
        trivial=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="many-rounds-reach-the-oracle",
        kind="upper",
        title="||alpha_T - alpha^Q||_1 <= |A| sqrt(2 KL/(T+1))",
        cases=_oracle_cases,
        exact=_distance_of_priors,
        bound=_deconvolution_bound,
        trivial=lambda case: 2.0,
        assumptions=(Assumption("independent outcome laws", _laws_are_independent),),
        controls=_oracle_controls,
        page=PAGE,
    ),
)
