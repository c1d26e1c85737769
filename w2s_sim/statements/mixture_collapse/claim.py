"""Theorem mixture-collapse: if each demonstration draws its own concept, a mixed target is not recovered."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, Support
from w2s_sim.estimators import InContext, LeastSquares, Refinement, Ridge
from w2s_sim.identification import quadrature_is_resolved
from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian, UniformCube
from w2s_sim.laws.noise import NormalNoise
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.mixture_collapse.lemmas import (
    MIXTURE_COLLAPSE_LEMMAS,
    OWN_CONCEPTS,
    two_of_four,
    worst_risk,
)
from w2s_sim.statements.mixture_collapse.posterior_limit import (
    collapse,
    compared_with_nearest,
    competitor_terms,
    context_size,
    weighted,
)
from w2s_sim.statements.shared.bounded_metrics import RISK
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.grouped_terms import with_target
from w2s_sim.statements.shared.refined_risk import has_known_fit, refined_risk, refined_risk_range
from w2s_sim.statements.shared.refined_students import (
    INDEPENDENT_QUERIES,
    LEAST_SQUARES,
    REFINED,
    REFINING_PARAMETERS,
    build_refined,
)
from w2s_sim.statements.shared.refinement_terms import num_demonstrations
from w2s_sim.statements.shared.regression_examples import canonical, noisy, polynomial_features
from w2s_sim.statements.shared.student_error import student_risk
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData


def terms(case: Case) -> dict[str, Float[Array, ""]]:
    """Return L^2, and the largest reduction of the risk by each competitor, as a negative term."""
    end = collapse(case.task)
    gains = 2.0 * weighted(end.pulls, competitor_terms(case.task, context_size(case)))
    return {"risk of the nearest concept": end.error} | {
        f"concept {k + 1}": -gains[k] for k in range(case.task.num_concepts)
    }


def bound(case: Case) -> Float[Array, ""]:
    """Return L^2 - 2 sum_k h_k C_k(n), in squared label units."""
    return sum(terms(case).values(), start=jnp.zeros(()))


def _risk(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the conditional risk given the contexts if it is known, as its range is too; else the risk."""
    return refined_risk(key, data, case) if has_known_fit(case) else student_risk(key, data, case)


def _support(case: Case) -> Support:
    if has_known_fit(case):
        return refined_risk_range(case)
    return 0.0, float(worst_risk(case)) if isinstance(case.estimator, InContext) else float("inf")


def _spans(law: FeatureLaw) -> bool:
    """Return whether N >= d draws of the features span R^d with probability one."""
    if isinstance(law, Anisotropic):
        factor = np.asarray(law.factor, dtype=np.float64)
        return _spans(law.base) and bool(np.linalg.matrix_rank(factor) == law.dim)
    return isinstance(law, Gaussian | UniformCube)


def between_two() -> TransferTask:
    """Return a task with a uniform target on two concepts; a third one, of weight zero, lies between them."""
    concepts = np.eye(4, 8)
    concepts[2] = [0.5, 0.5, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0]
    return canonical(source_prior=[0.25] * 4, target_prior=[0.5, 0.5, 0.0, 0.0], concepts=concepts.tolist())


def stretched() -> TransferTask:
    """Return a task whose bias points along a feature of variance 4, towards the concept of small weight.

    The weak model is nearest to that concept in Sigma's norm, and to the other one in the Euclidean norm.
    """
    return canonical(
        source_prior=[0.25] * 4,
        target_prior=[0.1, 0.0, 0.0, 0.9],
        features=Anisotropic(Gaussian(8), np.diag([2.0] + [1.0] * 7)),
        supervisor=RegressionSupervisor(np.eye(4, 8) + 0.6 * np.eye(8)[0], 0.5),
    )


def already_right() -> TransferTask:
    """Return the task with source prior equal to target prior: without demonstrations the error is zero."""
    prior = [0.1, 0.1, 0.1, 0.7]
    return canonical(source_prior=prior, target_prior=prior)


