"""The steps of the proof of intent-inference (theory/intent-inference.md), each as a statement."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import IntentInference
from w2s_sim.identification import classical_log_chernoff_terms
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.quantities import concept_diameter, label_scale, squared_distances
from w2s_sim.statements.shared.regression_examples import two_concepts
from w2s_sim.tasks.regression_task import canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/intent-inference.md"


def log_posterior_of(data: WeakData, case: Case) -> Float[Array, " K"]:
    """Return log pi_n of the case's estimator, in nats."""
    assert isinstance(case.estimator, IntentInference)
    return case.estimator.log_posterior(case.task.source, data)


def is_misnamed(log_posterior: Float[Array, " K"], intended: Array) -> Float[Array, ""]:
    """Return 1 if the most probable concept is not the intended one, else 0."""
    return (jnp.argmax(log_posterior) != intended).astype(log_posterior.dtype)


def competitor_bounds(case: Case) -> Float[Array, " K"]:
    """Return T_k = min_s (alpha^P_k / alpha^P_*)^s m_k(s)^n for every competitor k, and 0 for k*."""
    size = jnp.asarray(case.estimator.sample_size, dtype=float)
    log_terms, _ = classical_log_chernoff_terms(case.task, size)
    return jnp.exp(log_terms)


def _canonical_cases(preset: Preset) -> Sequence[Case]:
    sizes = (8,) if preset == "quick" else (4, 8, 16)
    return [Case(f"canonical, n={n}", canonical_task(), IntentInference(n)) for n in sizes]


def _half_violation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return by how much 1{k^ != k*} exceeds 2 (1 - pi_n(k*)): zero on every path."""
    log_posterior, intended = log_posterior_of(data, case), case.task.target_concept
    others = 1.0 - jnp.exp(log_posterior[intended])
    return jnp.maximum(is_misnamed(log_posterior, intended) - 2.0 * others, 0.0)


def _odds_above_one(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return 1 if the first concept is at least as probable as the intended one, else 0."""
    log_posterior = log_posterior_of(data, case)
    return (log_posterior[0] >= log_posterior[case.task.target_concept]).astype(log_posterior.dtype)


def _named_risk(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||beta_k^ - beta_*||^2 of the named concept k^."""
    return squared_distances(case.task)[jnp.argmax(log_posterior_of(data, case))]


def _four_violation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return by how much ||beta_k^ - beta_*||^2 exceeds 4 ||beta_ref - beta_*||^2: zero for two concepts."""
    task, log_posterior = case.task, log_posterior_of(data, case)
    error = jnp.exp(log_posterior) @ task.source.vectors - task.target_vector
    return jnp.maximum(squared_distances(task)[jnp.argmax(log_posterior)] - 4.0 * error @ error, 0.0)


INTENT_INFERENCE_LEMMAS = (
    Statement(
        id="misnamed-at-half",
        kind="equality",
        title="1{k^ != k*} <= 2 (1 - pi_*), on every path (violation)",
        cases=_canonical_cases,
        measure=FromWeakData(_half_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5,
        page=PAGE,
    ),
    Statement(
        id="odds-above-one",
        kind="upper",
        title="P(r_k >= 1) <= min_s E[r_k^s], for the first concept",
        cases=_canonical_cases,
        measure=FromWeakData(_odds_above_one),
        bound=lambda case: competitor_bounds(case)[0],
        trivial=lambda case: 1.0,
        support=lambda case: (0.0, 1.0),
        page=PAGE,
    ),
    Statement(
        id="named-risk",
        kind="upper",
        label_power=2,
        title="The squared error of the named concept is at most sum_k delta_k^2 T_k",
        cases=_canonical_cases,
        measure=FromWeakData(_named_risk),
        bound=lambda case: squared_distances(case.task) @ competitor_bounds(case),
        trivial=lambda case: concept_diameter(case.task) ** 2,
        support=lambda case: (0.0, float(concept_diameter(case.task)) ** 2),
        page=PAGE,
    ),
    Statement(
        id="factor-of-four",
        kind="equality",
        label_power=2,
        title="Two concepts: naming costs at most four times the posterior mean, on every path (violation)",
        cases=lambda preset: [Case("K=2, uniform prior, n=2", two_concepts(), IntentInference(2))],
        measure=FromWeakData(_four_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5 * label_scale(case.task) ** 2,
        page=PAGE,
    ),
)
