"""The steps of the proof of hmm-identification, each as a statement."""

import itertools
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import HiddenMarkovModel
from w2s_sim.concepts.conditioning import log_posterior, log_weights
from w2s_sim.engine.measured import FromWeakData, Support
from w2s_sim.estimators import ContextEstimator, InContext
from w2s_sim.identification import classical_identification_bound, log_odds_moments
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.broken_learners import RepeatedDemonstration
from w2s_sim.statements.shared.finite_examples import language_task, table_task, three_state_task
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.task import WeakData

PAGE = "theory/hmm-identification.md"
FiniteCase = Case[FiniteTask]

INDEPENDENT = Assumption(
    "independent demonstrations",
    lambda case: (
        not isinstance(case.estimator, RepeatedDemonstration)
        and case.task.source.reads_independently
        and (not case.grouped or case.task.has_point_mass_target)
    ),
)


def _language_cases(preset: Preset) -> Sequence[FiniteCase]:
    three = Case("cycles of three states", three_state_task(), InContext(2))
    return [Case("three languages", language_task(), InContext(2))] + ([] if preset == "quick" else [three])


def _model(case: FiniteCase) -> HiddenMarkovModel:
    assert isinstance(case.task.source, HiddenMarkovModel)
    return case.task.source


@eqx.filter_jit
def _path_sums(model: HiddenMarkovModel) -> Float[Array, "M K"]:
    """Return p_k(o) of every sequence as a sum over all hidden paths."""
    _, sequences = model.outcomes
    num_states = model.initial.shape[1]
    paths = np.array(list(itertools.product(range(num_states), repeat=model.length)))
    weights = model.initial[:, paths[:, 0]]
    for before, after in itertools.pairwise(paths.T):
        weights = weights * model.transition[:, before, after]
    # Indexed by concept, path, position and sequence.
    sounds = model.emission[:, paths[:, :, None], sequences.T[None]]
    return jnp.einsum("kp,kpm->mk", weights, jnp.prod(sounds, axis=2))


def _forward_error(case: FiniteCase) -> Float[Array, ""]:
    """Return the largest difference between the forward algorithm and the sum over paths."""
    model = _model(case)
    forward = jnp.exp(jax.jit(type(model).log_likelihood)(model, *model.outcomes))
    return jnp.max(jnp.abs(forward - _path_sums(model)))


def _total_probability(case: FiniteCase) -> Float[Array, ""]:
    """Return sum_o p_k(o) of the concept where it is farthest from 1, without renormalisation."""
    totals = jnp.sum(_path_sums(_model(case)), axis=0)
    return totals[jnp.argmax(jnp.abs(totals - 1.0))]


def _renaming_error(case: FiniteCase) -> Float[Array, ""]:
    """Return the largest change of an outcome's probability when the hidden states are renamed."""
    model = _model(case)
    law = _path_sums(model)
    errors = []
    for order in itertools.permutations(range(model.initial.shape[1])):
        names = np.array(order)
        parts = (
            model.initial[:, names],
            model.transition[:, names][:, :, names],
            model.emission[:, names],
        )
        renamed = eqx.tree_at(lambda m: (m.initial, m.transition, m.emission), model, parts)
        errors.append(jnp.max(jnp.abs(_path_sums(renamed) - law)))
    return jnp.max(jnp.stack(errors))


def _clipped_odds(task: FiniteTask, log_posterior: Float[Array, "*c K"]) -> Float[Array, "*c"]:
    """Return sum_{k != k*} min(1, r_k)."""
    log_odds = log_posterior - log_posterior[..., task.target_concept, None]
    others = jnp.arange(task.num_concepts) != task.target_concept
    return jnp.sum(jnp.where(others, jnp.exp(jnp.minimum(log_odds, 0.0)), 0.0), axis=-1)


@eqx.filter_jit
def _contexts_of_two(task: FiniteTask) -> tuple[Float[Array, "M M K"], Float[Array, "M M"]]:
    """Return log pi_2 of all contexts of two demonstrations, and their probabilities under the weak law."""
    log_laws = task.source.log_outcome_probabilities().T
    evidence = log_laws[:, None] + log_laws
    posterior = log_posterior(log_weights(task.source.prior), evidence)
    return posterior, jnp.outer(task.weak_law, task.weak_law)


def _odds_violation(case: FiniteCase) -> Float[Array, ""]:
    """Return the largest 1 - pi_2(k*) - sum min(1, r_k) over all contexts of two demonstrations."""
    log_posterior, _ = _contexts_of_two(case.task)
    wrong = 1.0 - jnp.exp(log_posterior[..., case.task.target_concept])
    return jnp.max(wrong - _clipped_odds(case.task, log_posterior))


