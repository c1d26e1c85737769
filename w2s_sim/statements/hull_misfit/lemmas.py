"""The steps of the proof of hull-misfit, and its version for a target outside the hull."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import HullProjection, Ridge
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.hull_misfit.projections import (
    distance_scale,
    gap_scale,
    hull_geometry,
    optimality_gap,
    projected_on_span,
    projected_target,
    projected_weak,
    squared_norm,
)
from w2s_sim.statements.shared.regression_examples import canonical, oblique_concepts
from w2s_sim.tasks.regression_task import ShiftedTarget, canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/hull-misfit.md"


def beside_the_hull(distance: float) -> ShiftedTarget:
    """Return the canonical task with the target moved out of the hull, along the bias of the weak model."""
    task = canonical_task()
    shift = distance * np.eye(8)[7]
    return ShiftedTarget(task.features, task.source, task.target_prior, task.supervisor, shift)


def _three_points(case: Case) -> Float[Array, ""]:
    """Return ||p - q||^2 - ||b' - q||^2 + ||b' - p||^2 - 2 <b' - p, q - p>, which is zero for any points."""
    task, projected = case.task, projected_weak(case)
    geometry = hull_geometry(task, projected)
    away = task.weak_vector - projected
    inner = away @ task.features.covariance @ (task.target_vector - projected)
    return geometry.error - geometry.weak_error + geometry.misfit - 2.0 * inner


def _span_error(case: Case) -> Float[Array, ""]:
    return hull_geometry(case.task, projected_on_span(case.task, case.task.weak_vector)).error


def _span_bound(case: Case) -> Float[Array, ""]:
    geometry = hull_geometry(case.task, projected_on_span(case.task, case.task.weak_vector))
    return geometry.weak_error - geometry.misfit


def _violation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the relative violation of the inequality by a projected student: zero on every path."""
    assert isinstance(case.estimator, HullProjection)
    task = case.task
    weak = case.estimator.student.fit(task.source, data, key=key).coefficients
    projected = case.estimator.fit(task.source, data, key=key).coefficients
    error, weak_error, misfit = (
        squared_norm(task, difference)
        for difference in (projected - task.target_vector, weak - task.target_vector, weak - projected)
    )
    size = error + weak_error + misfit
    return jnp.maximum(error - weak_error + misfit, 0.0) / jnp.where(size > 0, size, 1.0)


def _outside_error(case: Case) -> Float[Array, ""]:
    return hull_geometry(case.task, projected_weak(case)).error


def _outside_bound(case: Case) -> Float[Array, ""]:
    """Return ||b' - q||^2 - ||b' - p||^2 + 2 ||b' - p|| dist(q, hull)."""
    task = case.task
    geometry = hull_geometry(task, projected_weak(case))
    distance = jnp.sqrt(squared_norm(task, task.target_vector - projected_target(task)))
    return geometry.weak_error - geometry.misfit + 2.0 * jnp.sqrt(geometry.misfit) * distance


def _cases(preset: Preset) -> Sequence[Case]:
    projection = HullProjection(Ridge(0.0, num_weak=60))
    mixed = canonical(target_prior=[0.2, 0.0, 0.2, 0.6])
    return [
        Case("concepts not orthogonal", oblique_concepts(), projection),
        Case("mixed target", mixed, projection),
    ]


def _outside_cases(preset: Preset) -> Sequence[Case]:
    distances = (0.1, 0.7) if preset == "quick" else (0.05, 0.1, 0.3, 0.7, 1.4)
    projection = HullProjection(Ridge(0.0, num_weak=60))
    return [Case(f"target {d:g} beside the hull", beside_the_hull(d), projection) for d in distances]


HULL_MISFIT_LEMMAS = (
    Statement(
        id="projection-angle",
        kind="upper",
        label_power=2,
        title="<b' - Pi b', beta_k - Pi b'> <= 0 for every concept",
        cases=_cases,
        exact=optimality_gap,
        bound=lambda case: 0.0,
        scale=gap_scale,
        page=PAGE,
    ),
    Statement(
        id="three-points",
        kind="equality",
        label_power=2,
        title="Expansion of the squared error about the projection (gap)",
        cases=_cases,
        exact=_three_points,
        bound=lambda case: 0.0,
        margin=lambda case: 0.0,
        scale=distance_scale,
        page=PAGE,
    ),
    Statement(
        id="equality-on-subspaces",
        kind="equality",
        label_power=2,
        title="On the concepts' affine span the gain is the misfit",
        cases=_cases,
        exact=_span_error,
        bound=_span_bound,
        margin=lambda case: 0.0,
        scale=distance_scale,
        page=PAGE,
    ),
    Statement(
        id="gain-on-every-path",
        kind="equality",
        title="The same for students fitted on data, on every path (violation, relative)",
        cases=lambda preset: _cases(preset)[1:],
        measure=FromWeakData(_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-4,
        page=PAGE,
    ),
    Statement(
        id="target-outside-the-hull",
        kind="upper",
        label_power=2,
        title="Outside the hull: misfit less 2 ||b' - Pi b'|| dist(target, hull)",
        cases=_outside_cases,
        exact=_outside_error,
        bound=_outside_bound,
        scale=distance_scale,
        page=PAGE,
    ),
)
