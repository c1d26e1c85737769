"""Tasks with regression concepts: students are linear predictors, and the risk is squared error."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from w2s_sim._checks import (
    as_numbers,
    as_probabilities,
    described,
    require_count,
    require_key,
    require_shape,
)
from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.fields import entries, part, probability
from w2s_sim.laws.features import Cube, FeatureLaw, Gaussian, feature_law
from w2s_sim.laws.noise import NoiseLaw, NormalNoise
from w2s_sim.students import LinearPredictor, LinearStudent
from w2s_sim.tasks.supervisors import RegressionSupervisor, biased_supervisor
from w2s_sim.tasks.task import ConceptTask

# Largest allowed rounding error of labels, as a share of sigma / sqrt(n), the noise of n labels: risks are
# then accurate to a few tenths of a percent.
LARGEST_ROUNDING = 0.03
# The "expected" part of errors about a supervisor.
SUPERVISORS = "a supervisor, such as noisy_supervisor(task.source, 1.0)"


class TransferTask(ConceptTask[RegressionModel, RegressionSupervisor, LinearPredictor]):
    """One weak-to-strong problem with regression concepts.

    Source and target share the concepts; only the prior over them shifts.

    Attributes:
        features: Law of x in R^d.
        source: The strong model under the source prior alpha^P.
        target_prior: Target prior alpha^Q, shape (K,).
        supervisor: The weak model that labels the data.

    Raises:
        InputError: If the target prior is not a probability vector, or shapes do not match.
    """

    risk_label: ClassVar[str] = "excess risk (squared label units)"
    features: FeatureLaw = eqx.field(
        converter=part("features", FeatureLaw, "a law of features, such as Gaussian(8)")
    )
    source: RegressionModel = eqx.field(converter=part("source", RegressionModel, "a RegressionModel"))
    target_prior: Float[Array, " K"] = eqx.field(converter=probability("target_prior"))
    supervisor: RegressionSupervisor = eqx.field(
        converter=part("supervisor", RegressionSupervisor, SUPERVISORS)
    )

    def __check_init__(self) -> None:
        num_concepts, dim = self.source.vectors.shape
        if self.features.dim != dim:
            raise InputError(
                "features",
                f"dimension {self.features.dim}",
                f"the concepts' dimension {dim}",
            )
        require_shape("target_prior", self.target_prior, (num_concepts,), "one weight per concept")
        require_shape("weak.concepts", self.supervisor.vectors, (num_concepts, dim), "one row per concept")

    @property
    def dim(self) -> int:
        """Number of features d."""
        return self.features.dim

    @property
    def target(self) -> RegressionModel:
        """The strong model under the target prior."""
        return self.source.with_prior(self.target_prior)

    @property
    def source_vector(self) -> Float[Array, " d"]:
        """Source vector beta_P: the coefficients of the strong model before alignment."""
        return self.source.prior @ self.source.vectors

    @property
    def target_vector(self) -> Float[Array, " d"]:
        """Target vector beta_Q: the coefficients of the target's mean predictor."""
        return self.target_prior @ self.source.vectors

    @property
    def weak_vector(self) -> Float[Array, " d"]:
        """Weak vector beta'_Q: the coefficients of the mean weak label."""
        return self.target_prior @ self.supervisor.vectors

    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Float[Array, "{num} d"]:
        require_key("key", key)
        return self.features.sample(num, key=key)

    def excess_risk(self, student: LinearPredictor) -> Float[Array, ""]:
        """Exact excess risk ||b - beta_Q||^2_Sigma of a student, in squared label units."""
        require_student(self, student)
        error = student.coefficients - self.target_vector
        return error @ self.features.covariance @ error

    @property
    def weak_student(self) -> LinearStudent:
        """The weak model's own mean predictor, with coefficients beta'_Q."""
        return LinearStudent(self.weak_vector)

    def reduced(self) -> "TransferTask":
        """Return an equivalent task of dimension at most 2K + 1, for normal features. Needs concrete values.

        With x = A z and standard normal z, the labels of all concepts, and the risks of all mixtures of
        concepts, depend on z through its inner products with the vectors A^T beta_k and A^T beta'_k alone. In
        an orthonormal basis of the span of these vectors, z is again standard normal.

        Estimators that see an input through the predictions beta_k^T x alone have the same law of risk on
        both tasks: `InContext`, `IteratedRefinement`, `MaximumLikelihood`, `Oracle`, and `Refinement` with
        one of them as student. All others see directions that the reduced task lacks, and their risks differ:
        naive fine-tuning and `Refinement` with a fine-tuned student, `ConjugateRefinement`, and also
        `HullProjection` and `BiasAndNoiseUnknown`, although their students are mixtures of concepts.

        Raises:
            InputError: If the features are not known to be normal.
        """
        factor = self.features.normal_factor
        if factor is None:
            given = f"features of the law {type(self.features).__name__}"
            raise InputError("task", given, "normal features: only they are normal in every basis")
        further = self._further_vectors()
        rows = np.concatenate(
            [self.source.vectors, self.supervisor.vectors, *(vector[None] for vector in further.values())]
        )
        rows = span_coordinates(rows.astype(np.float64) @ np.asarray(factor, np.float64))
        concepts, weak, others = np.split(rows, [self.num_concepts, 2 * self.num_concepts])
        return dataclasses.replace(
            self,
            features=Gaussian(rows.shape[1]),
            source=dataclasses.replace(self.source, vectors=concepts),
            supervisor=dataclasses.replace(self.supervisor, vectors=weak),
            **dict(zip(further, others, strict=True)),
        )

    def _further_vectors(self) -> Mapping[str, Float[Array, " d"]]:
        """Coefficients that the task has beside those of its two models, by the names of their fields."""
        return {}

    @property
    def plotted_numbers(self) -> Mapping[str, int | float | str]:
        return {**super().plotted_numbers, "dim": self.dim, "features": type(self.features).__name__}

    @property
    def label_length(self) -> float:
        """Largest Sigma-norm of the concepts of both models, in label units. Needs concrete values."""
        covariance = np.asarray(self.features.covariance, dtype=np.float64)
        vectors = np.concatenate([self.source.vectors, self.supervisor.vectors]).astype(np.float64)
        return float(np.sqrt(np.sum(vectors @ covariance * vectors, axis=1).max()))

    def unresolved(self, num_weak: int) -> str:
        """Compare the rounding error of labels with their noise; "" if it is small. Needs concrete values.

        Labels of size L have a rounding error of eps L, which adds about (eps L)^2 to the mean squared error
        of every coefficient; the noise of n labels adds sigma^2 / n. The precision is too coarse if
        sqrt(n) eps L is not a small share of sigma. Rescaling the labels does not help; float64 does.
        """
        size = self.label_length
        weak_error = float(np.sqrt(self.supervisor.noise**2 + self.weak_risk))
        noise = float(self.source.noise)
        noise = min(noise, weak_error) if weak_error > 0 else noise
        return too_coarse(size, noise, num_weak, self.source.vectors.dtype)


