"""In-context refinement: the strong model reads weak demonstrations and updates its concepts."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import whole
from w2s_sim.tasks.task import WeakData


class ContextEstimator(PriorTransfer):
    """Base of the estimators that hold one posterior over concepts, from one context.

    The posterior is there for any latent-concept model; a student is made of it for regression concepts.

    Attributes:
        num_demonstrations: n >= 1.
    """

    num_demonstrations: int = eqx.field(static=True, converter=whole("num_demonstrations"))

    @abc.abstractmethod
    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        """log pi_n, the source prior updated on the context, in nats."""

    @property
    def sample_size(self) -> int:
        return self.num_demonstrations

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return jnp.exp(self.log_posterior(source, data))


class InContext(ContextEstimator):
    """The strong model itself, prompted with n weak demonstrations: beta_ref = sum_k pi_n(k) beta_k.

    Nothing is fitted: this is the refined labeller that relabels data (arXiv 2405.16236).
    """

    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        return source.log_posterior(data.inputs, data.labels)