def cases(preset: Preset) -> Sequence[Case]:
    tenth, fifth = two_of_four(0.1), two_of_four(0.2)
    unbiased = noisy(0.5).supervisor
    student = Refinement(64, LeastSquares(num_weak=12), context="fresh", labels="mean")
    chosen = [
        Case("10% on another concept, n=32", tenth, InContext(32)),
        Case("10% on another concept, n=64", tenth, InContext(64)),
        Case("20% on another concept, n=128", fifth, InContext(128)),
        Case("all four concepts, n=64", canonical(target_prior=[0.05, 0.05, 0.05, 0.85]), InContext(64)),
        Case("source already right, n=128", already_right(), InContext(128)),
        Case("nearest concept without weight, n=128", between_two(), InContext(128)),
        Case("nearest in Sigma's norm, n=128", stretched(), InContext(128)),
        Case("noisy weak model, n=32", two_of_four(0.1, supervisor=unbiased), InContext(32)),
        Case("noisy, student of fresh contexts, n=64, N=12", two_of_four(0.2, supervisor=unbiased), student),
    ]
    if preset == "quick":
        return chosen
    pair = regression_task(8, 2, source_prior=[0.8, 0.2], target_prior=[0.2, 0.8])
    uniform = two_of_four(0.1, features="uniform")
    monomials = with_target(polynomial_features(), jnp.array([0.2, 0.0, 0.8]))
    return [
        *chosen,
        *(Case(f"10% on another concept, n={n}", tenth, InContext(n)) for n in (4, 8, 16, 48)),
        Case("20% on another concept, n=64", fifth, InContext(64)),
        Case("35% on another concept, n=256", two_of_four(0.35), InContext(256)),
        Case("bias 1.4, n=128", two_of_four(0.1, bias=1.4), InContext(128)),
        Case("K=2, n=64", pair, InContext(64)),
        Case("uniform features, n=32", uniform, InContext(32)),
        Case("polynomial features, 20% on another concept, n=128", monomials, InContext(128)),
        Case(
            "uniform, student of one context, n=64, N=16", uniform, Refinement(64, LeastSquares(num_weak=16))
        ),
        Case("student of one context, n=128, N=60", fifth, Refinement(128, LeastSquares(num_weak=60))),
    ]


def controls(preset: Preset) -> Sequence[Control]:
    third, right = two_of_four(0.35), already_right()
    averaged = Refinement(16, LeastSquares(num_weak=40), context="fresh", labels="mean")
    anchored = Refinement(128, Ridge(1.0, num_weak=16), labels="mean")
    return [
        Control(
            Case("fresh grouped contexts, n=16, N=40", third, averaged, grouped=True),
            breaks=OWN_CONCEPTS.name,
            believed=Case("long ungrouped contexts", third, InContext(512)),
        ),
        Control(
            Case("student held back by a source that is right, n=128", right, anchored),
            breaks=LEAST_SQUARES.name,
        ),
    ]


MIXTURE_COLLAPSE = Statement(
    id="mixture-collapse",
    kind="lower",
    label_power=2,
    title="A mixed target collapses on one concept",
    summary=(
        "Where every demonstration draws its own concept from a mixed target, the posterior settles on the "
        "single concept nearest to the weak model's mean, and refinement keeps that concept's error for good."
    ),
    formula=(
        r"\mathbb{E}R \;\ge\; L^2-2\sum_{k\ne k_0}h_k\min_{0\le s\le1}"
        r"\Bigl(\frac{\alpha^P_k}{\alpha^P_{k_0}}\Bigr)^{s}m_k(s)^n \;\longrightarrow\; "
        r"L^2=\lVert\beta_{k_0}-\beta_Q\rVert_\Sigma^2"
    ),
    cases=cases,
    bound=bound,
    measure=FromWeakData(_risk),
    assumptions=(
        REFINED,
        OWN_CONCEPTS,
        Assumption(
            "normal label noise of the strong model",
            lambda case: isinstance(case.task.source.law, NormalNoise),
        ),
        INDEPENDENT_QUERIES,
        LEAST_SQUARES,
        FINITE_VARIANCE,
        Assumption(
            "features that span every direction for a fitted student",
            lambda case: isinstance(case.estimator, InContext) or _spans(case.task.features),
        ),
        Assumption(
            "moments resolved by quadrature",
            lambda case: quadrature_is_resolved(compared_with_nearest(case.task), num_demonstrations(case)),
        ),
    ),
    support=_support,
    trivial=lambda case: 0.0,
    terms=terms,
    lemmas=MIXTURE_COLLAPSE_LEMMAS,
    controls=controls,
    parameters=REFINING_PARAMETERS,
    build_estimator=build_refined,
    bounded_metric=RISK,
    quantity="excess risk (squared label units)",
    plot_axis="num_demonstrations",
    reference="After Somerstep et al. 2025, arXiv 2508.17018 (irreducible error of refinement)",
    page="theory/mixture-collapse.md",
)
