"""Projection of a weak student on the convex hull of the strong model's concepts."""

import dataclasses
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from w2s_sim._checks import require_shape
from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import entries, part
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import Task, WeakData

# Roundings that a length, or an inner product of lengths, may be off by.
ROUNDINGS = 32
# The active set changes about twice for each concept on the face of the projection.
CHANGES_PER_CONCEPT = 8
REFINEMENTS = 2


class _Face(NamedTuple):
    """A point of the hull, as a mixture of the concepts of a face.

    Attributes:
        weights: Of all concepts, 0 off the face.
        active: The concepts of the face; one that has just come to it may still have weight 0.
        rejected: Concepts that rounding alone brings to the face; none in exact arithmetic.
        changes: How often the face has changed.
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
    """Weights w on the simplex that minimise ||point - sum_k w_k vectors_k|| in Sigma's norm.

    Wolfe's active-set method: exact up to rounding in any units, also for duplicates, for concepts on a line
    and for more concepts than features. The face of the projection grows by the concept that lies farthest
    on the point's side, and loses concepts whose weight would become negative.

    Args:
        vectors: The concepts beta_k.
        point: What is projected.
        covariance: Sigma, positive semidefinite.

    Source: Wolfe 1976, Finding the nearest point in a polytope, Math. Programming 11.
    """
    concepts = jnp.arange(vectors.shape[0])

    def nearest_on_face(face: _Face) -> tuple[Array, Array]:
        """Whether the face holds the nearest point of its span; and the last point on the way there."""
        wanted = affine_weights(vectors, point, covariance, face.active, jnp.argmax(face.weights))
        leaving = face.active & (wanted <= 0)
        fall = face.weights - wanted
        reach = jnp.where(leaving, face.weights / jnp.where(fall > 0, fall, 1.0), jnp.inf)
        share = jnp.minimum(jnp.min(reach), 1.0)
        moved = face.weights + share * (wanted - face.weights)
        arrived = ~jnp.any(leaving)
        kept = jnp.where(leaving & (reach <= share), 0.0, jnp.where(arrived, wanted, moved))
        # Rounding may leave a weight just below zero.
        kept = jnp.maximum(kept, 0.0)
        return arrived, kept / jnp.sum(kept)

    def change(face: _Face) -> _Face:
        arrived, weights = nearest_on_face(face)
        # A concept that loses its place before it has had any weight came by rounding.
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
    """Weights of the point nearest to `point` in the active concepts' affine span: of sum one, some negative.

    Gram-Schmidt on the edges from the concept `base`, the longest first. An edge within rounding of the span
    of the others gets weight 0.
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
    # `inverse` sends a goal to its coordinates on the edges.
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
    """<point - p, vectors_k - p> at the mixture p, none above zero at the projection; and their rounding."""
    # Differences from a concept of the hull: a large offset that all concepts share costs no digits.
    base = jnp.argmax(weights)
    edges = vectors - vectors[base]
    nearest = weights @ edges
    away, ahead = point - vectors[base] - nearest, edges - nearest
    reach = jnp.sqrt(jnp.maximum(jnp.sum((ahead @ covariance) * ahead, axis=1), 0.0))
    distance = jnp.sqrt(jnp.maximum(away @ covariance @ away, 0.0))
    rounding = ROUNDINGS * jnp.finfo(vectors.dtype).eps * reach * (distance + jnp.max(reach))
    return ahead @ covariance @ away, rounding


def simplex_weights(gram: Float[Array, "K K"], linear: Float[Array, " K"]) -> Float[Array, " K"]:
    """Weights w on the simplex that minimise w.gram.w / 2 - w.linear; the gram is positive semidefinite.

    For vectors of which only inner products are known, to half of the digits that `hull_weights` has.
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
    """The point of conv{beta_k} nearest to `point` in Sigma's norm."""
    return hull_weights(vectors, point, covariance) @ vectors


class HullProjection(PriorTransfer):
    """A weak student, projected on the convex hull of the concepts that the strong model holds.

    Attributes:
        student: Fitted on the weak data.
        covariance: Sigma of the norm of the projection, shape (d, d); the identity when left out. See `told`.

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
        """With the norm of the inputs, E[x x^T], where it is not the Euclidean one and no other is given."""
        if self.covariance is not None or not isinstance(task, TransferTask) or task.features.isotropic:
            return self
        return dataclasses.replace(self, covariance=task.features.covariance)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """The weights of the projection; one choice of them, where concepts are not affinely independent.

        Raises:
            InputError: If the concepts are not those of regression.
        """
        if not isinstance(source, RegressionModel):
            raise InputError("source", type(source).__name__, "regression concepts")
        weak = self.student.fit(source, data, key=key).coefficients
        covariance = jnp.eye(weak.shape[0]) if self.covariance is None else self.covariance
        require_shape("covariance", covariance, weak.shape * 2, "features x features")
        return hull_weights(source.vectors, weak, covariance)
