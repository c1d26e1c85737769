"""Theorem hull-misfit: projecting the weak model on the hull of the concepts gains at least the misfit."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.estimators import Estimator, HullProjection, Ridge
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.hull_misfit.lemmas import HULL_MISFIT_LEMMAS, beside_the_hull
from w2s_sim.statements.hull_misfit.projections import (
    distance_scale,
    gap_scale,
    hull_geometry,
    largest_distance,
    longest_vector,
    optimality_gap,
    projected_target,
    projected_weak,
    projects_in_the_features_norm,
    squared_norm,
)
from w2s_sim.statements.shared.broken_learners import NearestConcept
from w2s_sim.statements.shared.double_precision import in_double
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_concept, oblique_concepts
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

# Distance, as a share of the hull's size, up to which two points count as equal; float64, as the assumptions.
SAME_POINT = 1e-12
# Largest optimality gap of an exact projection, as a share of the scale of the gap.
EXACT = 1e-10


def error(case: Case) -> Float[Array, ""]:
    """Return ||Pi beta'_Q - beta_Q||^2 in Sigma's norm, in squared label units."""
    return hull_geometry(case.task, projected_weak(case)).error


def bound(case: Case) -> Float[Array, ""]:
    """Return ||beta'_Q - beta_Q||^2 - ||beta'_Q - Pi beta'_Q||^2 in Sigma's norm, in squared label units."""
    geometry = hull_geometry(case.task, projected_weak(case))
    return geometry.weak_error - geometry.misfit


def _target_in_hull(case: Case) -> bool:
    task = case.task
    distance = jnp.sqrt(squared_norm(task, task.target_vector - projected_target(task)))
    rounding = 4.0 * jnp.finfo(distance.dtype).eps * longest_vector(task)
    return bool(distance <= SAME_POINT * largest_distance(task) + rounding)


def _projection_is_exact(case: Case) -> bool:
    return isinstance(case.estimator, NearestConcept) or bool(optimality_gap(case) <= EXACT * gap_scale(case))


def erring_weak_model(seed: int, *, num_concepts: int = 4, dim: int = 8, size: float = 0.5) -> TransferTask:
    """Return a task with a mixed target whose weak concepts err by about `size` in random directions."""
    generator = np.random.default_rng(seed)
    concepts = np.eye(num_concepts, dim)
    errors = generator.standard_normal((num_concepts, dim)) * size / dim**0.5
    return regression_task(
        dim,
        num_concepts,
        source_prior=[1.0 / num_concepts] * num_concepts,
        target_prior=generator.dirichlet(np.ones(num_concepts)).tolist(),
        supervisor=RegressionSupervisor(concepts + errors, 0.5),
    )


def cases(preset: Preset) -> Sequence[Case]:
    scaled = Anisotropic(Gaussian(8), np.diag(np.linspace(0.6, 1.4, 8)))
    general = erring_weak_model(0)
    stretched = TransferTask(scaled, general.source, general.target_prior, general.supervisor)
    chosen = [
        Case("canonical", canonical_task(), HullProjection(Ridge(0.0, num_weak=60))),
        Case("leans to a wrong concept, t=0.25", leaning_to_concept(0.25), _projection()),
        Case("leans past a wrong concept, t=1.25", leaning_to_concept(1.25), _projection()),
        Case("mixed target, weak model in the hull's span", _in_span(), _projection()),
        Case("concepts not orthogonal", oblique_concepts(), _projection()),
        Case("mixed target, general weak model", general, _projection()),
        Case("anisotropic features", stretched, HullProjection(Ridge(0.0, num_weak=60), scaled.covariance)),
        Case("d=20, K=8, general weak model", erring_weak_model(1, num_concepts=8, dim=20), _projection()),
        Case("d=2, K=5: more concepts than features", _crowded(), _projection()),
    ]
    count = 4 if preset == "quick" else 40
    drawn = [
        Case(f"general weak model, draw {seed}", erring_weak_model(seed, size=1.0), _projection())
        for seed in range(2, 2 + count)
    ]
    return chosen + drawn


def _projection() -> HullProjection:
    return HullProjection(Ridge(0.0, num_weak=60))


def _in_span() -> TransferTask:
    """Return a task with a uniform target whose weak error lies partly in the hull's span, partly orthogonal.

    The projection on the span lies in the hull, so that the bound is an equality by Pythagoras.
    """
    lean = np.eye(4, 8) + 0.1 * np.eye(8)[1] - 0.1 * np.eye(8)[0] + 0.5 * np.eye(8)[6]
    return canonical(target_prior=[0.25] * 4, supervisor=RegressionSupervisor(lean, 0.5))


def _across_in_one_norm() -> TransferTask:
    """Return a task whose weak error is orthogonal to the hull in the Euclidean norm, but not in Sigma's."""
    lean = np.eye(4, 8) + 0.1 * (np.eye(8)[1] - np.eye(8)[0]) + 0.2 * np.eye(4, 8).sum(axis=0)
    stretched = Anisotropic(Gaussian(8), np.diag([2.0] + [1.0] * 7))
    return canonical(target_prior=[0.25] * 4, features=stretched, supervisor=RegressionSupervisor(lean, 0.5))


