"""Base of learners that read one context, and turn the posterior of the concepts into a prior."""

import abc
import dataclasses

import equinox as eqx
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.model import ModelT
from w2s_sim.estimators.base import EstimatorT
from w2s_sim.estimators.prefixes import PosteriorPrefixes, PrefixStatistic
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import whole
from w2s_sim.tasks.task import WeakData


class PosteriorRule(PriorTransfer):
    """A learner whose student is the strong model under a function of the posterior pi_n.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.
    """

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))

    @abc.abstractmethod
    def prior_from(self, log_posterior: Float[Array, " K"], *, key: Key[Array, ""]) -> Float[Array, " K"]:
        """Return the prior of the student, given log pi_n in nats."""

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
        return self.prior_from(self.log_posterior(source, data), key=key)

    def prefix_statistic(self, source: LatentConceptModel) -> PrefixStatistic | None:
        """The posterior, if the strong model reads demonstrations independently of one another."""
        return PosteriorPrefixes() if source.reads_independently else None

    def with_sample_size(self: EstimatorT, num_pairs: int) -> EstimatorT:
        return dataclasses.replace(self, num_demonstrations=num_pairs)

    def fit_statistic(self, source: ModelT, statistic: Float[Array, " K"], *, key: Key[Array, ""]) -> ModelT:
        return source.with_prior(self.prior_from(statistic, key=key))
