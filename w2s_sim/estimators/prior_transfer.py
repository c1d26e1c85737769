"""Prior transfer: estimators that return a prior over the strong model's concepts."""

import abc
import dataclasses
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.model import ModelT
from w2s_sim.estimators.base import Estimator, EstimatorT
from w2s_sim.fields import whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData


class PriorTransfer(Estimator[LatentConceptModel, LatentConceptModel]):
    """Base of estimators that estimate the target prior and predict with the strong model's concepts.

    The student is the strong model under the estimated prior.
    """

    concepts: ClassVar[type[StrongModel]] = LatentConceptModel

    @abc.abstractmethod
    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """Estimate alpha^Q, as a probability vector.

        Args:
            source: The strong model under its source prior alpha^P.
            data: `sample_size` weak pairs.
            key: Typed PRNG key, for estimators that draw.
        """

    @property
    def stays_in_hull(self) -> bool:
        """Always True: the student mixes the strong model's concepts."""
        return True

    def ignores_data(self, source: LatentConceptModel) -> bool:
        """True for K = 1, where only one prior exists."""
        return source.num_concepts == 1

    def fit(self, source: ModelT, data: WeakData, *, key: Key[Array, ""]) -> ModelT:
        self.require_inputs(source, data)
        return source.with_prior(self.transferred_prior(source, data, key=key))


class PairByPair(PriorTransfer):
    """Base of estimators that assume that every weak pair has its own draw of the concept.

    Attributes:
        num_weak: Number of weak pairs n >= 1.
    """

    num_weak: int = eqx.field(static=True, converter=whole("num_weak"), kw_only=True)

    @property
    def sample_size(self) -> int:
        return self.num_weak

    @property
    def context_size(self) -> int:
        """Context size 1: every demonstration is its own context."""
        return 1

    def with_sample_size(self: EstimatorT, num_pairs: int) -> EstimatorT:
        """Return the same rule for another number of weak pairs."""
        return dataclasses.replace(self, num_weak=num_pairs)
