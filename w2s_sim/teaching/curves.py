"""Means of simulated curves with their Monte Carlo standard errors."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int


@dataclasses.dataclass(frozen=True)
class Curve:
    """Means over independent draws, with their Monte Carlo standard errors.

    Attributes:
        mean: The means.
        error: Their standard errors.
    """

    mean: Float[np.ndarray, " points"]
    error: Float[np.ndarray, " points"]

    @classmethod
    def of(cls, draws: Float[np.ndarray, "draws points"]) -> "Curve":
        """Return mean and standard error of every column."""
        return cls(draws.mean(axis=0), draws.std(axis=0, ddof=1) / np.sqrt(len(draws)))

    def at(self, points: Int[np.ndarray, " fewer"]) -> "Curve":
        """Return the curve at some of its points."""
        return Curve(self.mean[points], self.error[points])
