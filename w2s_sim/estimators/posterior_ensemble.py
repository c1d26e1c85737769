"""An ensemble of strong models that each act on one concept, drawn from the posterior."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.model import ModelT
from w2s_sim.estimators.base import EstimatorT
from w2s_sim.estimators.prefixes import PosteriorPrefixes, PrefixStatistic
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import whole
from w2s_sim.tasks.task import WeakData


class PosteriorEnsemble(PriorTransfer):
    """The average of m predictors, each of one concept that is drawn from the posterior.

    The strong model reads n weak demonstrations. Each member of the ensemble draws a concept from the
    posterior pi_n by itself and predicts with this concept alone; the student averages the predictions. With
    one member this is posterior sampling; with more and more members it becomes `InContext`, the posterior
    mean.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.
        members: Number of members m >= 1.

    Source: after Xu, Yao, Wang & Liu 2025, arXiv 2505.24313 (a random teacher and its posterior mean).
    """

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))
    members: int = eqx.field(static=True, converter=whole("members"), default=1)

    @property
    def sample_size(self) -> int:
        return self.num_demonstrations

    @property
    def sees_predictions_alone(self) -> bool:
        return True

    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        """Log posterior log pi_n of the concepts given the demonstrations, in nats."""
        return source.log_posterior(data.inputs, data.labels)

    def drawn(self, log_posterior: Float[Array, " K"], *, key: Key[Array, ""]) -> Float[Array, " K"]:
        """Shares of the members that draw each concept."""
        concepts = jax.random.categorical(key, log_posterior, shape=(self.members,))
        return jnp.zeros_like(log_posterior).at[concepts].add(1.0 / self.members)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.drawn(self.log_posterior(source, data), key=key)

    def prefix_statistic(self, source: LatentConceptModel) -> PrefixStatistic | None:
        """The posterior, if the strong model reads demonstrations independently of one another."""
        return PosteriorPrefixes() if source.reads_independently else None

    def with_sample_size(self: EstimatorT, num_pairs: int) -> EstimatorT:
        return dataclasses.replace(self, num_demonstrations=num_pairs)

    def fit_statistic(self, source: ModelT, statistic: Float[Array, " K"], *, key: Key[Array, ""]) -> ModelT:
        return source.with_prior(self.drawn(statistic, key=key))
