"""The steps of the proof of em-refinement, each a statement of its own, certified by enumeration."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.finite_task import FiniteTask
from w2s_sim.statements.case import Assumption, Case, Control
from w2s_sim.statements.finite_examples import language_task, matched, table_task
from w2s_sim.statements.population import (
    FAR_PRIOR,
    MIXED_TARGET,
    misfit,
    population_path,
    prior_divergence,
    refined,
    refined_prior,
    relative_entropy,
)
from w2s_sim.statements.statement import Preset, Statement

PAGE = "theory/em-refinement.md"
FiniteCase = Case[FiniteTask]
ROUNDS = 16


def _path_cases(preset: Preset) -> Sequence[FiniteCase]:
    far = table_task(source_prior=FAR_PRIOR)
    even = table_task(source_prior=[0.25] * 4, target_prior=MIXED_TARGET)
    cases = [refined("source prior far from the target", far, ROUNDS), refined("mixed target", even, ROUNDS)]
    languages = refined("three languages", matched(language_task(share=0.3)), ROUNDS)
    return cases + ([] if preset == "quick" else [languages])


def _laws(task: FiniteTask) -> Float[Array, "K M"]:
    return jnp.exp(task.source.log_outcome_probabilities())


def _jensen_slack(case: FiniteCase) -> Float[Array, ""]:
    """The smallest log E_{Q'}[p_k / q_t] - sum_o p_k log(Q' / q_t), over concepts and rounds."""
    laws, weak_law = _laws(case.task), case.task.weak_law
    ratios = weak_law / (population_path(case) @ laws)
    return jnp.min(jnp.log(ratios @ laws.T) - jnp.log(ratios) @ laws.T)


def _progress_slack(case: FiniteCase) -> Float[Array, ""]:
    """The smallest KL(aQ || a_t) - KL(aQ || a_{t+1}) - KL(Q' || Q'_{a_t}) of all rounds."""
    path = population_path(case)
    divergences = relative_entropy(case.task.target_prior, path)
    return jnp.min(divergences[:-1] - divergences[1:] - misfit(case.task, path[:-1]))


def _descent_slack(case: FiniteCase) -> Float[Array, ""]:
    """The smallest KL(Q' || Q'_{a_t}) - KL(Q' || Q'_{a_{t+1}}) - KL(a_{t+1} || a_t) of all rounds."""
    path = population_path(case)
    misfits = misfit(case.task, path)
    return jnp.min(misfits[:-1] - misfits[1:] - relative_entropy(path[1:], path[:-1]))


def _total_misfit(case: FiniteCase) -> Float[Array, ""]:
    """sum_{t=0}^{T} KL(Q' || Q'_{a_t})."""
    return jnp.sum(misfit(case.task, population_path(case)))


def _remaining_mass(case: FiniteCase) -> Float[Array, ""]:
    """What alpha_T leaves on other concepts than k*."""
    others = jnp.arange(case.task.num_concepts) != case.task.target_concept
    return jnp.sum(jnp.where(others, refined_prior(case), 0.0))


def _remainder(case: FiniteCase) -> Float[Array, ""]:
    """sum_{k != k*} alpha^P_k BC(Q', p_k)^{2T}, BC the Bhattacharyya coefficient of two laws."""
    task = case.task
    affinities = jnp.sum(jnp.sqrt(_laws(task) * task.weak_law), axis=1)
    rounds = case.estimator.rounds  # pyright: ignore[reportAttributeAccessIssue]
    others = jnp.arange(task.num_concepts) != task.target_concept
    return jnp.sum(jnp.where(others, task.source.prior * affinities ** (2 * rounds), 0.0))


def _remainder_cases(preset: Preset) -> Sequence[FiniteCase]:
    counts = (1, 4) if preset == "quick" else (1, 2, 4, 16)
    return [refined(f"tables, T={count}", table_task(), count) for count in counts]


def _prior_error(case: FiniteCase) -> Float[Array, ""]:
    """||alpha_T - alpha^Q||_1."""
    return jnp.sum(jnp.abs(refined_prior(case) - case.task.target_prior))


def deconvolution_norm(laws: Float[Array, "K M"]) -> Float[Array, ""]:
    """max_o sum_k |A_ok| of the right inverse A = P^T (P P^T)^{-1}: how much deconvolution amplifies."""
    inverse = jnp.linalg.solve(laws @ laws.T, laws)
    return jnp.max(jnp.sum(jnp.abs(inverse), axis=0))


def _prior_error_bound(case: FiniteCase) -> Float[Array, ""]:
    """max_o sum_k |A_ok| sqrt(2 KL(alpha^Q || alpha^P) / T)."""
    rounds = case.estimator.rounds  # pyright: ignore[reportAttributeAccessIssue]
    return deconvolution_norm(_laws(case.task)) * jnp.sqrt(2.0 * prior_divergence(case.task) / rounds)


def _independent_laws(case: FiniteCase) -> bool:
    laws = np.asarray(_laws(case.task), dtype=np.float64)
    return bool(np.linalg.svd(laws, compute_uv=False)[-1] > 1e-3) and len(laws) <= laws.shape[1]


def _deconvolution_cases(preset: Preset) -> Sequence[FiniteCase]:
    even = table_task(source_prior=[0.25] * 4, target_prior=MIXED_TARGET)
    counts = (256,) if preset == "quick" else (64, 256, 4096)
    return [refined(f"mixed target, T={count}", even, count) for count in counts]


def _deconvolution_controls(preset: Preset) -> Sequence[Control]:
    # The fourth concept has the law of the first: no weak label tells how much of the two is which.
    tables = table_task(source_prior=[0.25] * 4, target_prior=MIXED_TARGET)
    twice = tables.source.tables[jnp.array([0, 1, 2, 0])]  # pyright: ignore[reportAttributeAccessIssue]
    source = type(tables.source)(tables.source.prior, twice, tables.source.contexts)  # pyright: ignore
    case = refined("two concepts of one law, T=1024", FiniteTask(source, MIXED_TARGET, source), 1024)
    believed = refined("mixed target, T=1024", tables, 1024)
    return [Control(case, breaks="linearly independent laws", believed=believed)]


EM_REFINEMENT_LEMMAS = (
    Statement(
        id="jensen-step",
        kind="lower",
        title="log E[p_k/q_t] >= sum p_k log(Q'/q_t), every concept and round (smallest slack)",
        cases=_path_cases,
        exact=_jensen_slack,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="round-progress",
        kind="lower",
        title="A round brings the prior nearer by the misfit it starts from (smallest slack)",
        cases=_path_cases,
        exact=_progress_slack,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="round-descent",
        kind="lower",
        title="A round lowers the misfit by how far it moves the prior (smallest slack)",
        cases=_path_cases,
        exact=_descent_slack,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="telescoped-rounds",
        kind="upper",
        title="The misfits of all rounds add up to at most KL(aQ || aP)",
        cases=_path_cases,
        exact=_total_misfit,
        bound=lambda case: prior_divergence(case.task),
        page=PAGE,
    ),
    Statement(
        id="rounds-remainder",
        kind="lower",
        title="One round, or T, leaves mass on wrong concepts",
        cases=_remainder_cases,
        exact=_remaining_mass,
        bound=_remainder,
        trivial=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="deconvolution",
        kind="upper",
        title="Iterated rounds reach the deconvolved prior",
        cases=_deconvolution_cases,
        exact=_prior_error,
        bound=_prior_error_bound,
        trivial=lambda case: 2.0,
        assumptions=(Assumption("linearly independent laws", _independent_laws),),
        controls=_deconvolution_controls,
        page=PAGE,
    ),
)
