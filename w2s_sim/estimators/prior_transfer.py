"""Prior transfer: estimators that hand back a prior over the strong model's concepts."""

import abc

from jaxtyping import Array, Float, Key

from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.estimators.base import Estimator
from w2s_sim.students import LinearStudent
from w2s_sim.task import WeakData


class PriorTransfer(Estimator):
    """Base of the estimators that learn which concepts are wanted, and predict with the strong model's own.

    The prior is there for any latent-concept model; a student is made of it for regression concepts.
    """

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

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        return source.student(self.transferred_prior(source, data, key=key))
