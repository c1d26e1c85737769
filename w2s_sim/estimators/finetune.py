"""Naive fine-tuning: estimators that start at the source vector and fit the weak labels.

Every member of this family is a spectral filter. With S = X^T X / n and r = X^T (y' - X beta_P) / n,
    b = beta_P + h(S) r,      0 <= g(lambda) = lambda h(lambda) <= 1,
where the gain g is the share of each direction that is taken from the weak labels. The lower bound of theorem
`naive-floor` holds for this family.
"""

import abc
import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import RegressionModel
from w2s_sim.estimators.base import Estimator, EstimatorT
from w2s_sim.estimators.descent import descended
from w2s_sim.estimators.prefixes import MomentPrefixes, PrefixStatistic, prefix_statistic_of
from w2s_sim.fields import nonnegative, number, part, positive, whole
from w2s_sim.laws.bidiagonal import GainTraces, WishartSpectrum
from w2s_sim.students import LinearStudent
from w2s_sim.tasks.ridge_step import ridge_step
from w2s_sim.tasks.task import WeakData
from w2s_sim.tasks.weak_moments import WeakMoments, spectral_filter

# Largest number of steps of gradient descent, and smallest dimension, for which squaring the matrix of a step
# is as precise as an eigendecomposition in float32, and faster: ten times for 8 features. XLA multiplies
# batches of smaller matrices slowly.
MOST_SQUARED_STEPS, LEAST_SQUARED_DIM = 1024, 8


class SpectralFinetuning(Estimator[RegressionModel, LinearStudent]):
    """Base of all fine-tuning estimators: a filter on the spectrum of the input covariance S."""

    @abc.abstractmethod
    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        """Gain g(lambda) for eigenvalues lambda > 0 of S: 0 keeps the source, 1 fits the weak labels."""

    @property
    def gain_within_unit_interval(self) -> bool:
        """Whether 0 <= g <= 1 for every spectrum. Needs concrete values."""
        return True

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        self.require_inputs(source, data)
        return self.fit_moments(source, WeakMoments.of(data, source.coefficients))

    def fit_moments(self, source: RegressionModel, moments: WeakMoments) -> LinearStudent:
        """Fit a student to the moments of weak data: fine-tuning sees nothing else of the data.

        Args:
            source: The strong model under its source prior alpha^P.
            moments: S, and r relative to the source vector beta_P.
        """
        filter_matrix = self.filter_matrix(moments.covariance, moments.num_pairs)
        return LinearStudent(source.coefficients + filter_matrix @ moments.residual)

    def prefix_statistic(self, source: RegressionModel) -> PrefixStatistic | None:
        return MomentPrefixes()

    def fit_statistic(
        self, source: RegressionModel, statistic: WeakMoments, *, key: Key[Array, ""]
    ) -> LinearStudent:
        return self.fit_moments(source, statistic)

    def filter_matrix(
        self, covariance: Float[Array, "d d"], num_pairs: float | Float[Array, ""]
    ) -> Float[Array, "d d"]:
        """Filter matrix h(S), shape (d, d); zero on directions that the inputs do not span.

        Args:
            covariance: S = X^T X / n.
            num_pairs: n, which sets the rounding error of S.
        """
        return spectral_filter(covariance, num_pairs, lambda spectrum: self.gain(spectrum) / spectrum)

    def gain_traces(self, spectrum: WishartSpectrum) -> GainTraces:
        """Traces of M = g(S) that determine the mean risk for standard normal features.

        Args:
            spectrum: The spectrum of one draw of S.
        """
        return spectrum.traces(self.gain)


class DirectFinetuning(SpectralFinetuning):
    """Base of fine-tuning estimators that fit the weak labels directly.

    Attributes:
        num_weak: Number of weak pairs n >= 1.
    """

    num_weak: int = eqx.field(static=True, converter=whole("num_weak"), kw_only=True)

    @property
    def sample_size(self) -> int:
        return self.num_weak

    def with_sample_size(self: EstimatorT, num_pairs: int) -> EstimatorT:
        return dataclasses.replace(self, num_weak=num_pairs)


class Ridge(DirectFinetuning):
    """Ridge regression towards the source: argmin (1/n) sum (y'_i - b^T x_i)^2 + eta ||b - beta_P||^2.

    At eta = 0 this is least squares; with fewer pairs than features, the solution nearest to beta_P.

    Attributes:
        ridge: Penalty eta >= 0, in squared feature units.
    """

    ridge: Float[Array, ""] = eqx.field(converter=nonnegative("ridge"))

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return spectrum / (spectrum + self.ridge)

    @property
    def penalty(self) -> Float[Array, ""]:
        return self.ridge

    def fit_moments(self, source: RegressionModel, moments: WeakMoments) -> LinearStudent:
        return LinearStudent(source.coefficients + ridge_step(self, moments))

    def gain_traces(self, spectrum: WishartSpectrum) -> GainTraces:
        return spectrum.ridge_traces(self.penalty)


