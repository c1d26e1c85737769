"""Least squares on weak labels within the convex hull of the strong model's concepts."""

import dataclasses
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.finetune import LeastSquares
from w2s_sim.estimators.hull_projection import hull_weights
from w2s_sim.estimators.prefixes import MomentPrefixes, PrefixStatistic
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData
from w2s_sim.tasks.weak_moments import WeakMoments


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

    def prefix_statistic(self, source: RegressionModel) -> PrefixStatistic | None:
        """The moments of the pairs, as for least squares."""
        return MomentPrefixes()

    def with_sample_size(self, num_pairs: int) -> "HullRegression":
        return dataclasses.replace(self, num_weak=num_pairs)

    def fit_statistic(
        self, source: RegressionModel, statistic: WeakMoments, *, key: Key[Array, ""]
    ) -> RegressionModel:
        return source.with_prior(self._weights(source, statistic))

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """Return the weights of the fitted mixture, which are unique if the inputs tell the concepts apart.

        Raises:
            InputError: If the concepts are not regression concepts.
        """
        if not isinstance(source, RegressionModel):
            raise InputError("source", type(source).__name__, "regression concepts")
        return self._weights(source, WeakMoments.of(data, source.coefficients))

    def _weights(self, source: RegressionModel, moments: WeakMoments) -> Float[Array, " K"]:
        fitted = LeastSquares(num_weak=self.num_weak).fit_moments(source, moments).coefficients
        return hull_weights(source.vectors, fitted, moments.covariance)
