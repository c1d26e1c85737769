"""The weak model's mean predictor and its projections, for hull-misfit and its lemmas."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from w2s_sim.estimators import HullProjection
from w2s_sim.estimators.hull_projection import affine_weights, project_on_hull
from w2s_sim.rounding import DOUBLE_ROUNDING
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.broken_learners import NearestConcept, nearest_concept
from w2s_sim.tasks.regression_task import TransferTask

# Relative rounding error of the entries of a covariance that was computed in float32.
SAME_NORM = 1e-5
# Certified values are compared up to 1e-10 of a scale; this share of that tolerance is float64 rounding.
LEAST_SHARE = 1e-4


class HullGeometry(NamedTuple):
    """Squared distances in Sigma's norm, in squared label units.

    Attributes:
        error: ||Pi b' - beta_Q||^2 of the projected weak model.
        weak_error: ||b' - beta_Q||^2 of the weak model.
        misfit: ||b' - Pi b'||^2, the squared distance of the weak model from its projection.
    """

    error: Float[Array, ""]
    weak_error: Float[Array, ""]
    misfit: Float[Array, ""]


def hull_geometry(task: TransferTask, projected: Float[Array, " d"]) -> HullGeometry:
    """Return the three squared distances, for a given projection of beta'_Q."""
    target, weak = task.target_vector, task.weak_vector
    pairs = ((projected, target), (weak, target), (weak, projected))
    return HullGeometry(*(squared_norm(task, first - second) for first, second in pairs))


def squared_norm(task: TransferTask, vector: Float[Array, " d"]) -> Float[Array, ""]:
    """Return ||v||^2 in Sigma's norm."""
    return vector @ task.features.covariance @ vector


def projected_weak(case: Case) -> Float[Array, " d"]:
    """Return Pi beta'_Q, the estimator's limit for many weak labels; projected in the estimator's norm."""
    vectors, weak = case.task.source.vectors, case.task.weak_vector
    if isinstance(case.estimator, NearestConcept):
        return nearest_concept(vectors, weak)
    return project_on_hull(vectors, weak, norm_of_projection(case))


def norm_of_projection(case: Case) -> Float[Array, "d d"]:
    """Return the matrix of the estimator's norm; Sigma itself if the matrix is Sigma up to rounding."""
    return jnp.where(projects_in_the_features_norm(case), case.task.features.covariance, _given_norm(case))


def projects_in_the_features_norm(case: Case) -> Bool[Array, ""]:
    """Return whether the estimator's matrix is Sigma, up to the rounding of its computation and storage."""
    covariance = case.task.features.covariance
    spread = jnp.sqrt(jnp.diagonal(covariance))
    return jnp.all(jnp.abs(_given_norm(case) - covariance) <= SAME_NORM * jnp.outer(spread, spread))


def _given_norm(case: Case) -> Float[Array, "d d"]:
    assert isinstance(case.estimator, HullProjection)
    covariance = case.estimator.covariance
    return jnp.eye(case.task.dim) if covariance is None else covariance


def projected_target(task: TransferTask) -> Float[Array, " d"]:
    """Return the point of the hull nearest to the target: the target itself if it is a mixture."""
    return project_on_hull(task.source.vectors, task.target_vector, task.features.covariance)


def largest_distance(task: TransferTask) -> Float[Array, ""]:
    """Return the largest distance from the first concept, in label units: the hull's size up to factor 2."""
    return _longest(task, task.source.vectors - task.source.vectors[0])


def longest_vector(task: TransferTask) -> Float[Array, ""]:
    """Return the largest norm of concepts, weak concepts and target; positions are rounded relative to it."""
    rows = (task.source.vectors, task.supervisor.vectors, task.target_vector[None])
    return _longest(task, jnp.concatenate(rows))


def _longest(task: TransferTask, vectors: Float[Array, "m d"]) -> Float[Array, ""]:
    return jnp.sqrt(jnp.max(jnp.sum((vectors @ task.features.covariance) * vectors, axis=1)))


def distance_scale(case: Case) -> Float[Array, ""]:
    """Return the scale of rounding errors in squared distances from the weak model, in squared label units.

    Points of length M have rounding errors 1e-16 M, so that the square of a distance h has an error of about
    1e-16 M h + (1e-16 M)^2, however small h is.
    """
    distance = jnp.sqrt(squared_norm(case.task, case.task.weak_vector - case.task.target_vector))
    length = LEAST_SHARE * longest_vector(case.task)
    return distance * (distance + length) + DOUBLE_ROUNDING * length**2


def projected_on_span(task: TransferTask, point: Float[Array, " d"]) -> Float[Array, " d"]:
    """Return the point of the concepts' affine span nearest to `point`, in Sigma's norm."""
    everything = jnp.ones(task.num_concepts, dtype=bool)
    base = jnp.zeros((), dtype=int)
    return (
        affine_weights(task.source.vectors, point, task.features.covariance, everything, base)
        @ task.source.vectors
    )


def optimality_gap(case: Case) -> Float[Array, ""]:
    """Return max_k <b' - p, beta_k - p> in the estimator's norm: 0 up to rounding iff p is the projection."""
    task, projected = case.task, projected_weak(case)
    away = norm_of_projection(case) @ (task.weak_vector - projected)
    return jnp.max((task.source.vectors - projected) @ away)


def gap_scale(case: Case) -> Float[Array, ""]:
    """Return the scale of rounding errors in the inner products whose maximum is the optimality gap."""
    task, projected = case.task, projected_weak(case)
    reach = _longest(task, task.source.vectors - projected)
    distance = jnp.sqrt(squared_norm(task, task.weak_vector - projected))
    return reach * (distance + LEAST_SHARE * longest_vector(task))