def _crowded() -> TransferTask:
    angles = 2.0 * np.pi * np.arange(5) / 5
    concepts = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return regression_task(
        2,
        5,
        source_prior=[0.2] * 5,
        target_prior=[0.6, 0.4, 0.0, 0.0, 0.0],
        concepts=concepts.tolist(),
        supervisor=RegressionSupervisor(1.5 * concepts + 0.1, 0.5),
    )


def controls(preset: Preset) -> Sequence[Control]:
    nearest = NearestConcept(Ridge(0.0, num_weak=60))
    return [
        Control(Case("the nearest bare concept", _in_span(), nearest), breaks="projection on a convex set"),
        Control(
            Case("target beside the hull, where the weak model is", beside_the_hull(0.7), _projection()),
            breaks="target in the hull",
        ),
        Control(
            Case(
                "projection in the Euclidean norm, anisotropic features", _across_in_one_norm(), _projection()
            ),
            breaks="projection in the norm of the features",
        ),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    """Build ridge to the source, projected on the hull; the theorem is about its limit for large num_weak."""
    return HullProjection(Ridge(numbers["ridge"], num_weak=numbers["num_weak"]))


HULL_MISFIT = Statement(
    id="hull-misfit",
    kind="upper",
    label_power=2,
    title="Projection on the hull of concepts gains the misfit",
    summary=(
        "Projected on what the strong model can say, the convex hull of its concepts, the weak model loses "
        "at least as much error as it disagrees with its projection."
    ),
    formula=(
        r"\lVert\Pi\beta'_Q-\beta_Q\rVert_\Sigma^2 \;\le\; \lVert\beta'_Q-\beta_Q\rVert_\Sigma^2"
        r"-\lVert\beta'_Q-\Pi\beta'_Q\rVert_\Sigma^2"
    ),
    cases=cases,
    bound=bound,
    exact=error,
    assumptions=(
        Assumption("projection on a convex set", lambda case: not isinstance(case.estimator, NearestConcept)),
        Assumption("target in the hull", in_double(_target_in_hull)),
        Assumption(
            "projection in the norm of the features",
            in_double(lambda case: bool(projects_in_the_features_norm(case))),
        ),
        Assumption("projection computed to rounding", in_double(_projection_is_exact)),
    ),
    scale=distance_scale,
    trivial=lambda case: hull_geometry(case.task, projected_weak(case)).weak_error,
    lemmas=HULL_MISFIT_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(Ridge, "num_weak", "weak pairs n of the student that is projected", 60, default=60),
        Parameter.of(Ridge, "ridge", "its ridge to the source, eta", default=0.0),
        Parameter("grouped", bool, "all pairs share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    quantity="squared error of the projected weak model (squared label units)",
    plot_axis="num_weak",
    reference="Charikar, Pabbaraju & Shiragur 2024, arXiv 2405.15116, Theorem 1 (here for a hull)",
    page="theory/hull-misfit.md",
)