def _mean_clipped_odds(case: FiniteCase) -> Float[Array, ""]:
    """Return E sum min(1, r_k) of two demonstrations, as a sum over all contexts."""
    log_posterior, law = _contexts_of_two(case.task)
    return jnp.sum(law * _clipped_odds(case.task, log_posterior))


def _finite_cases(preset: Preset) -> Sequence[FiniteCase]:
    tables = Case("tables, a fifth smoothed", table_task(share=0.2), InContext(2))
    return [*_language_cases(preset), *([] if preset == "quick" else [tables])]


# The exponent s of the check: the identity holds for any s, and at this s replicates have a small variance.
CHECK_EXPONENT = 0.25


def _tilted_odds(key: Key[Array, ""], data: WeakData, case: FiniteCase) -> Float[Array, ""]:
    """Return the mean over competitors of prod_i (p_k / p_*)^s."""
    task = case.task
    assert isinstance(case.estimator, ContextEstimator)
    even = jnp.full(task.num_concepts, 1.0 / task.num_concepts)
    log_posterior = case.estimator.log_posterior(task.source.with_prior(even), data)
    powers = CHECK_EXPONENT * (log_posterior - log_posterior[task.target_concept])
    return _mean_of_competitors(task, jnp.exp(powers))


def _range_of_odds(case: FiniteCase) -> Support:
    """Return the range of `_tilted_odds`; in the largest value every outcome favours the competitor most."""
    task = case.task
    log_laws = task.source.log_outcome_probabilities()
    log_star = log_laws[task.target_concept]
    # Exclude the outcomes that the weak model never shows.
    log_odds = jnp.where(task.weak_law > 0, log_laws - log_star, -jnp.inf)
    powers = CHECK_EXPONENT * case.estimator.sample_size * jnp.max(log_odds, axis=1)
    return 0.0, float(_mean_of_competitors(task, jnp.exp(powers)))


def _product_moment(case: FiniteCase) -> Float[Array, ""]:
    """Return the mean over competitors of m_k(s)^n."""
    log_moments = log_odds_moments(case.task, jnp.full(case.task.num_concepts, CHECK_EXPONENT))
    return _mean_of_competitors(case.task, jnp.exp(case.estimator.sample_size * log_moments))


def _mean_of_competitors(task: FiniteTask, values: Float[Array, " K"]) -> Float[Array, ""]:
    others = jnp.arange(task.num_concepts) != task.target_concept
    return jnp.sum(jnp.where(others, values, 0.0)) / (task.num_concepts - 1)


def _moment_cases(preset: Preset) -> Sequence[FiniteCase]:
    mixed = language_task(target_prior=[0.1, 0.0, 0.9])
    one = Case("three languages, n=4", language_task(), InContext(4))
    return [Case("mixed target, n=2", mixed, InContext(2))] + ([] if preset == "quick" else [one])


def _moment_controls(preset: Preset) -> Sequence[Control]:
    case = Case("one sequence, shown 4 times", language_task(), RepeatedDemonstration(4))
    return [Control(case, breaks="independent demonstrations")]


HMM_IDENTIFICATION_LEMMAS = (
    Statement(
        id="forward-algorithm",
        kind="equality",
        title="The forward algorithm is the sum over hidden paths (difference)",
        cases=_language_cases,
        exact=_forward_error,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-12,
        page=PAGE,
    ),
    Statement(
        id="outcome-law",
        kind="equality",
        title="The outcomes are all there are: their probabilities sum to 1",
        cases=_language_cases,
        exact=_total_probability,
        bound=lambda case: 1.0,
        margin=lambda case: 1e-12,
        page=PAGE,
    ),
    Statement(
        id="renamed-states",
        kind="equality",
        title="Renaming hidden states changes no outcome's probability (difference)",
        cases=_language_cases,
        exact=_renaming_error,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-12,
        page=PAGE,
    ),
    Statement(
        id="odds-of-two-demonstrations",
        kind="upper",
        title="1 - pi_* <= sum min(1, r_k) in all contexts of two (violation)",
        cases=_finite_cases,
        exact=_odds_violation,
        bound=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="clipped-odds-of-two-demonstrations",
        kind="upper",
        title="min(1, r) <= r^s, over all contexts of two",
        cases=_finite_cases,
        exact=_mean_clipped_odds,
        bound=lambda case: classical_identification_bound(case.task, 2),
        trivial=lambda case: case.task.num_concepts - 1.0,
        page=PAGE,
    ),
    Statement(
        id="enumerated-moment",
        kind="equality",
        title="E prod (p_k/p_*)^s = m_k(s)^n: enumeration and independence",
        cases=_moment_cases,
        measure=FromWeakData(_tilted_odds, _range_of_odds),
        bound=_product_moment,
        margin=lambda case: 0.05 * float(_product_moment(case)),
        assumptions=(INDEPENDENT,),
        controls=_moment_controls,
        page=PAGE,
    ),
)
