"""Refinement by a strong model with a continuum of concepts: a Gaussian prior centred at the source."""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim._checks import concrete, require_shape
from w2s_sim.concepts import GaussianConceptModel, RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.estimators.finetune import SpectralFinetuning
from w2s_sim.fields import Role, entries, optional_part, whole
from w2s_sim.students import LinearPredictor
from w2s_sim.tasks.task import WeakData

# Two entries of a covariance count as equal if they differ by at most this share of the variance.
ISOTROPY_TOLERANCE = 1e-5


class ConjugateRefinement(Estimator[RegressionModel, LinearPredictor]):
    """Refinement in context under the prior beta ~ N(beta_P, A A^T), whose posterior is in closed form.

    The prior uses only the mean and the label noise of the source model, not its individual concepts.
    With A = tau I the posterior mean is `Ridge` at eta = sigma^2 / (n tau^2).

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.
        spread: tau > 0, for A = tau I, or A itself, shape (d, d), in label units per feature unit.
        student: Estimator fitted on fresh queries, as many as its sample size, relabelled by draws from the
            posterior predictive given the one context. If None, the posterior itself is the student.

    Raises:
        InputError: If the spread is neither a positive number nor a square matrix.
    """

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))
    spread: Float[Array, "..."] = eqx.field(converter=entries("spread", role=Role.SCALE))
    student: SpectralFinetuning | None = eqx.field(
        default=None,
        converter=optional_part(
            "student", SpectralFinetuning, "a fine-tuning estimator, such as LeastSquares(num_weak=60)"
        ),
    )

    def __check_init__(self) -> None:
        shape = self.spread.shape
        if shape and (len(shape) != 2 or shape[0] != shape[1]):
            raise InputError("spread", f"shape {shape}", "a number, or a square matrix")
        if not shape and concrete(self.spread) and not float(self.spread) > 0:
            raise InputError("spread", float(self.spread), "a number > 0")

    @property
    def num_queries(self) -> int:
        """Number N of relabelled inputs; 0 without a student estimator."""
        return 0 if self.student is None else self.student.sample_size

    @property
    def plotted_numbers(self) -> Mapping[str, int | float]:
        return {"num_queries": self.num_queries}

    @property
    def sample_size(self) -> int:
        return self.num_demonstrations + self.num_queries

    @property
    def has_isotropic_prior(self) -> bool:
        """Whether A A^T is a multiple of I. Needs concrete values."""
        if not self.spread.shape:
            return True
        factor = np.asarray(self.spread, dtype=np.float64)
        covariance = factor @ factor.T
        isotropic = covariance[0, 0] * np.eye(len(covariance))
        # The tolerance is relative: a factor typed in by hand has few digits, and labels may have any unit.
        return bool(np.abs(covariance - isotropic).max() <= ISOTROPY_TOLERANCE * covariance[0, 0])

    def prior_model(self, source: RegressionModel) -> GaussianConceptModel:
        """Gaussian prior over beta before the strong model reads the context."""
        mean = source.prior @ source.vectors
        if self.spread.shape:
            require_shape("spread", self.spread, mean.shape * 2, "features x features")
        factor = self.spread if self.spread.shape else self.spread * jnp.eye(mean.shape[0])
        return GaussianConceptModel(mean, factor, source.noise)

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearPredictor:
        self.require_inputs(source, data)
        demonstrations = data[: self.num_demonstrations]
        posterior = self.prior_model(source).read(demonstrations)
        if self.student is None:
            return posterior
        concept_key, label_key, student_key = jax.random.split(key, 3)
        queries = data.inputs[self.num_demonstrations :]
        # Every label is an independent draw from the predictive, with its own draw of the concept.
        concepts = posterior.sample_concepts(self.num_queries, key=concept_key)
        labels = posterior.sample_labels(queries, concepts, key=label_key)
        return self.student.fit(source, WeakData(queries, labels), key=student_key)
