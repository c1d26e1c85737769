"""The steps of the proof of concept-identification, each as a statement."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import ContextEstimator, InContext
from w2s_sim.identification import (
    classical_identification_bound,
    classical_log_chernoff_terms,
    log_odds_moments,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.broken_learners import RepeatedDemonstration
from w2s_sim.statements.shared.quantities import squared_distances
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/concept-identification.md"


def _canonical_cases(preset: Preset) -> Sequence[Case]:
    sizes = (8,) if preset == "quick" else (4, 8, 16)
    return [Case(f"canonical, n={n}", canonical_task(), InContext(n)) for n in sizes]


def _log_odds(case: Case, data: WeakData) -> Float[Array, " K"]:
    """Return the log-odds log r_k = log pi_n(k) - log pi_n(k*), in nats."""
    assert isinstance(case.estimator, ContextEstimator)
    log_posterior = case.estimator.log_posterior(case.task.source, data)
    return log_posterior - log_posterior[case.task.target_concept]


def _clipped_odds(case: Case, log_odds: Float[Array, " K"]) -> Float[Array, ""]:
    """Return sum_{k != k*} min(1, r_k)."""
    others = jnp.arange(case.task.num_concepts) != case.task.target_concept
    return jnp.sum(jnp.where(others, jnp.exp(jnp.minimum(log_odds, 0.0)), 0.0))


def _odds_violation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return by how much 1 - pi_* exceeds sum min(1, r_k): zero on every path."""
    log_odds = _log_odds(case, data)
    others = jnp.sum(jnp.exp(log_odds)) - 1.0
    return jnp.maximum(others / (1.0 + others) - _clipped_odds(case, log_odds), 0.0)


def _mean_clipped_odds(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    return _clipped_odds(case, _log_odds(case, data))


def _nearest_competitor(task: TransferTask) -> Int[Array, ""]:
    """Return the index of the competitor nearest to the intended concept."""
    return jnp.argsort(squared_distances(task))[1]


def _check_exponent(task: TransferTask) -> Float[Array, ""]:
    """Return the exponent s of the check: half the minimiser of m_k(s) for an orthogonal bias.

    The identity holds for any s. At this s the replicates have a finite second moment, m_k(2s)^n, and so have
    those of the control, whose demonstrations are not independent.
    """
    return jnp.minimum(0.25 * task.source.noise**2 / _effective_variance(task), 0.5)


def _effective_variance(task: TransferTask) -> Float[Array, ""]:
    """Return sigma'^2 + kappa^2 of the intended concept's weak labels, in squared label units."""
    bias = (task.supervisor.vectors - task.source.vectors)[task.target_concept]
    return task.supervisor.noise**2 + bias @ bias


def _tilted_odds(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return prod_i (p_k / p_*)^s over the context, for the nearest competitor k."""
    task = case.task
    competitor = _nearest_competitor(task)
    log_odds = _log_odds(case, data)
    prior_odds = jnp.log(task.source.prior[competitor]) - jnp.log(task.source.prior[task.target_concept])
    return jnp.exp(_check_exponent(task) * (log_odds[competitor] - prior_odds))


def _closed_moment(case: Case) -> Float[Array, ""]:
    """Return m_k(s)^n at the same s and k as `_tilted_odds`."""
    assert isinstance(case.estimator, ContextEstimator)
    exponents = jnp.full(case.task.num_concepts, _check_exponent(case.task))
    log_moment = log_odds_moments(case.task, exponents)[_nearest_competitor(case.task)]
    return jnp.exp(case.estimator.num_demonstrations * log_moment)


def _moment_cases(preset: Preset) -> Sequence[Case]:
    one = Case("canonical, one demonstration", canonical_task(), InContext(1))
    return ([] if preset == "quick" else [one]) + [
        Case("canonical, two demonstrations", canonical_task(), InContext(2)),
        Case(
            "rademacher features, two demonstrations",
            canonical(source_prior=[0.25] * 4, features="rademacher"),
            InContext(2),
        ),
    ]


def _moment_controls(preset: Preset) -> Sequence[Control]:
    case = Case("one demonstration, shown twice", canonical_task(), RepeatedDemonstration(2))
    return [Control(case, breaks="independent demonstrations")]


def _best_moment(case: Case) -> Float[Array, ""]:
    """Return min_s m_k(s) by search: the classical bound's term for one demonstration and even prior odds."""
    task = case.task
    even = task.source.with_prior(jnp.full(task.num_concepts, 1.0 / task.num_concepts))
    even_task = TransferTask(task.features, even, task.target_prior, task.supervisor)
    log_terms, _ = classical_log_chernoff_terms(even_task, jnp.asarray(1.0))
    return jnp.exp(log_terms[_nearest_competitor(task)])


def _orthogonal_bias_moment(case: Case) -> Float[Array, ""]:
    """Return (1 + delta^2 / (4 (sigma'^2 + kappa^2)))^(-1/2): bias and noise enter as one variance."""
    delta_squared = squared_distances(case.task)[_nearest_competitor(case.task)]
    return (1.0 + delta_squared / (4.0 * _effective_variance(case.task))) ** -0.5


CONCEPT_IDENTIFICATION_LEMMAS = (
    Statement(
        id="posterior-odds",
        kind="equality",
        title="1 - pi_* <= sum min(1, r_k), on every path (violation)",
        cases=_canonical_cases,
        measure=FromWeakData(_odds_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-6,
        page=PAGE,
    ),
    Statement(
        id="clipped-odds",
        kind="upper",
        title="min(1, r) <= r^s",
        cases=_canonical_cases,
        measure=FromWeakData(_mean_clipped_odds),
        bound=lambda case: classical_identification_bound(case.task, case.estimator.sample_size),
        trivial=lambda case: case.task.num_concepts - 1.0,
        support=lambda case: (0.0, case.task.num_concepts - 1.0),
        page=PAGE,
    ),
    Statement(
        id="odds-moment",
        kind="equality",
        title="E prod (p_k/p_*)^s = m_k(s)^n: closed form and independence",
        cases=_moment_cases,
        measure=FromWeakData(_tilted_odds, nonnegative),
        bound=_closed_moment,
        margin=lambda case: 0.05 * float(_closed_moment(case)),
        assumptions=(
            Assumption("independent demonstrations", lambda case: isinstance(case.estimator, InContext)),
        ),
        controls=_moment_controls,
        page=PAGE,
    ),
    Statement(
        id="orthogonal-bias-is-noise",
        kind="equality",
        title="With Gaussian features an orthogonal bias acts only as extra noise",
        cases=lambda preset: _canonical_cases(preset)[:1],
        exact=_best_moment,
        bound=_orthogonal_bias_moment,
        margin=lambda case: 1e-5,
        page=PAGE,
    ),
)
