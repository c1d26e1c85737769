"""Theorem concept-identification: weak demonstrations in context identify the intended concept."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import ContextEstimator, Estimator, InContext
from w2s_sim.identification import (
    can_be_misidentified,
    identification_bound,
    log_chernoff_terms,
    quadrature_is_resolved,
)
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.laws.noise import LogisticNoise, StudentTNoise
from w2s_sim.statements.concept_identification.lemmas import (
    CONCEPT_IDENTIFICATION_LEMMAS,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.bounded_metrics import MISIDENTIFICATION
from w2s_sim.statements.shared.broken_learners import RepeatedDemonstration
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    fourier_features,
    leaning_to_concept,
    many_concepts,
    noisy,
    oblique_concepts,
    polynomial_features,
    two_concepts,
)
from w2s_sim.tasks.regression_task import canonical_task, paper_task
from w2s_sim.tasks.task import WeakData


def misidentification(log_posterior: Float[Array, " K"], intended: Array) -> Float[Array, ""]:
    """Return 1 - pi(k*) as the sum over the other concepts, which is accurate for small values."""
    others = jnp.arange(log_posterior.shape[0]) != intended
    return jnp.exp(jax.nn.logsumexp(jnp.where(others, log_posterior, -jnp.inf)))


def evaluate(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return 1 - pi_n(k*) of one context, a probability."""
    assert isinstance(case.estimator, ContextEstimator)
    log_posterior = case.estimator.log_posterior(case.task.source, data)
    return misidentification(log_posterior, case.task.target_concept)


def bound(case: Case) -> Float[Array, ""]:
    return identification_bound(case.task, _size(case))


def terms(case: Case) -> dict[str, Float[Array, ""]]:
    """Return the summands of the bound, one per competing concept."""
    log_terms, _ = log_chernoff_terms(case.task, jnp.asarray(_size(case), dtype=float))
    return {f"concept {k + 1}": jnp.exp(log_terms[k]) for k in range(case.task.num_concepts)}


def support(case: Case) -> tuple[float, float]:
    """Return the range of 1 - pi_n(k*), which is always 0 if no competitor is possible, such as for K = 1."""
    return 0.0, float(can_be_misidentified(case.task))


def _size(case: Case) -> int:
    assert isinstance(case.estimator, ContextEstimator)
    return case.estimator.num_demonstrations


def cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    sizes = (4, 8, 16, 24) if preset == "quick" else (1, 2, 4, 8, 16, 24, 32)
    scaled = Anisotropic(Gaussian(8), np.diag(np.linspace(0.6, 1.4, 8)))
    path = [Case(f"canonical, n={n}", task, InContext(n)) for n in sizes]
    others = [
        Case("rademacher features, n=16", canonical(features="rademacher"), InContext(16)),
        Case("anisotropic features, n=16", canonical(features=scaled), InContext(16)),
        Case("noisy, sigma'=0.5, n=8", noisy(0.5), InContext(8)),
        Case("noisy, sigma'=1, n=16", noisy(1.0), InContext(16)),
        Case("bias 1.4, n=32", canonical(bias=1.4), InContext(32)),
        Case("d=20, K=8, uniform prior, n=16", many_concepts(), InContext(16)),
        Case("leans to a wrong concept, t=0.25, n=32", leaning_to_concept(0.25), InContext(32)),
        Case("concepts not orthogonal, n=32", oblique_concepts(), InContext(32)),
        Case("mixed target, ungrouped, n=16", canonical(target_prior=[0.15, 0.0, 0.0, 0.85]), InContext(16)),
        Case("K=2, uniform prior, n=2", two_concepts(), InContext(2)),
        Case("the paper's setting, n=48", paper_task(), InContext(48)),
        Case("polynomial features of two inputs, n=16", polynomial_features(), InContext(16)),
        Case("logistic label noise, n=16", canonical(law=LogisticNoise()), InContext(16)),
        Case("student t label noise, n=16", canonical(law=StudentTNoise(5.0)), InContext(16)),
    ]
    longer = [
        Case("K=2, uniform prior, n=8", two_concepts(), InContext(8)),
        Case("K=2, uniform prior, n=24", two_concepts(), InContext(24)),
        Case("uniform features, n=8", canonical(features="uniform"), InContext(8)),
        Case("uniform features, n=16", canonical(features="uniform"), InContext(16)),
        Case("rademacher features, n=32", canonical(features="rademacher"), InContext(32)),
        Case("random Fourier features, n=32", fourier_features(), InContext(32)),
    ]
    return path + others + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    case = Case("one demonstration, shown 32 times", canonical_task(), RepeatedDemonstration(32))
    return [Control(case, breaks="independent demonstrations")]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return InContext(numbers["num_demonstrations"])


CONCEPT_IDENTIFICATION = Statement(
    id="concept-identification",
    kind="upper",
    title="Weak demonstrations identify the concept",
    summary=(
        "After n weak demonstrations in context the strong model's posterior settles on the intended "
        "concept at an exponential rate; for Gaussian features an orthogonal bias of the weak model acts "
        "only as extra noise."
    ),
    formula=(
        r"\mathbb{E}\,[1-\pi_n(k^*)] \;\le\; \sum_{k\ne k^*}\,\min_{0\le s\le 1}\, "
        r"s^s(1-s)^{1-s}\Bigl(\frac{\alpha^P_k}{\alpha^P_{*}}\Bigr)^{s} m_k(s)^n"
    ),
    cases=cases,
    bound=bound,
    measure=FromWeakData(evaluate),
    assumptions=(
        Assumption(
            "posterior of one context",
            lambda case: isinstance(case.estimator, ContextEstimator),
        ),
        Assumption(
            "independent demonstrations",
            lambda case: (
                not isinstance(case.estimator, RepeatedDemonstration)
                and case.task.source.reads_independently
                and (not case.grouped or case.task.has_point_mass_target)
            ),
        ),
        Assumption(
            "a source prior that holds the intended concept",
            lambda case: float(case.task.source.prior[case.task.target_concept]) > 0,
        ),
        Assumption(
            "moments resolved by quadrature", lambda case: quadrature_is_resolved(case.task, _size(case))
        ),
    ),
    support=support,
    trivial=lambda case: 1.0,
    terms=terms,
    lemmas=CONCEPT_IDENTIFICATION_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(InContext, "num_demonstrations", "demonstrations n in context", 16, required=True),
        Parameter("grouped", bool, "all demonstrations share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    bounded_metric=MISIDENTIFICATION,
    quantity="1 - posterior of the concept (probability)",
    plot_axis="num_demonstrations",
    reference="After Somerstep et al. 2025, arXiv 2405.16236 (in-context refinement)",
    page="theory/concept-identification.md",
)
