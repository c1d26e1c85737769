"""In-context refinement: the strong model reads weak demonstrations and updates its concept prior."""

import abc
import dataclasses

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.model import ModelT
from w2s_sim.estimators.base import EstimatorT
from w2s_sim.estimators.prefixes import PosteriorPrefixes, PrefixStatistic
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import whole
from w2s_sim.tasks.task import WeakData


class ContextEstimator(PriorTransfer):
    """Base of estimators that compute one posterior over concepts from one context.

    The student is the strong model with this posterior as prior.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.
    """

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))

    @abc.abstractmethod
    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        """Log posterior log pi_n of the concepts given the context, in nats."""

    @property
    def sample_size(self) -> int:
        return self.num_demonstrations

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return jnp.exp(self.log_posterior(source, data))


class InContext(ContextEstimator):
    """The strong model prompted with n weak demonstrations: beta_ref = sum_k pi_n(k) beta_k.

    No student is fitted: this is the refined labeller of arXiv 2405.16236, which relabels data.
    """

    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        return source.log_posterior(data.inputs, data.labels)

    @property
    def sees_predictions_alone(self) -> bool:
        return True

    def prefix_statistic(self, source: LatentConceptModel) -> PrefixStatistic | None:
        """The posterior, if the strong model reads demonstrations independently of one another."""
        return PosteriorPrefixes() if source.reads_independently else None

    def with_sample_size(self: EstimatorT, num_pairs: int) -> EstimatorT:
        return dataclasses.replace(self, num_demonstrations=num_pairs)

    def fit_statistic(self, source: ModelT, statistic: Float[Array, " K"], *, key: Key[Array, ""]) -> ModelT:
        return source.with_prior(jnp.exp(statistic))
