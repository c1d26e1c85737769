"""Least squares on weak labels within the convex hull of the strong model's concepts."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.finetune import LeastSquares
from w2s_sim.estimators.hull_projection import hull_weights
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData


class HullRegression(PriorTransfer):
    """The mixture of the strong model's concepts that fits the weak labels best, by least squares.

    It minimises ||y' - X b|| over all b in the hull C of the concepts. This is the projection of the
    least-squares student on C in the norm of X^T X / n; `HullProjection` projects in the norm of E[x x^T].

    Attributes:
        num_weak: Number of weak pairs n >= 1.

    Source: constrained estimation after Somerstep et al. 2025, arXiv 2405.16236.
    """

    concepts: ClassVar[type[StrongModel]] = RegressionModel
    num_weak: int = eqx.field(static=True, kw_only=True, converter=whole("num_weak"))

    @property
    def sample_size(self) -> int:
        return self.num_weak

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """Return the weights of the fitted mixture, which are unique if the inputs tell the concepts apart.

        Raises:
            InputError: If the concepts are not regression concepts.
        """
        if not isinstance(source, RegressionModel):
            raise InputError("source", type(source).__name__, "regression concepts")
        fitted = LeastSquares(num_weak=self.num_weak).fit(source, data, key=key).coefficients
        moment = jnp.einsum("ni,nj->ij", data.inputs, data.inputs) / self.num_weak
        return hull_weights(source.vectors, fitted, moment)
