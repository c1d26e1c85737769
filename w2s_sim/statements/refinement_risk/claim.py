"""Theorem refinement-risk: a student fitted to refined labels reaches the target, below the naive floor."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.estimators import InContext, LeastSquares, Refinement
from w2s_sim.identification import quadrature_is_resolved
from w2s_sim.identification.voronoi import voronoi_winner
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.refinement_risk.lemmas import REFINEMENT_RISK_LEMMAS
from w2s_sim.statements.shared.bounded_metrics import ISOTROPIC_RISK
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.quantities import squared_distances
from w2s_sim.statements.shared.refined_risk import REFINED_RISK
from w2s_sim.statements.shared.refined_students import (
    INDEPENDENT_QUERIES,
    LEAST_SQUARES,
    REFINED,
    REFINING_PARAMETERS,
    build_refined,
)
from w2s_sim.statements.shared.refinement_terms import num_demonstrations, refinement_terms, spread_bound
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    leaning_to_concept,
    many_concepts,
    noisy,
    ten_dimensional_uniform,
)
from w2s_sim.tasks.regression_task import canonical_task, paper_task


def terms(case: Case) -> dict[str, Float[Array, ""]]:
    """Return the bound's summands: error and spread of the labels, amplification by the fit, label noise."""
    return refinement_terms(case, spread_bound(case.task, num_demonstrations(case)))


def bound(case: Case) -> Float[Array, ""]:
    return sum(terms(case).values(), start=jnp.zeros(()))


def trivial(case: Case) -> Float[Array, ""]:
    """Return the bound with the largest squared distance for the mean one, which needs no theorem."""
    reach = jnp.max(squared_distances(case.task))
    return sum(refinement_terms(case, reach).values(), start=jnp.zeros(()))


def cases(preset: Preset) -> Sequence[Case]:
    task, wider = canonical_task(), ten_dimensional_uniform()
    fit = LeastSquares(num_weak=60)
    labellers = [
        Case(f"canonical, labeller, n={n}", task, InContext(n))
        for n in ((8, 16, 24) if preset == "quick" else (2, 4, 8, 16, 24, 32))
    ]
    students = [
        Case(f"canonical, student, n={n}, N=60", task, Refinement(n, fit))
        for n in ((24,) if preset == "quick" else (4, 8, 16, 24, 32))
    ]
    left_out = Refinement(15, LeastSquares(num_weak=64), context="leave-one-out")
    variants = [
        Case("d=10, K=4, uniform prior, n=16, N=60", wider, Refinement(16, fit)),
        Case("d=10, K=4, fresh contexts", wider, Refinement(16, fit, context="fresh")),
        Case("d=10, K=4, posterior-mean labels", wider, Refinement(16, fit, labels="mean")),
        Case("d=10, K=4, N=16", wider, Refinement(16, LeastSquares(num_weak=16))),
        Case("d=10, K=4, leave-one-out", wider, left_out),
        Case("canonical, rademacher, labeller, n=16", canonical(features="rademacher"), InContext(16)),
        Case("noisy, sigma'=1, labeller, n=16", noisy(1.0), InContext(16)),
        Case("the paper's setting, labeller, n=48", paper_task(), InContext(48)),
        Case("leans to a wrong concept, t=0.25, n=32", leaning_to_concept(0.25), InContext(32)),
    ]
    larger = [
        Case("canonical, student, n=16, N=240", task, Refinement(16, LeastSquares(num_weak=240))),
        Case("canonical, uniform features, labeller, n=16", canonical(features="uniform"), InContext(16)),
        Case("d=20, K=8, student, n=24, N=100", many_concepts(), Refinement(24, LeastSquares(num_weak=100))),
    ]
    return labellers + students + variants + (larger if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    length = 0.8 * 2.0**0.5
    shrunk = canonical(features=Anisotropic(Gaussian(8), 0.5 * np.eye(8)))
    student = Refinement(32, LeastSquares(num_weak=60))
    return [
        Control(
            Case("features half as large, student, n=32, N=60", shrunk, student),
            breaks="standard Gaussian features for a fitted student",
            believed=Case("standard features", canonical_task(), student),
        ),
        Control(
            Case("weak concept outside the Voronoi cell, n=32", leaning_to_concept(0.8), InContext(32)),
            breaks="weak concept in the right Voronoi cell",
            believed=Case("orthogonal bias of that length", canonical(bias=length), InContext(32)),
        ),
        Control(
            Case(
                "mixed target, ungrouped demonstrations, n=32",
                canonical(target_prior=[0.35, 0.0, 0.0, 0.65]),
                InContext(32),
            ),
            breaks="point-mass target",
            believed=Case("point-mass target", canonical_task(), InContext(32)),
        ),
    ]


REFINEMENT_RISK = Statement(
    id="refinement-risk",
    kind="upper",
    label_power=2,
    title="Refinement reaches the target",
    summary=(
        "A student fitted on labels that the strong model refined in context has a risk that vanishes "
        "with the number of demonstrations n and of queries N, and so falls below the naive floor."
    ),
    formula=(
        r"\mathbb{E}R \;\le\; B_n\max(1,\tau)+\frac{\sigma^2 d}{N-d-1},"
        r"\qquad \mathbb{E}\,\lVert\beta_{\mathrm{ref}}-\beta_*\rVert^2\le B_n=\sum_k\delta_k^2T_k(n),"
        r"\qquad \tau=\frac{(d+2)(N-2)}{(N+2)(N-d-1)}"
    ),
    cases=cases,
    bound=bound,
    measure=REFINED_RISK,
    assumptions=(
        REFINED,
        POINT_MASS,
        Assumption(
            "weak concept in the right Voronoi cell",
            lambda case: int(voronoi_winner(case.task)) == int(case.task.target_concept),
        ),
        INDEPENDENT_QUERIES,
        LEAST_SQUARES,
        Assumption(
            "standard Gaussian features for a fitted student",
            lambda case: isinstance(case.estimator, InContext) or isinstance(case.task.features, Gaussian),
        ),
        Assumption(
            "moments resolved by quadrature",
            lambda case: quadrature_is_resolved(case.task, num_demonstrations(case)),
        ),
    ),
    trivial=trivial,
    terms=terms,
    lemmas=REFINEMENT_RISK_LEMMAS,
    controls=controls,
    parameters=REFINING_PARAMETERS,
    build_estimator=build_refined,
    bounded_metric=ISOTROPIC_RISK,
    quantity="squared error (squared label units)",
    plot_axis="num_demonstrations",
    reference="After Somerstep et al. 2025, arXiv 2405.16236, its theorems on in-context refinement",
    page="theory/refinement-risk.md",
)
