"""The steps of the proof of mixture-collapse, and the corresponding upper bound."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import ContextEstimator, InContext, LeastSquares, Refinement
from w2s_sim.statements.concept_identification.claim import misidentification
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.mixture_collapse.posterior_limit import (
    collapse,
    competitor_terms,
    context_size,
    likeliest_concept,
    likeliest_terms,
    weak_distances,
    weighted,
)
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task
from w2s_sim.statements.shared.refined_students import context_posteriors
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.statements.shared.student_error import student_risk
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData

PAGE = "theory/mixture-collapse.md"
OWN_CONCEPTS = Assumption(
    "demonstrations that each draw their own concept",
    lambda case: not case.grouped or case.task.has_point_mass_target,
)


def two_of_four(weight: float, **changes: object) -> TransferTask:
    """Return the canonical task whose target has `weight` on concept 1 and the rest on concept 4."""
    return canonical(target_prior=[weight, 0.0, 0.0, 1.0 - weight], **changes)


def _cases(preset: Preset) -> Sequence[Case]:
    sizes = (128,) if preset == "quick" else (16, 64, 128)
    return [Case(f"20% on another concept, n={n}", two_of_four(0.2), InContext(n)) for n in sizes]


def _log_posterior(case: Case, data: WeakData) -> Float[Array, " K"]:
    assert isinstance(case.estimator, ContextEstimator)
    return case.estimator.log_posterior(case.task.source, data)


def _label_error(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the mean over demonstrations and concepts of (y' - beta_k^T x)^2."""
    return jnp.mean((data.labels[:, None] - data.inputs @ case.task.source.vectors.T) ** 2)


def _mean_label_error(case: Case) -> Float[Array, ""]:
    """Return sigma'^2 + sum_j alpha^Q_j ||beta'_j - beta'_Q||^2 + mean over k of ||beta'_Q - beta_k||^2."""
    task = case.task
    deviations = task.supervisor.vectors - task.weak_vector
    spread = jnp.sum((deviations @ task.features.covariance) * deviations, axis=1)
    return task.supervisor.noise**2 + task.target_prior @ spread + jnp.mean(weak_distances(task))


def _runner_up(task: TransferTask) -> Int[Array, ""]:
    """Return the index of the concept second nearest to beta'_Q, among those of positive source prior."""
    return jnp.argsort(jnp.where(task.source.prior > 0, weak_distances(task), jnp.inf))[1]


