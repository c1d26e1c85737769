"""Intent inference: the strong model names one concept from weak demonstrations, and answers by it alone."""

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


class IntentInference(PriorTransfer):
    """The strong model under the one concept that n weak demonstrations make most probable.

    The strong model reads the demonstrations, names the concept argmax_k pi_n(k), and predicts with this
    concept alone. `InContext` predicts with the mixture of all concepts under pi_n instead. The first of
    several equally probable concepts is named.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.

    Source: after the second algorithm (infer and respond) of Somerstep et al. 2025, arXiv 2405.16236.
    """

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))

    @property
    def sample_size(self) -> int:
        return self.num_demonstrations

    @property
    def sees_predictions_alone(self) -> bool:
        return True

    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        """Log posterior log pi_n of the concepts given the demonstrations, in nats."""
        return source.log_posterior(data.inputs, data.labels)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return named(self.log_posterior(source, data))

    def prefix_statistic(self, source: LatentConceptModel) -> PrefixStatistic | None:
        """The posterior, if the strong model reads demonstrations independently of one another."""
        return PosteriorPrefixes() if source.reads_independently else None

    def with_sample_size(self: EstimatorT, num_pairs: int) -> EstimatorT:
        return dataclasses.replace(self, num_demonstrations=num_pairs)

    def fit_statistic(self, source: ModelT, statistic: Float[Array, " K"], *, key: Key[Array, ""]) -> ModelT:
        return source.with_prior(named(statistic))


def named(log_posterior: Float[Array, " K"]) -> Float[Array, " K"]:
    """Return the prior that puts weight 1 on the most probable concept."""
    return jax.nn.one_hot(jnp.argmax(log_posterior), log_posterior.shape[0], dtype=log_posterior.dtype)
