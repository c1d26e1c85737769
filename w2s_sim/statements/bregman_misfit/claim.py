"""Theorem bregman-misfit: the information projection on the concepts' mixtures gains at least the misfit."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.estimators import Estimator, InformationProjection, MaximumLikelihood
from w2s_sim.statements.bregman_misfit.lemmas import (
    BREGMAN_MISFIT_LEMMAS,
    NUM_WEAK,
    gain_bound,
    projected,
)
from w2s_sim.statements.bregman_misfit.projected_law import (
    FiniteCase,
    divergences_of,
    gap_of,
    gap_scale_of,
    target_law,
)
from w2s_sim.statements.bregman_misfit.weak_laws import (
    MIXED_TARGET,
    across_the_mixtures,
    erring_weak_model,
    unknown_concept,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.broken_learners import LeastDivergentConcept
from w2s_sim.statements.shared.double_precision import in_double
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task
from w2s_sim.statements.shared.finite_outcomes import FINITE_OUTCOMES, SOURCE_COVERS_TARGET

# Largest optimality gap of an exact projection, as a share of the scale of the gap.
EXACT = 1e-11


def error(case: FiniteCase) -> Float[Array, ""]:
    """Return KL(f* || S), the excess log loss of the student in nats."""
    return divergences_of(case).error


def terms(case: FiniteCase) -> dict[str, Float[Array, ""]]:
    """Return the summands of the bound in nats: the weak model's loss, and the misfit with its sign."""
    found = divergences_of(case)
    return {"loss of the weak model": found.weak_error, "misfit": -found.misfit}


def cases(preset: Preset) -> Sequence[FiniteCase]:
    shifted = [
        projected(f"labels shifted, share {share:g}", table_task(shift=share, target_prior=MIXED_TARGET))
        for share in ((0.3,) if preset == "quick" else (0.1, 0.3, 0.6, 0.9))
    ]
    across = [
        projected(f"weak law {size:g} nats across", across_the_mixtures(size))
        for size in ((0.5,) if preset == "quick" else (0.1, 0.5, 2.0))
    ]
    others = [
        projected("weak law across, point-mass target", across_the_mixtures(0.5, [0.0, 0.0, 0.0, 1.0])),
        projected("labels shifted, point-mass target", table_task(shift=0.3)),
        projected("labels blurred", table_task(share=0.4, target_prior=MIXED_TARGET)),
    ]
    count = 3 if preset == "quick" else 20
    drawn = [projected(f"random weak model {seed}", erring_weak_model(seed)) for seed in range(count)]
    larger = [
        projected("wrong contents", style_content_task(target_prior=[0.1, 0.0, 0.7, 0.2])),
        projected("three languages", language_task(share=0.3, target_prior=[0.2, 0.3, 0.5])),
    ]
    return [*shifted, *across, *others, *drawn, *(larger if preset == "full" else [])]


def controls(preset: Preset) -> Sequence[Control]:
    task = table_task(shift=0.3, target_prior=MIXED_TARGET)
    return [
        Control(
            Case("maximum likelihood", across_the_mixtures(2.0), MaximumLikelihood(num_weak=NUM_WEAK)),
            breaks="projection in the reverse divergence",
        ),
        Control(
            Case("the least divergent concept", task, LeastDivergentConcept(num_weak=NUM_WEAK)),
            breaks="projection on a convex set",
        ),
        Control(
            projected("a concept that the source excludes", unknown_concept()), SOURCE_COVERS_TARGET.name
        ),
    ]


@in_double
def _weak_law_covers_target(case: FiniteCase) -> bool:
    return bool(jnp.all(case.task.weak_law[target_law(case.task) > 0] > 0))


@in_double
def _projection_is_exact(case: FiniteCase) -> bool:
    if type(case.estimator) is not InformationProjection:
        return True
    return bool(gap_of(case) <= EXACT * gap_scale_of(case))


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    """Build the projection; the theorem is about its limit for large num_weak."""
    return InformationProjection(num_weak=numbers["num_weak"])


BREGMAN_MISFIT = Statement(
    id="bregman-misfit",
    kind="upper",
    title="The information projection on the mixtures of concepts gains the misfit",
    summary=(
        "Of all mixtures of its concepts the strong model takes the one of least divergence from the weak "
        "labels' law: its log loss is below the weak model's by at least that divergence, the misfit, which "
        "no true label is needed to know."
    ),
    formula=(
        r"\mathrm{KL}(f^\star\Vert S)\;\le\;\mathrm{KL}(f^\star\Vert T)-\mathrm{KL}(S\Vert T),\qquad "
        r"S=\arg\min_{p\in\mathrm{conv}\{p_k\}}\mathrm{KL}(p\Vert T)"
    ),
    cases=cases,
    bound=gain_bound,
    exact=error,
    assumptions=(
        FINITE_OUTCOMES,
        Assumption(
            "projection in the reverse divergence",
            lambda case: isinstance(case.estimator, InformationProjection),
        ),
        Assumption(
            "projection on a convex set", lambda case: not isinstance(case.estimator, LeastDivergentConcept)
        ),
        SOURCE_COVERS_TARGET,
        Assumption("a weak law that covers the target", _weak_law_covers_target),
        Assumption("projection computed to rounding", _projection_is_exact),
    ),
    trivial=lambda case: divergences_of(case).weak_error,
    terms=terms,
    lemmas=BREGMAN_MISFIT_LEMMAS,
    controls=controls,
    parameters=(Parameter.of(InformationProjection, "num_weak", "weak pairs n", NUM_WEAK, default=NUM_WEAK),),
    build_estimator=build_estimator,
    quantity="excess log loss of the projected weak law (nats)",
    plot_axis="num_weak",
    reference="after Mulgund & Pabbaraju 2025, arXiv 2501.19105; the projection after Csiszar 1975",
    page="theory/bregman-misfit.md",
)
