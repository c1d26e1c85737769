"""Projection of a weak student on the convex hull of the strong model's concepts."""

import dataclasses
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from w2s_sim._checks import require_shape
from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.estimators.prefixes import PrefixStatistic, prefix_statistic_of
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import entries, part
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import Task, WeakData

# Tolerance of lengths and inner products, in units of the machine epsilon.
ROUNDINGS = 32
# Cap on the changes of the active set, per concept: about two per concept of the final face are needed.
CHANGES_PER_CONCEPT = 8
# Steps of iterative refinement of the affine weights.
REFINEMENTS = 2


class _Face(NamedTuple):
    """State of the active-set method: a point of the hull as a mixture of the concepts of a face.

    Attributes:
        weights: Weights of all concepts; 0 outside the face.
        active: The concepts of the face; a concept that has just entered may still have weight 0.
        rejected: Concepts that entered the face because of rounding; none in exact arithmetic.
        changes: Number of changes of the face so far.
        done: Whether the point is the projection.
    """

    weights: Float[Array, " K"]
    active: Bool[Array, " K"]
    rejected: Bool[Array, " K"]
    changes: Int[Array, ""]
    done: Bool[Array, ""]


@jax.jit
def hull_weights(
    vectors: Float[Array, "K d"], point: Float[Array, " d"], covariance: Float[Array, "d d"]
) -> Float[Array, " K"]:
    """Return the simplex weights w that minimise ||point - sum_k w_k vectors_k|| in Sigma's norm.

    Wolfe's active-set method: exact up to rounding in any units, also for duplicates, for collinear concepts
    and for more concepts than features. In every change the face gains the concept that lies farthest in the
    direction of the point, or loses concepts whose weight would become negative.

    Args:
        vectors: The concepts beta_k.
        point: The vector to project.
        covariance: Sigma, positive semidefinite.

    Source: Wolfe 1976, Finding the nearest point in a polytope, Math. Programming 11.
    """
    concepts = jnp.arange(vectors.shape[0])
    # A face has one concept more than dimensions, and at most one more that has just entered.
    largest_face = min(vectors.shape[0], vectors.shape[1] + 2)

    def affine_weights_of(face: _Face) -> Float[Array, " K"]:
        """Affine weights of the nearest point of the face's span; the concepts of the face alone are read."""
        if largest_face == len(concepts):
            return affine_weights(vectors, point, covariance, face.active, jnp.argmax(face.weights))
        _, members = jax.lax.top_k(face.active.astype(vectors.dtype), largest_face)
        base, active = jnp.argmax(face.weights[members]), face.active[members]
        wanted = affine_weights(vectors[members], point, covariance, active, base)
        return jnp.zeros_like(face.weights).at[members].set(wanted)

    def nearest_on_face(face: _Face) -> tuple[Array, Array]:
        """Move to the nearest point of the affine span: whether the face holds it, and the new weights."""
        wanted = affine_weights_of(face)
        leaving = face.active & (wanted <= 0)
        fall = face.weights - wanted
        reach = jnp.where(leaving, face.weights / jnp.where(fall > 0, fall, 1.0), jnp.inf)
        share = jnp.minimum(jnp.min(reach), 1.0)
        moved = face.weights + share * (wanted - face.weights)
        arrived = ~jnp.any(leaving)
        kept = jnp.where(leaving & (reach <= share), 0.0, jnp.where(arrived, wanted, moved))
        # Rounding can leave a weight slightly below zero.
        kept = jnp.maximum(kept, 0.0)
        return arrived, kept / jnp.sum(kept)

    def change(face: _Face) -> _Face:
        arrived, weights = nearest_on_face(face)
        # A concept that leaves the face without ever having had positive weight entered because of rounding.
        never_had_any = face.active & (face.weights <= 0) & (weights <= 0)
        rejected = jnp.where(arrived, False, face.rejected | never_had_any)
        gaps, tolerance = _gaps(vectors, point, covariance, weights)
        ahead = jnp.where((weights > 0) | face.rejected, -jnp.inf, gaps - tolerance)
        entering = arrived & (jnp.max(ahead) > 0) & (concepts == jnp.argmax(ahead))
        done = arrived & ~jnp.any(entering)
        return _Face(weights, (weights > 0) | entering, rejected, face.changes + 1, done)

    def unfinished(face: _Face) -> Bool[Array, ""]:
        return ~face.done & (face.changes < CHANGES_PER_CONCEPT * (len(concepts) + 1))

    away = vectors - point
    nearest = jnp.argmin(jnp.sum((away @ covariance) * away, axis=1))
    alone = concepts == nearest
    none = jnp.zeros_like(alone)
    start = _Face(alone.astype(vectors.dtype), alone, none, jnp.array(0), jnp.array(False))
    return jax.lax.while_loop(unfinished, change, start).weights


