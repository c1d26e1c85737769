"""Prior transfer: estimators that hand back a prior over the strong model's concepts."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.model import ModelT
from w2s_sim.estimators.base import Estimator
from w2s_sim.fields import whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData


class PriorTransfer(Estimator[LatentConceptModel, LatentConceptModel]):
    """Base of the estimators that learn which concepts are wanted, and predict with the strong model's own.

    The student is the strong model under that prior.
    """

    concepts: ClassVar[type[StrongModel]] = LatentConceptModel

    @abc.abstractmethod
    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """The estimate of alpha^Q, a probability vector.

        Args:
            source: The strong model under its source prior alpha^P.
            data: `sample_size` weak pairs.
            key: Typed PRNG key, for estimators that draw.
        """

    @property
    def stays_in_hull(self) -> bool:
        """It predicts with the concepts that there are."""
        return True

    def ignores_data(self, source: LatentConceptModel) -> bool:
        """Of one concept there is one prior."""
        return source.num_concepts == 1

    def fit(self, source: ModelT, data: WeakData, *, key: Key[Array, ""]) -> ModelT:
        self.require_inputs(source, data)
        return source.with_prior(self.transferred_prior(source, data, key=key))


class PairByPair(PriorTransfer):
    """Base of those that take every weak pair for one of a concept of its own.

    Attributes:
        num_weak: n >= 1 weak pairs.
    """

    num_weak: int = eqx.field(static=True, converter=whole("num_weak"), kw_only=True)

    @property
    def sample_size(self) -> int:
        return self.num_weak

    @property
    def context_size(self) -> int:
        """Every demonstration is read by itself."""
        return 1
