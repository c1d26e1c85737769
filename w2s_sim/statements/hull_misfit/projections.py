"""The weak model's mean predictor and its projections: what hull-misfit and its lemmas speak about."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from w2s_sim.estimators import HullProjection
from w2s_sim.estimators.hull_projection import affine_weights, project_on_hull
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.broken_learners import NearestConcept, nearest_concept
from w2s_sim.tasks.regression_task import TransferTask

# What the entries of a covariance that was computed in float32 may be off by, relative to their size.
SAME_NORM = 1e-5
# A certificate's rounding is 1e-10 of a scale; this share of it is the rounding of float64.
LEAST_SHARE = 1e-4


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
    """The matrix of the norm in which the estimator projects; Sigma itself where it is Sigma, rounded."""
    return jnp.where(projects_in_the_features_norm(case), case.task.features.covariance, _given_norm(case))


def projects_in_the_features_norm(case: Case) -> Bool[Array, ""]:
    """Whether the estimator's matrix is Sigma, up to the rounding with which it was computed and stored."""
    covariance = case.task.features.covariance
    spread = jnp.sqrt(jnp.diagonal(covariance))
    return jnp.all(jnp.abs(_given_norm(case) - covariance) <= SAME_NORM * jnp.outer(spread, spread))


def _given_norm(case: Case) -> Float[Array, "d d"]:
    assert isinstance(case.estimator, HullProjection)
    covariance = case.estimator.covariance
    return jnp.eye(case.task.dim) if covariance is None else covariance


def projected_target(task: TransferTask) -> Float[Array, " d"]:
    """The point of the hull nearest to the target: the target itself if it is a mixture of concepts."""
    return project_on_hull(task.source.vectors, task.target_vector, task.features.covariance)


def largest_distance(task: TransferTask) -> Float[Array, ""]:
    """From the first concept to another, in label units: the hull's size up to a factor of two."""
    return _longest(task, task.source.vectors - task.source.vectors[0])


def longest_vector(task: TransferTask) -> Float[Array, ""]:
    """The largest norm of a concept, of the weak model's or of the target: what positions are rounded to."""
    rows = (task.source.vectors, task.supervisor.vectors, task.target_vector[None])
    return _longest(task, jnp.concatenate(rows))


def _longest(task: TransferTask, vectors: Float[Array, "m d"]) -> Float[Array, ""]:
    return jnp.sqrt(jnp.max(jnp.sum((vectors @ task.features.covariance) * vectors, axis=1)))


def distance_scale(case: Case) -> Float[Array, ""]:
    """Size of the squared distances from the weak model, in squared label units, for their rounding.

    Points of length M are rounded to 1e-16 M, so that a distance h has a square that is known to about
    1e-16 M h: not better than that, however small h is.
    """
    distance = jnp.sqrt(squared_norm(case.task, case.task.weak_vector - case.task.target_vector))
    return distance * (distance + LEAST_SHARE * longest_vector(case.task))


def projected_on_span(task: TransferTask, point: Float[Array, " d"]) -> Float[Array, " d"]:
    """The point of the concepts' affine span nearest to `point`, in Sigma's norm."""
    everything = jnp.ones(task.num_concepts, dtype=bool)
    base = jnp.zeros((), dtype=int)
    return (
        affine_weights(task.source.vectors, point, task.features.covariance, everything, base)
        @ task.source.vectors
    )


def optimality_gap(case: Case) -> Float[Array, ""]:
    """max_k <b' - p, beta_k - p> in the estimator's norm: 0, up to rounding, exactly at its projection p."""
    task, projected = case.task, projected_weak(case)
    away = norm_of_projection(case) @ (task.weak_vector - projected)
    return jnp.max((task.source.vectors - projected) @ away)


def gap_scale(case: Case) -> Float[Array, ""]:
    """Size of the inner products of which the optimality gap is the largest, for their rounding."""
    task, projected = case.task, projected_weak(case)
    reach = _longest(task, task.source.vectors - projected)
    distance = jnp.sqrt(squared_norm(task, task.weak_vector - projected))
    return reach * (distance + LEAST_SHARE * longest_vector(task))
