"""The steps of the proof of em-refinement, and what it says of priors, each a statement of its own."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.estimators import IteratedRefinement
from w2s_sim.finite_task import FiniteTask
from w2s_sim.statements.case import Assumption, Case
from w2s_sim.statements.em_geometry import (
    deconvolution_norm,
    kullback_leibler,
    likelihood_leap,
    refinement_path,
)
from w2s_sim.statements.finite_examples import categorical_model, hidden_markov_model, well_described
from w2s_sim.statements.statement import Preset, Statement

PAGE = "theory/em-refinement.md"


def iterated(name: str, task: FiniteTask, rounds: int) -> Case[FiniteTask]:
    """A case of T rounds in population: the number of weak pairs is of no account."""
    return Case(name, task, IteratedRefinement(rounds, num_weak=1))


def rounds_of(case: Case[FiniteTask]) -> int:
    """T."""
    assert isinstance(case.estimator, IteratedRefinement)
    return case.estimator.rounds


def _channel_is_known(case: Case[FiniteTask]) -> bool:
    """Whether the strong model's account of every concept in the target is the weak model's own."""
    task = case.task
    shown = np.asarray(task.target_prior) > 0
    accounts, laws = (
        np.exp(np.asarray(model.log_outcome_probabilities()))[shown]
        for model in (task.source, task.supervisor)
    )
    return bool(np.allclose(accounts, laws, atol=1e-6))


def _source_covers_target(case: Case[FiniteTask]) -> bool:
    task = case.task
    return bool(np.all(np.asarray(task.source.prior)[np.asarray(task.target_prior) > 0] > 0))


FINITE_OUTCOMES = Assumption("finitely many outcomes", lambda case: isinstance(case.task, FiniteTask))
CHANNEL_IS_KNOWN = Assumption("a model of the weak labels that is right", _channel_is_known)
SOURCE_COVERS_TARGET = Assumption("a source prior that covers the target", _source_covers_target)


def _smallest_slack(case: Case[FiniteTask]) -> Float[Array, ""]:
    """Smallest over rounds of KL(aQ||a_t) - KL(aQ||a_{t+1}) - KL(Q'||Q'_t)."""
    path = refinement_path(case.task, rounds_of(case))
    return jnp.min(path.to_target[:-1] - path.to_target[1:] - path.to_weak_law[:-1])


def _largest_jensen_gap(case: Case[FiniteTask]) -> Float[Array, ""]:
    """Largest over concepts of E_{p_k} log(Q'/Q'_0) - log E_{p_k}[Q'/Q'_0]: never positive."""
    task = case.task
    outcomes = jnp.exp(task.source.log_outcome_probabilities())
    ratio = task.weak_law / (task.source.prior @ outcomes)
    return jnp.max(outcomes @ jnp.log(ratio) - jnp.log(outcomes @ ratio))


def _largest_increase(case: Case[FiniteTask]) -> Float[Array, ""]:
    """Largest over rounds of KL(Q'||Q'_{t+1}) - KL(Q'||Q'_t)."""
    return jnp.max(jnp.diff(refinement_path(case.task, rounds_of(case)).to_weak_law))


def _sum_of_divergences(case: Case[FiniteTask]) -> Float[Array, ""]:
    """sum_{t=0}^{T} KL(Q'||Q'_t)."""
    return refinement_path(case.task, rounds_of(case)).to_weak_law.sum()


def _divergence_of_priors(case: Case[FiniteTask]) -> Float[Array, ""]:
    return kullback_leibler(case.task.target_prior, case.task.source.prior)


def _variation_after_one(case: Case[FiniteTask]) -> Float[Array, ""]:
    """Total variation of alpha_1 from alpha^Q."""
    path = refinement_path(case.task, 1)
    return 0.5 * jnp.abs(path.priors[1] - case.task.target_prior).sum()


def _leap_bound(case: Case[FiniteTask]) -> Float[Array, ""]:
    """max_k (alpha^Q_k - alpha^P_k R_k): what one round cannot make up."""
    task = case.task
    return jnp.max(task.target_prior - task.source.prior * likelihood_leap(task))


def _distance_of_priors(case: Case[FiniteTask]) -> Float[Array, ""]:
    """||alpha_T - alpha^Q||_1."""
    path = refinement_path(case.task, rounds_of(case))
    return jnp.abs(path.priors[-1] - case.task.target_prior).sum()


def _deconvolution_bound(case: Case[FiniteTask]) -> Float[Array, ""]:
    """||A^+||_1 sqrt(2 KL(aQ||aP) / (T+1))."""
    shrunk = 2.0 * _divergence_of_priors(case) / (rounds_of(case) + 1)
    return deconvolution_norm(case.task) * jnp.sqrt(shrunk)


def _outcome_laws_are_independent(case: Case[FiniteTask]) -> bool:
    outcomes = np.exp(np.asarray(case.task.source.log_outcome_probabilities(), dtype=np.float64))
    return bool(np.linalg.matrix_rank(outcomes, tol=1e-3) == case.task.num_concepts)


def _cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    mixed = well_described(categorical_model(1, [0.9, 0.05, 0.04, 0.01]), [0.1, 0.2, 0.3, 0.4])
    languages = well_described(hidden_markov_model(0, [0.6, 0.3, 0.1]), [0.1, 0.2, 0.7])
    return [iterated("far source, T=64", mixed, 64), iterated("hidden Markov, T=64", languages, 64)]


def _one_round_cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    unlikely = categorical_model(1, [0.97, 0.01, 0.01, 0.01])
    blurred = categorical_model(4, [0.97, 0.01, 0.01, 0.01], concentration=3.0)
    return [
        iterated("far source, point-mass target", well_described(unlikely, [0.0, 0.0, 0.0, 1.0]), 1),
        iterated("far source, concepts alike", well_described(blurred, [0.0, 0.0, 0.5, 0.5]), 1),
    ]


def _oracle_cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    mixed = well_described(categorical_model(1, [0.9, 0.05, 0.04, 0.01]), [0.1, 0.2, 0.3, 0.4])
    rounds = (256,) if preset == "quick" else (16, 256, 4096)
    return [iterated(f"far source, T={count}", mixed, count) for count in rounds]


EM_REFINEMENT_LEMMAS = (
    Statement(
        id="jensen-step",
        kind="upper",
        title="E_{p_k} log(Q'/Q'_t) <= log E_{p_k}[Q'/Q'_t] for every concept",
        cases=_cases,
        exact=_largest_jensen_gap,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="round-progress",
        kind="lower",
        title="Each round gains at least KL(Q'||Q'_t) (smallest slack)",
        cases=_cases,
        exact=_smallest_slack,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="never-worse",
        kind="upper",
        title="KL(Q'||Q'_t) never increases (largest increase)",
        cases=_cases,
        exact=_largest_increase,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="telescoping",
        kind="upper",
        title="The divergences of all rounds add up to at most KL(aQ||aP)",
        cases=_cases,
        exact=_sum_of_divergences,
        bound=_divergence_of_priors,
        page=PAGE,
    ),
    Statement(
        id="one-round-is-not-enough",
        kind="lower",
        title="One round leaves a total variation of aQ_k - aP_k R_k",
        cases=_one_round_cases,
        exact=_variation_after_one,
        bound=_leap_bound,
        trivial=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="many-rounds-reach-the-oracle",
        kind="upper",
        title="||alpha_T - alpha^Q||_1 <= ||A^+||_1 sqrt(2 KL/(T+1))",
        cases=_oracle_cases,
        exact=_distance_of_priors,
        bound=_deconvolution_bound,
        assumptions=(Assumption("independent outcome laws", _outcome_laws_are_independent),),
        page=PAGE,
    ),
)
