"""The oracle: the strong model under a given concept prior, such as the target prior."""

import equinox as eqx
from jaxtyping import Array, Float, Key

from w2s_sim._checks import require_shape
from w2s_sim.concepts import LatentConceptModel
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import probability
from w2s_sim.tasks.task import WeakData


class Oracle(PriorTransfer):
    """The strong model under a given concept prior; it reads no data.

    Under the target prior it is the strong ceiling for the performance gap recovered.

    Attributes:
        prior: The given concept prior, shape (K,).
    """

    prior: Float[Array, " K"] = eqx.field(converter=probability("prior"))

    @property
    def sample_size(self) -> int:
        return 0

    @property
    def sees_predictions_alone(self) -> bool:
        return True

    def ignores_data(self, source: LatentConceptModel) -> bool:
        """Always True: the prior is given."""
        return True

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        require_shape("prior", self.prior, source.prior.shape, "one weight per concept")
        return self.prior
