"""Projection of a weak student on the convex hull of the strong model's concepts."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from w2s_sim._checks import as_float, require_finite
from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.task import WeakData

# Accelerated projected gradient loses a factor of 1 - 1/sqrt(condition number) a step: with the condition
# numbers up to a few hundred that concepts have, this many reach the rounding of float64.
STEPS = 1000


@jax.jit
def hull_weights(
    vectors: Float[Array, "K d"], point: Float[Array, " d"], covariance: Float[Array, "d d"]
) -> Float[Array, " K"]:
    """Weights w on the simplex that minimise ||point - sum_k w_k vectors_k|| in Sigma's norm.

    Args:
        vectors: The concepts beta_k.
        point: What is projected.
        covariance: Sigma, positive definite on the differences of concepts.
    """
    return simplex_weights(vectors @ covariance @ vectors.T, vectors @ covariance @ point)


def simplex_weights(gram: Float[Array, "K K"], linear: Float[Array, " K"]) -> Float[Array, " K"]:
    """Weights w on the simplex that minimise w.gram.w / 2 - w.linear; the gram is positive semidefinite."""
    step = 1.0 / jnp.maximum(jnp.linalg.norm(gram, ord=2), jnp.finfo(gram.dtype).tiny)

    def descend(_: Any, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        weights, ahead, momentum = state
        moved = ahead - step * (gram @ ahead - linear)
        new = optax.projections.projection_simplex(moved)
        # Restarted wherever momentum points uphill (O'Donoghue & Candes 2015).
        uphill = (ahead - new) @ (new - weights) > 0
        momentum = jnp.where(uphill, 1.0, momentum)
        grown = 0.5 * (1.0 + jnp.sqrt(1.0 + 4.0 * momentum**2))
        ahead = new + (momentum - 1.0) / grown * (new - weights)
        return new, ahead, grown

    start = jnp.full(linear.shape, 1.0 / linear.shape[0], dtype=gram.dtype)
    state = (start, start, jnp.ones((), dtype=gram.dtype))
    return jax.lax.fori_loop(0, STEPS, descend, state)[0]


def project_on_hull(
    vectors: Float[Array, "K d"], point: Float[Array, " d"], covariance: Float[Array, "d d"]
) -> Float[Array, " d"]:
    """The point of conv{beta_k} nearest to `point` in Sigma's norm."""
    return hull_weights(vectors, point, covariance) @ vectors


class HullProjection(PriorTransfer):
    """A weak student, projected on the convex hull of the concepts that the strong model holds.

    Attributes:
        student: Fitted on the weak data.
        covariance: Sigma of the norm of the projection, shape (d, d); the identity when left out.

    Source: Charikar, Pabbaraju & Shiragur 2024, arXiv 2405.15116 (fitting the weak labels within a convex set
    of strong predictors).
    """

    student: Estimator
    covariance: Float[Array, "d d"] | None = eqx.field(
        default=None, converter=lambda value: None if value is None else as_float(value)
    )

    def __check_init__(self) -> None:
        if self.covariance is None:
            return
        require_finite("covariance", self.covariance)
        if self.covariance.ndim != 2 or self.covariance.shape[0] != self.covariance.shape[1]:
            raise InputError("covariance", f"shape {self.covariance.shape}", "a square matrix")

    @property
    def sample_size(self) -> int:
        return self.student.sample_size

    @property
    def context_size(self) -> int:
        return self.student.context_size

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
        return hull_weights(source.vectors, weak, covariance)
