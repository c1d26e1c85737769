"""Refinement by a strong model that was pre-trained on finitely many concepts drawn from a Gaussian law."""

import dataclasses
from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import RegressionModel
from w2s_sim.estimators.base import Estimator, EstimatorT
from w2s_sim.estimators.conjugate import ConjugateRefinement
from w2s_sim.fields import positive, whole
from w2s_sim.students import LinearStudent
from w2s_sim.tasks.task import WeakData


class DrawnConcepts(Estimator[RegressionModel, LinearStudent]):
    """Refinement in context under a uniform prior over K concepts drawn from N(beta_P, tau^2 I).

    Every fit draws the K concepts anew, with its key: pre-training shows the strong model K random concepts.
    Like `ConjugateRefinement`, the prior uses only the mean and the label noise of the source model. The
    student is the posterior mean of the concepts. It tends to the student of `continuum` as K grows.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.
        num_concepts: Number of concepts K >= 1.
        spread: tau > 0, in label units per feature unit.

    Source: after Raventos et al. 2023, arXiv 2306.15063, where the predictor is called discrete MMSE.
    """

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))
    num_concepts: int = eqx.field(static=True, converter=whole("num_concepts"))
    spread: Float[Array, ""] = eqx.field(converter=positive("spread"))

    @property
    def sample_size(self) -> int:
        return self.num_demonstrations

    @property
    def continuum(self) -> ConjugateRefinement:
        """The estimator for K = infinity: refinement under the prior N(beta_P, tau^2 I) itself."""
        return ConjugateRefinement(self.num_demonstrations, self.spread)

    @property
    def plotted_numbers(self) -> Mapping[str, int | float]:
        return {"num_concepts": self.num_concepts}

    def with_sample_size(self: EstimatorT, num_pairs: int) -> EstimatorT:
        return dataclasses.replace(self, num_demonstrations=num_pairs)

    def draw_model(self, source: RegressionModel, *, key: Key[Array, ""]) -> RegressionModel:
        """Draw the K concepts; return the strong model that holds them with a uniform prior.

        Args:
            source: The strong model whose mean and label noise are used.
            key: Typed PRNG key.
        """
        vectors = self.continuum.prior_model(source).sample_concepts(self.num_concepts, key=key)
        uniform = jnp.full(self.num_concepts, 1.0 / self.num_concepts)
        return RegressionModel(uniform, vectors, source.noise, source.law)

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        self.require_inputs(source, data)
        return LinearStudent(self.draw_model(source, key=key).read(data).coefficients)
