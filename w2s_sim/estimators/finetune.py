"""Naive fine-tuning: students that start at the source and move along the weak labels.

Every member of this family is a spectral filter. With S = X^T X / n and r = X^T (y' - X beta_P) / n,
    b = beta_P + h(S) r,      0 <= g(lambda) = lambda h(lambda) <= 1,
where g says how much of each direction is taken from the weak labels. The family is that of the lower
bound `naive-floor`.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import RegressionModel
from w2s_sim.estimators.base import Estimator
from w2s_sim.fields import nonnegative, number, part, positive, whole
from w2s_sim.students import LinearStudent
from w2s_sim.tasks.task import WeakData


class SpectralFinetuning(Estimator[RegressionModel, LinearStudent]):
    """Base of all fine-tuning estimators: a filter on the spectrum of the weak data."""

    @abc.abstractmethod
    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        """g(lambda) for the eigenvalues lambda > 0 of S: 0 stays at the source, 1 follows the labels."""

    @property
    def gain_within_unit_interval(self) -> bool:
        """Whether 0 <= g <= 1 for every spectrum. Needs concrete values."""
        return True

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        self.require_inputs(source, data)
        start = source.prior @ source.vectors
        matrix = self.filter_matrix(data.inputs)
        residual = data.labels - data.inputs @ start
        return LinearStudent(start + matrix @ (data.inputs.T @ residual) / data.inputs.shape[0])

    def filter_matrix(self, inputs: Float[Array, "n d"]) -> Float[Array, "d d"]:
        """h(S), shape (d, d); zero on directions that the data do not span."""
        num_weak, dim = inputs.shape
        spectrum, basis = jnp.linalg.eigh(inputs.T @ inputs / num_weak)
        resolution = jnp.finfo(spectrum.dtype).eps * max(num_weak, dim) * spectrum[-1]
        spanned = spectrum > resolution
        safe = jnp.where(spanned, spectrum, 1.0)
        weights = jnp.where(spanned, self.gain(safe) / safe, 0.0)
        return (basis * weights) @ basis.T


class DirectFinetuning(SpectralFinetuning):
    """Base of the members that are fitted on the weak labels as they are.

    Attributes:
        num_weak: n >= 1 weak pairs.
    """

    num_weak: int = eqx.field(static=True, converter=whole("num_weak"), kw_only=True)

    @property
    def sample_size(self) -> int:
        return self.num_weak


class Ridge(DirectFinetuning):
    """Ridge to the source: argmin (1/n) sum (y'_i - b^T x_i)^2 + eta ||b - beta_P||^2.

    At eta = 0 it is least squares, and with fewer data than features the solution nearest beta_P.

    Attributes:
        ridge: eta >= 0, in squared feature units.
    """

    ridge: Float[Array, ""] = eqx.field(converter=nonnegative("ridge"))

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return spectrum / (spectrum + self.ridge)


class LeastSquares(DirectFinetuning):
    """Least squares on the weak labels; with fewer data than features, the solution nearest beta_P."""

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return jnp.ones_like(spectrum)


class GradientDescent(DirectFinetuning):
    """Gradient descent from the source with early stopping.

    Full-batch steps b <- b + tau X^T (y' - X b) / n on half the mean squared error, in closed form:
    after t steps g(lambda) = 1 - (1 - tau lambda)^t. Steps with tau lambda > 2 diverge, as they do in
    the loop.

    Attributes:
        steps: t >= 0.
        step_size: tau > 0, in inverse squared feature units.
    """

    steps: int = eqx.field(static=True, converter=whole("steps", 0))
    step_size: Float[Array, ""] = eqx.field(converter=positive("step_size"))

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        pace = self.step_size * spectrum
        # Many short steps: the power of a number near one would lose the digits of the step.
        is_short = pace < 1.0
        short = -jnp.expm1(self.steps * jnp.log1p(-jnp.where(is_short, pace, 0.0)))
        return jnp.where(is_short, short, 1.0 - (1.0 - pace) ** self.steps)

    @property
    def gain_within_unit_interval(self) -> bool:
        """Only without a step: the largest eigenvalue of the data has no bound known beforehand."""
        return self.steps == 0

    def ignores_data(self, source: RegressionModel) -> bool:
        """Without a step the student is the source."""
        return self.steps == 0


class SpectralCutoff(DirectFinetuning):
    """Principal-component fine-tuning: follow the labels where lambda >= threshold, stay elsewhere.

    Attributes:
        threshold: Smallest eigenvalue of S that is followed, >= 0, in squared feature units.
    """

    threshold: Float[Array, ""] = eqx.field(converter=nonnegative("threshold"))

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return jnp.where(spectrum >= self.threshold, 1.0, 0.0)


class LabelMixing(SpectralFinetuning):
    """Auxiliary confidence loss: weak labels mixed with the strong model's own predictions.

    Any estimator of this family, fitted on (1 - m) y' + m beta_P^T x. Its gain is (1 - m) times the
    other's. (The squared-loss form of the auxiliary loss of Burns et al. 2023, arXiv 2312.09390.)

    Attributes:
        student: The estimator that is fitted on the mixed labels.
        mixing: m in [0, 1], the weight of the strong model's own predictions.
    """

    student: SpectralFinetuning = eqx.field(
        converter=part("student", SpectralFinetuning, "a fine-tuning estimator, as Ridge(0.3, num_weak=60)")
    )
    mixing: Float[Array, ""] = eqx.field(converter=number("mixing", 0.0, 1.0))

    @property
    def sample_size(self) -> int:
        return self.student.sample_size

    def gain(self, spectrum: Float[Array, " d"]) -> Float[Array, " d"]:
        return (1.0 - self.mixing) * self.student.gain(spectrum)

    @property
    def gain_within_unit_interval(self) -> bool:
        """Mixing only shrinks the other's gain."""
        return self.student.gain_within_unit_interval

    def ignores_data(self, source: RegressionModel) -> bool:
        """Labels that are all the strong model's own tell it nothing."""
        return float(self.mixing) == 1.0 or self.student.ignores_data(source)