def too_coarse(size: float, noise: float, num_weak: int, precision: np.dtype) -> str:
    """Return why a precision is too coarse for labels of a size and a noise; "" if it is sufficient.

    Args:
        size: Size of the labels, in label units.
        noise: Their noise, in label units; at 0 nothing is compared.
        num_weak: Number of weak pairs n.
        precision: The float type of the labels.
    """
    rounding = float(jnp.finfo(precision).eps) * size
    if num_weak**0.5 * rounding <= LARGEST_ROUNDING * noise or noise == 0.0:
        return ""
    return (
        f"{precision} rounds labels of size {size:.3g} to {rounding:.2g}, too much "
        f"beside a noise of {noise:.3g} in {num_weak} pairs: compute in float64 (--x64)"
    )


def span_coordinates(rows: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows m"]:
    """Return the rows in an orthonormal basis of their span: m is their rank, or 1 if all are zero.

    Directions within rounding of zero are left out. All inner products of two rows are kept to rounding, and
    equal rows stay equal to the bit: a weak model without bias keeps a risk of exactly zero.
    """
    different, places = np.unique(rows, axis=0, return_inverse=True)
    left, lengths, _ = np.linalg.svd(different, full_matrices=False)
    resolution = np.finfo(rows.dtype).eps * max(rows.shape) * lengths[0]
    rank = max(1, int(np.sum(lengths > resolution)))
    return (left[:, :rank] * lengths[:rank])[places.ravel()]


def require_student(task: TransferTask, student: Any) -> None:
    """Raise if a student is not a linear predictor on the features of the task.

    Raises:
        InputError: If the student has no coefficients, or not one coefficient per feature.
    """
    if isinstance(student, type) or not isinstance(student, LinearPredictor):
        raise InputError("student", described(student), "a LinearStudent, such as estimators return")
    require_shape("student.coefficients", student.coefficients, (task.dim,), "one number per feature")


class ShiftedTarget(TransferTask):
    """A task with the target beta_Q + shift, which need not be a mixture of the strong model's concepts.

    The weak supervisor and the law of the weak data do not depend on the shift.

    Attributes:
        target_shift: Target vector minus the mixture beta_Q, shape (d,), in label units per feature unit.
    """

    target_shift: Float[Array, " d"] = eqx.field(converter=entries("target_shift"))

    def __check_init__(self) -> None:
        require_shape("target_shift", self.target_shift, (self.dim,), "one number per feature")

    @property
    def target_vector(self) -> Float[Array, " d"]:
        """Target vector: the mixture beta_Q of the concepts plus the shift."""
        return self.target_prior @ self.source.vectors + self.target_shift

    def _further_vectors(self) -> Mapping[str, Float[Array, " d"]]:
        return {"target_shift": self.target_shift}


def regression_task(
    dim: int,
    num_concepts: int,
    *,
    source_prior: list[float] | Float[Array, " K"],
    target_prior: list[float] | Float[Array, " K"],
    noise: float = 0.5,
    features: str | FeatureLaw | Float[ArrayLike, "d d"] = "gaussian",
    concepts: Float[ArrayLike, "K d"] | list[list[float]] | None = None,
    supervisor: RegressionSupervisor | None = None,
    bias: float = 0.7,
    weak_noise: float | None = None,
    law: NoiseLaw | None = None,
) -> TransferTask:
    """Build a task from plain numbers, with orthonormal concepts e_1..e_K by default.

    Args:
        dim: d >= 1.
        num_concepts: K >= 1.
        source_prior: alpha^P, K weights that sum to 1.
        target_prior: alpha^Q, K weights that sum to 1.
        noise: Standard deviation sigma > 0 of the strong model's label noise, in label units.
        features: "gaussian", "uniform", "rademacher", "cube", a `FeatureLaw`, or the covariance of normal
            features, shape (d, d).
        concepts: beta_1..beta_K as K rows of d numbers; e_1..e_K by default, which needs K <= d.
        supervisor: The weak model; by default a biased supervisor with `bias` and `weak_noise`.
        bias: Bias kappa >= 0 of the default supervisor, in label units.
        weak_noise: Noise sigma' >= 0 of the default supervisor, in label units; sigma by default.
        law: Law of the label noise of the strong model and the default supervisor; normal by default.

    Raises:
        InputError: If an argument is invalid; the message names the argument.
    """
    require_count("dim", dim, 1)
    require_count("num_concepts", num_concepts, 1)
    features = feature_law(features, dim)
    if concepts is None:
        if num_concepts > dim:
            raise InputError(
                "num_concepts",
                f"{num_concepts} with dim = {dim}",
                "num_concepts <= dim for the default orthonormal concepts (or give concepts)",
            )
        concepts = np.eye(num_concepts, dim)
    require_shape("concepts", concepts, (num_concepts, dim), "num_concepts x dim")
    for field, prior in (("source_prior", source_prior), ("target_prior", target_prior)):
        require_shape(field, prior, (num_concepts,), "one weight per concept")
    source_prior = as_probabilities("source_prior", source_prior)
    concepts = as_numbers("concepts", concepts)
    source = RegressionModel(source_prior, concepts, noise, NormalNoise() if law is None else law)
    if supervisor is None:
        supervisor = biased_supervisor(source, bias, noise if weak_noise is None else weak_noise)
    return TransferTask(features, source, target_prior, supervisor)


def canonical_task() -> TransferTask:
    """The running example of the documentation: d = 8, K = 4, beta_k = e_k, u_k = e_{4+k}.

    alpha^P = (.5, .25, .15, .1), the target is the 4th concept, sigma = sigma' = .5 and kappa = .7. Then
    ||beta_P - beta_Q||^2 = 1.145 and ||beta'_Q - beta_Q||^2 = .49.
    """
    return regression_task(8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0.0, 0.0, 0.0, 1.0])


def paper_task(
    dim: int = 8, num_concepts: int = 4, *, scale: float = 0.8, bias: float = 0.7, noise: float = 0.5
) -> TransferTask:
    """Build the setting of the paper: uniform features on [-1, 1]^d, orthonormal concepts, one intended.

    The source prior falls from the first concept to the last, which is intended: weights 1/k, normalised. The
    weak concept beta'_k = scale beta_k + bias u_k is orthogonal to all concepts but its own.

    Args:
        dim: d >= 2 num_concepts.
        num_concepts: K >= 1.
        scale: Share of its own concept that the weak model keeps.
        bias: Length kappa >= 0 of the weak model's error off the concepts, in label units per feature unit.
        noise: Label noise sigma > 0 of both models, in label units.

    Source: the setting of arXiv 2405.16236.
    """
    require_count("dim", dim, 1)
    require_count("num_concepts", num_concepts, 1)
    weights = 1.0 / np.arange(1, num_concepts + 1)
    source = RegressionModel(weights / weights.sum(), np.eye(num_concepts, dim), noise)
    supervisor = biased_supervisor(source, bias, noise, scale=scale)
    return TransferTask(Cube(dim), source, np.eye(num_concepts)[-1], supervisor)