def affine_weights(
    vectors: Float[Array, "K d"],
    point: Float[Array, " d"],
    covariance: Float[Array, "d d"],
    active: Bool[Array, " K"],
    base: Int[Array, ""],
) -> Float[Array, " K"]:
    """Affine weights of the point nearest to `point` in the affine span of the active concepts.

    The weights sum to one and may be negative. They come from pivoted Gram-Schmidt on the edges from the
    concept `base`, longest edge first. An edge within rounding of the span of the others gets weight 0.
    """
    concepts = jnp.arange(vectors.shape[0])
    edges, goal = vectors - vectors[base], point - vectors[base]
    free = active & (concepts != base)
    resolution = ROUNDINGS * jnp.finfo(vectors.dtype).eps

    def lengths(left: Array, free: Array) -> Float[Array, " K"]:
        return jnp.where(free, jnp.sum((left @ covariance) * left, axis=1), 0.0)

    smallest = resolution**2 * jnp.max(lengths(edges, free))

    def eliminate(state: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        left, mixture, inverse, free = state
        squares = lengths(left, free)
        pivot = jnp.argmax(squares)
        dual = covariance @ left[pivot] / squares[pivot]
        inverse = inverse + jnp.outer(mixture[pivot], dual)
        free = free & (concepts != pivot)
        shares = jnp.where(free, left @ dual, 0.0)
        left, mixture = (rows - jnp.outer(shares, rows[pivot]) for rows in (left, mixture))
        return left, mixture, inverse, free

    start = (edges, jnp.eye(len(concepts), dtype=vectors.dtype), jnp.zeros_like(vectors), free)
    # `inverse` maps a goal to its coordinates on the edges.
    inverse = jax.lax.while_loop(lambda s: jnp.max(lengths(s[0], s[3])) > smallest, eliminate, start)[2]
    weights = inverse @ goal
    for _ in range(REFINEMENTS):
        weights = weights + inverse @ (goal - weights @ edges)
    return weights.at[base].set(1.0 - jnp.sum(weights))


def _gaps(
    vectors: Float[Array, "K d"],
    point: Float[Array, " d"],
    covariance: Float[Array, "d d"],
    weights: Float[Array, " K"],
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Optimality gaps <point - p, vectors_k - p> at the mixture p, and their rounding errors.

    At the projection no gap is positive.
    """
    # Differences from one concept of the hull, so that a large common offset costs no precision.
    base = jnp.argmax(weights)
    edges = vectors - vectors[base]
    nearest = weights @ edges
    away, ahead = point - vectors[base] - nearest, edges - nearest
    reach = jnp.sqrt(jnp.maximum(jnp.sum((ahead @ covariance) * ahead, axis=1), 0.0))
    distance = jnp.sqrt(jnp.maximum(away @ covariance @ away, 0.0))
    rounding = ROUNDINGS * jnp.finfo(vectors.dtype).eps * reach * (distance + jnp.max(reach))
    return ahead @ covariance @ away, rounding


def simplex_weights(gram: Float[Array, "K K"], linear: Float[Array, " K"]) -> Float[Array, " K"]:
    """Return the simplex weights w that minimise w.gram.w / 2 - w.linear, gram positive semidefinite.

    Needs only inner products of the vectors, but has half as many correct digits as `hull_weights`.
    """
    squares, basis = jnp.linalg.eigh(gram)
    spanned = squares > ROUNDINGS * jnp.finfo(gram.dtype).eps * squares[-1]
    roots = jnp.sqrt(jnp.where(spanned, squares, 1.0))
    coordinates = jnp.where(spanned, basis * roots, 0.0)
    point = jnp.where(spanned, (linear @ basis) / roots, 0.0)
    return hull_weights(coordinates, point, jnp.eye(len(linear), dtype=gram.dtype))


def project_on_hull(
    vectors: Float[Array, "K d"], point: Float[Array, " d"], covariance: Float[Array, "d d"]
) -> Float[Array, " d"]:
    """Return the point of conv{beta_k} nearest to `point` in Sigma's norm."""
    return hull_weights(vectors, point, covariance) @ vectors


class HullProjection(PriorTransfer):
    """Projection of a student fitted on weak data on the convex hull of the strong model's concepts.

    Attributes:
        student: Estimator of the student that is projected.
        covariance: Sigma of the projection's norm, shape (d, d); the identity by default. See `told`.

    Source: Charikar, Pabbaraju & Shiragur 2024, arXiv 2405.15116 (fitting the weak labels within a convex set
    of strong predictors).
    """

    concepts: ClassVar[type[StrongModel]] = RegressionModel
    student: Estimator = eqx.field(
        converter=part("student", Estimator, "an estimator, such as Ridge(0.3, num_weak=60)")
    )
    covariance: Float[Array, "d d"] | None = eqx.field(
        default=None, converter=entries("covariance", "(d, d)", optional=True)
    )

    def __check_init__(self) -> None:
        if self.covariance is not None and self.covariance.shape[0] != self.covariance.shape[1]:
            raise InputError("covariance", f"shape {self.covariance.shape}", "a square matrix")

    @property
    def sample_size(self) -> int:
        return self.student.sample_size

    @property
    def context_size(self) -> int:
        return self.student.context_size

    def told(self, task: Task) -> "HullProjection":
        """Set the covariance to E[x x^T] of the task, unless it is given or the features are isotropic."""
        if self.covariance is not None or not isinstance(task, TransferTask) or task.features.isotropic:
            return self
        return dataclasses.replace(self, covariance=task.features.covariance)

    def prefix_statistic(self, source: RegressionModel) -> PrefixStatistic | None:
        """The statistic of the projected student, if it has one."""
        return prefix_statistic_of(self.student, source)

    def with_sample_size(self, num_pairs: int) -> "HullProjection":
        student: Any = self.student
        return dataclasses.replace(self, student=student.with_sample_size(num_pairs))

    def fit_statistic(
        self, source: RegressionModel, statistic: Any, *, key: Key[Array, ""]
    ) -> RegressionModel:
        student: Any = self.student
        weak = student.fit_statistic(source, statistic, key=key).coefficients
        return source.with_prior(self._weights(source, weak))

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """Return the weights of the projection, which are unique if the concepts are affinely independent.

        Raises:
            InputError: If the concepts are not regression concepts.
        """
        if not isinstance(source, RegressionModel):
            raise InputError("source", type(source).__name__, "regression concepts")
        return self._weights(source, self.student.fit(source, data, key=key).coefficients)

    def _weights(self, source: RegressionModel, weak: Float[Array, " d"]) -> Float[Array, " K"]:
        covariance = jnp.eye(weak.shape[0]) if self.covariance is None else self.covariance
        require_shape("covariance", covariance, weak.shape * 2, "features x features")
        return hull_weights(source.vectors, weak, covariance)