def _mean_log_odds(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return log(p_k / p_k0) per demonstration, for the runner-up k, in nats."""
    nearest, second = collapse(case.task).concept, _runner_up(case.task)
    log_odds = _log_posterior(case, data) - jnp.log(case.task.source.prior)
    return (log_odds[second] - log_odds[nearest]) / case.estimator.sample_size


def _drift(case: Case) -> Float[Array, ""]:
    """Return -(||beta'_Q - beta_k||^2 - ||beta'_Q - beta_k0||^2) / (2 sigma^2), in nats per demonstration."""
    distances = weak_distances(case.task)
    gap = distances[_runner_up(case.task)] - distances[collapse(case.task).concept]
    return -0.5 * gap / case.task.source.noise**2


def _competitors(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return 1 - pi_n(k0)."""
    return misidentification(_log_posterior(case, data), collapse(case.task).concept)


def _expansion_violation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return by how much the labeller's risk is below L^2 - 2 sum_k h_k pi_n(k): zero on every path."""
    end = collapse(case.task)
    floor = end.error - 2.0 * end.pulls @ jnp.exp(_log_posterior(case, data))
    return jnp.maximum(floor - student_risk(key, data, case), 0.0)


def _fit_deviation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the component of b - (mean beta_ref of the contexts) along beta_k0 - beta_Q, in label units."""
    task = case.task
    weights = context_posteriors(case, data).mean(axis=0)
    direction = task.source.vectors[collapse(task).concept] - task.target_vector
    student = case.estimator.fit(task.source, data, key=key)
    return (student.coefficients - weights @ task.source.vectors) @ direction / jnp.linalg.norm(direction)


def _fit_cases(preset: Preset) -> Sequence[Case]:
    task, fit = two_of_four(0.35), LeastSquares(num_weak=16)
    fresh = Case("fresh contexts, n=8, N=16", task, Refinement(8, fit, context="fresh"))
    shared = Case("shared context, n=8, N=16", task, Refinement(8, fit))
    return [fresh] if preset == "quick" else [fresh, shared]


def _ceiling(case: Case) -> Float[Array, ""]:
    end = collapse(case.task)
    return end.error + jnp.sum(weighted(end.excess, competitor_terms(case.task, context_size(case))))


def worst_risk(case: Case) -> Float[Array, ""]:
    """Return max_k ||beta_k - beta_Q||^2, an upper bound on the risk of every labeller."""
    end = collapse(case.task)
    return end.error + jnp.max(end.excess)


def _posterior_controls(preset: Preset) -> Sequence[Control]:
    task = two_of_four(0.2)
    grouped = Case("grouped contexts, n=128", task, InContext(128), grouped=True)
    return [Control(grouped, breaks=OWN_CONCEPTS.name)]


def _prior_cases(preset: Preset) -> Sequence[Case]:
    tables = table_task(target_prior=[0.1, 0.2, 0.3, 0.4], share=0.2)
    styles = style_content_task(target_prior=[0.3, 0.0, 0.7, 0.0])
    spoken = language_task(target_prior=[0.2, 0.0, 0.8])
    chosen = [
        Case("two of four concepts, n=64", two_of_four(0.2), InContext(64)),
        Case("tables, mixed target, n=256", tables, InContext(256)),
        Case("two styles, n=64", styles, InContext(64)),
    ]
    longer = [
        Case("languages, mixed target, n=512", spoken, InContext(512)),
        Case("tables, mixed target, n=512", tables, InContext(512)),
    ]
    return chosen + (longer if preset == "full" else [])


def _excess_weight(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return pi_n(k0) - alpha^Q(k0)."""
    concept = likeliest_concept(case.task)
    return jnp.exp(_log_posterior(case, data)[concept]) - case.task.target_prior[concept]


def _least_excess_weight(case: Case) -> Float[Array, ""]:
    """Return 1 - alpha^Q(k0) - sum_k C_k(n)."""
    left = 1.0 - case.task.target_prior[likeliest_concept(case.task)]
    return left - jnp.sum(likeliest_terms(case.task, context_size(case)))


def _prior_controls(preset: Preset) -> Sequence[Control]:
    styles = style_content_task(target_prior=[0.3, 0.0, 0.7, 0.0])
    return [Control(Case("two styles, grouped, n=64", styles, InContext(64), True), breaks=OWN_CONCEPTS.name)]


MIXTURE_COLLAPSE_LEMMAS = (
    Statement(
        id="weak-label-error",
        kind="equality",
        label_power=2,
        title="Mean squared error of a weak label as one of concept k",
        cases=_cases,
        measure=FromWeakData(_label_error),
        bound=_mean_label_error,
        margin=lambda case: 0.02 * float(_mean_label_error(case)),
        page=PAGE,
    ),
    Statement(
        id="mixture-drift",
        kind="equality",
        title="The log-odds drift by the difference of squared distances",
        cases=_cases,
        measure=FromWeakData(_mean_log_odds),
        bound=_drift,
        margin=lambda case: 0.03 * abs(float(_drift(case))),
        page=PAGE,
    ),
    Statement(
        id="competitors-die-out",
        kind="upper",
        title="E[1 - pi_n(k0)] <= sum of the Chernoff terms against k0",
        cases=_cases,
        measure=FromWeakData(_competitors),
        bound=lambda case: jnp.sum(competitor_terms(case.task, context_size(case))),
        trivial=lambda case: 1.0,
        support=lambda case: (0.0, 1.0),
        assumptions=(OWN_CONCEPTS,),
        controls=_posterior_controls,
        page=PAGE,
    ),
    Statement(
        id="first-order-expansion",
        kind="equality",
        label_power=2,
        title="Risk >= L^2 - 2 sum_k h_k pi_n(k), on every path (violation)",
        cases=_cases,
        measure=FromWeakData(_expansion_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5 * float(worst_risk(case)),
        page=PAGE,
    ),
    Statement(
        id="fit-keeps-the-mean",
        kind="equality",
        label_power=1,
        title="Least squares on refined labels has the labeller's mean",
        cases=_fit_cases,
        measure=FromWeakData(_fit_deviation),
        bound=lambda case: 0.0,
        margin=lambda case: 0.1 * float(jnp.sqrt(collapse(case.task).error)),
        page=PAGE,
    ),
    Statement(
        id="collapse-from-above",
        kind="upper",
        label_power=2,
        title="Risk of the labeller <= L^2 + sum_k H_k C_k(n): the limit is L^2",
        cases=_cases,
        measure=FromWeakData(student_risk),
        bound=_ceiling,
        trivial=worst_risk,
        support=lambda case: (0.0, float(worst_risk(case))),
        assumptions=(OWN_CONCEPTS,),
        page=PAGE,
    ),
    Statement(
        id="prior-collapse",
        kind="lower",
        title="E pi_n(k0) - alpha^Q(k0) >= 1 - alpha^Q(k0) - sum_k C_k(n), for concepts of any kind",
        cases=_prior_cases,
        measure=FromWeakData(_excess_weight),
        bound=_least_excess_weight,
        trivial=lambda case: 0.0,
        support=lambda case: (-1.0, 1.0),
        assumptions=(OWN_CONCEPTS,),
        controls=_prior_controls,
        page=PAGE,
    ),
)
