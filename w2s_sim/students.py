"""Students of regression tasks: linear predictors of the labels."""

from typing import Protocol, runtime_checkable

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float

from w2s_sim._checks import as_numbers
from w2s_sim.errors import InputError


@runtime_checkable
class LinearPredictor(Protocol):
    """A student with the mean prediction x -> b^T x; it may have further attributes."""

    @property
    def coefficients(self) -> Float[Array, " d"]:
        """Coefficients b, shape (d,), in label units per feature unit."""
        ...


class LinearStudent(eqx.Module):
    """A student that consists only of a linear predictor x -> b^T x.

    Attributes:
        coefficients: Coefficients b, shape (d,), in label units per feature unit.
    """

    coefficients: Float[Array, " d"]

    def __init__(self, coefficients: Float[ArrayLike, " d"]) -> None:
        self.coefficients = as_numbers("coefficients", coefficients)
        if self.coefficients.ndim != 1:
            raise InputError("coefficients", f"shape {self.coefficients.shape}", "shape (d,)")

    def predict(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """Predict the labels of the inputs, in label units."""
        return inputs @ self.coefficients