class LeastSquares(DirectFinetuning):
    """Least squares on the weak labels; with fewer pairs than features, the solution nearest to beta_P."""

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return jnp.ones_like(spectrum)

    @property
    def penalty(self) -> Float[Array, ""]:
        return jnp.zeros(())

    def fit_moments(self, source: RegressionModel, moments: WeakMoments) -> LinearStudent:
        return LinearStudent(source.coefficients + ridge_step(self, moments))

    def gain_traces(self, spectrum: WishartSpectrum) -> GainTraces:
        return spectrum.ridge_traces(self.penalty)


class GradientDescent(DirectFinetuning):
    """Gradient descent from the source with early stopping.

    Full-batch steps b <- b + tau X^T (y' - X b) / n on half the mean squared error, in closed form:
    after t steps g(lambda) = 1 - (1 - tau lambda)^t. Directions with tau lambda > 2 diverge, as they would
    in an explicit loop.

    Attributes:
        steps: Number of steps t >= 0.
        step_size: Step size tau > 0, in inverse squared feature units.
    """

    steps: int = eqx.field(static=True, converter=whole("steps", 0))
    step_size: Float[Array, ""] = eqx.field(converter=positive("step_size"))

    def fit_moments(self, source: RegressionModel, moments: WeakMoments) -> LinearStudent:
        if self.steps > MOST_SQUARED_STEPS or len(moments.residual) < LEAST_SQUARED_DIM:
            return super().fit_moments(source, moments)
        moved = descended(moments.covariance, moments.residual, self.step_size, self.steps)
        return LinearStudent(source.coefficients + moved)

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        pace = self.step_size * spectrum
        # For many short steps, the power of a number near one would lose precision.
        is_short = pace < 1.0
        short = -jnp.expm1(self.steps * jnp.log1p(-jnp.where(is_short, pace, 0.0)))
        return jnp.where(is_short, short, 1.0 - (1.0 - pace) ** self.steps)

    @property
    def gain_within_unit_interval(self) -> bool:
        """True only without steps: the largest eigenvalue of S has no bound known in advance."""
        return self.steps == 0

    def ignores_data(self, source: RegressionModel) -> bool:
        """True without steps: the student is then the source."""
        return self.steps == 0


class SpectralCutoff(DirectFinetuning):
    """Principal-component fine-tuning: fit the labels where lambda >= threshold, keep the source elsewhere.

    Attributes:
        threshold: Smallest eigenvalue of S with gain 1, >= 0, in squared feature units.
    """

    threshold: Float[Array, ""] = eqx.field(converter=nonnegative("threshold"))

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return jnp.where(spectrum >= self.threshold, 1.0, 0.0)


class LabelMixing(SpectralFinetuning):
    """Auxiliary confidence loss: weak labels mixed with the strong model's own predictions.

    Fits a fine-tuning estimator on the labels (1 - m) y' + m beta_P^T x, which multiplies its gain by 1 - m.
    This is the squared-loss form of the auxiliary loss of Burns et al. 2023, arXiv 2312.09390.

    Attributes:
        student: Estimator fitted on the mixed labels.
        mixing: Weight m in [0, 1] of the strong model's own predictions.
    """

    student: SpectralFinetuning = eqx.field(
        converter=part("student", SpectralFinetuning, "a fine-tuning estimator, as Ridge(0.3, num_weak=60)")
    )
    mixing: Float[Array, ""] = eqx.field(converter=number("mixing", 0.0, 1.0))

    @property
    def sample_size(self) -> int:
        return self.student.sample_size

    def prefix_statistic(self, source: RegressionModel) -> PrefixStatistic | None:
        """The statistic of the student estimator, if it has one."""
        return prefix_statistic_of(self.student, source)

    def with_sample_size(self, num_pairs: int) -> "LabelMixing":
        student: Any = self.student
        return dataclasses.replace(self, student=student.with_sample_size(num_pairs))

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return (1.0 - self.mixing) * self.student.gain(spectrum)

    def gain_traces(self, spectrum: WishartSpectrum) -> GainTraces:
        return self.student.gain_traces(spectrum).shrunk(1.0 - self.mixing)

    @property
    def gain_within_unit_interval(self) -> bool:
        """As for the student estimator, because mixing only shrinks the gain."""
        return self.student.gain_within_unit_interval

    def ignores_data(self, source: RegressionModel) -> bool:
        """True at m = 1, where no weak label is used, or if the student estimator ignores data."""
        return float(self.mixing) == 1.0 or self.student.ignores_data(source)
