"""The weak model's mean predictor and its projections: what hull-misfit and its lemmas speak about."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.estimators import HullProjection
from w2s_sim.estimators.hull_projection import project_on_hull
from w2s_sim.statements.broken_learners import NearestConcept, nearest_concept
from w2s_sim.statements.case import Case
from w2s_sim.task import TransferTask


class HullGeometry(NamedTuple):
    """Squared distances in Sigma's norm, in squared label units.

    Attributes:
        error: ||Pi b' - beta_Q||^2 of the projected weak model.
        weak_error: ||b' - beta_Q||^2 of the weak model.
        misfit: ||b' - Pi b'||^2, what the projection takes away.
    """

    error: Float[Array, ""]
    weak_error: Float[Array, ""]
    misfit: Float[Array, ""]


def hull_geometry(task: TransferTask, projected: Float[Array, " d"]) -> HullGeometry:
    """The three squared distances, for the projection of beta'_Q that is given."""
    target, weak = task.target_vector, task.weak_vector
    pairs = ((projected, target), (weak, target), (weak, projected))
    return HullGeometry(*(squared_norm(task, first - second) for first, second in pairs))


def squared_norm(task: TransferTask, vector: Float[Array, " d"]) -> Float[Array, ""]:
    """||v||^2 in Sigma's norm."""
    return vector @ task.features.covariance @ vector


def projected_weak(case: Case) -> Float[Array, " d"]:
    """Pi beta'_Q as the case's estimator projects, in its own norm, in the limit of many weak labels."""
    vectors, weak = case.task.source.vectors, case.task.weak_vector
    if isinstance(case.estimator, NearestConcept):
        return nearest_concept(vectors, weak)
    return project_on_hull(vectors, weak, norm_of_projection(case))


def norm_of_projection(case: Case) -> Float[Array, "d d"]:
    """The matrix of the norm in which the case's estimator projects."""
    assert isinstance(case.estimator, HullProjection)
    covariance = case.estimator.covariance
    return jnp.eye(case.task.dim) if covariance is None else covariance


def projected_target(task: TransferTask) -> Float[Array, " d"]:
    """The point of the hull nearest to the target: the target itself if it is a mixture of concepts."""
    return project_on_hull(task.source.vectors, task.target_vector, task.features.covariance)


def projected_on_span(task: TransferTask, point: Float[Array, " d"]) -> Float[Array, " d"]:
    """The point of the concepts' affine span nearest to `point`, in Sigma's norm."""
    origin = task.source.vectors[0]
    basis = task.source.vectors[1:] - origin
    covariance = task.features.covariance
    gram = basis @ covariance @ basis.T
    weights = jnp.linalg.pinv(gram, hermitian=True) @ (basis @ covariance @ (point - origin))
    return origin + weights @ basis


def optimality_gap(case: Case) -> Float[Array, ""]:
    """max_k <b' - p, beta_k - p> in the estimator's norm: 0, up to rounding, exactly at its projection p."""
    task, projected = case.task, projected_weak(case)
    away = norm_of_projection(case) @ (task.weak_vector - projected)
    return jnp.max((task.source.vectors - projected) @ away)
