"""Weak data: inputs with weak labels, the only information about the target that learners see."""

import equinox as eqx
from jaxtyping import Array, Shaped

from w2s_sim.fields import stacked


class WeakData(eqx.Module):
    """Inputs with weak labels, the only information about the target that a learner sees.

    Attributes:
        inputs: x_1..x_n, stacked along the first axis; (n, d) for regression.
        labels: y'_1..y'_n, stacked along the first axis; (n,) for regression.
    """

    inputs: Shaped[Array, "n ..."] = eqx.field(converter=stacked("inputs"))
    labels: Shaped[Array, "n ..."] = eqx.field(converter=stacked("labels"))

    def __getitem__(self, index: slice) -> "WeakData":
        return WeakData(self.inputs[index], self.labels[index])

    def batches(self, size: int) -> "WeakData":
        """Split the pairs into batches of `size` consecutive pairs, stacked along a new first axis.

        Args:
            size: A divisor of the number of pairs.
        """
        shape = (self.labels.shape[0] // size, size)
        return WeakData(*(leaf.reshape(*shape, *leaf.shape[1:]) for leaf in (self.inputs, self.labels)))
