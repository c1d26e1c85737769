"""Students of regression: predictors of labels from features that are linear in the features."""

from typing import Protocol, runtime_checkable

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float

from w2s_sim._checks import as_numbers
from w2s_sim.errors import InputError


@runtime_checkable
class LinearPredictor(Protocol):
    """A student whose mean prediction is x -> b^T x, whatever else it knows."""

    @property
    def coefficients(self) -> Float[Array, " d"]:
        """b, shape (d,), in label units per feature unit."""
        ...


class LinearStudent(eqx.Module):
    """A linear predictor x -> b^T x, and nothing else.

    Attributes:
        coefficients: b, shape (d,), in label units per feature unit.
    """

    coefficients: Float[Array, " d"]

    def __init__(self, coefficients: Float[ArrayLike, " d"]) -> None:
        self.coefficients = as_numbers("coefficients", coefficients)
        if self.coefficients.ndim != 1:
            raise InputError("coefficients", f"shape {self.coefficients.shape}", "shape (d,)")

    def predict(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """Predicted labels of `inputs`, in label units."""
        return inputs @ self.coefficients
