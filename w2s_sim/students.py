"""Students: what a learner hands back, a predictor of labels from features."""

import equinox as eqx
from jaxtyping import Array, Float

from w2s_sim.errors import InputError
from w2s_sim.fields import numbers


class LinearStudent(eqx.Module):
    """A linear predictor x -> b^T x.

    Attributes:
        coefficients: b, shape (d,), in label units per feature unit.
    """

    coefficients: Float[Array, " d"] = eqx.field(converter=numbers("coefficients"))

    def __check_init__(self) -> None:
        if self.coefficients.ndim != 1:
            raise InputError("coefficients", f"shape {self.coefficients.shape}", "shape (d,)")

    def predict(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """Predicted labels of `inputs`, in label units."""
        return inputs @ self.coefficients
