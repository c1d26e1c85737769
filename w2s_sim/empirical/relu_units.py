"""Random ReLU units: their inner products, and the spectrum of the kernel of infinitely many.

A unit is x -> max(w.x, 0) with a weight w that is uniform on the unit sphere of R^d. Inputs are standard
normal, or uniform on the sphere of radius sqrt(d): inner products are the same, because the product of two
units is homogeneous of degree two, and E|x|^2 = d for both. The eigenspaces of the kernel of infinitely many
units are the spherical harmonics of one degree, times |x| (Funk and Hecke).
"""

import dataclasses
import functools

import numpy as np
from jaxtyping import Float
from scipy.special import comb, eval_gegenbauer, roots_gegenbauer

from w2s_sim.empirical.student_flow import TaughtFunction

# Quadrature nodes on [-1, 1].
NODES = 400


def draw_weights(num_units: int, dim: int, generator: np.random.Generator) -> Float[np.ndarray, "m d"]:
    """Draw weights, uniform on the unit sphere."""
    weights = generator.standard_normal((num_units, dim))
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


def unit_gram(cosines: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return E[max(w.x, 0) max(v.x, 0)] for unit vectors w and v.

    Args:
        cosines: w.v.

    Source: Cho & Saul 2009, Kernel methods for deep learning.
    """
    cosines = np.clip(cosines, -1.0, 1.0)
    return (np.sqrt(1.0 - cosines**2) + (np.pi - np.arccos(cosines)) * cosines) / (2.0 * np.pi)


@dataclasses.dataclass(frozen=True)
class ReluKernel:
    """The kernel of infinitely many ReLU units in d dimensions, up to a largest degree.

    Attributes:
        dim: d >= 3.
        largest_degree: Harmonics of higher degrees are taken as never learned.
    """

    dim: int
    largest_degree: int = 8

    @functools.cached_property
    def coefficients(self) -> Float[np.ndarray, " degrees"]:
        """Coefficients h_k of `unit_gram` in the Gegenbauer polynomials P_k with P_k(1) = 1."""
        nodes, weights = roots_gegenbauer(NODES, self._order)
        values = np.stack([self._polynomial(degree, nodes) for degree in range(self.largest_degree + 1)])
        return (values * unit_gram(nodes)) @ weights / (values**2 @ weights)

    @functools.cached_property
    def eigenvalues(self) -> Float[np.ndarray, " degrees"]:
        """h_k divided by the number of harmonics of degree k."""
        degrees = np.arange(self.largest_degree + 1)
        harmonics = comb(self.dim + degrees - 1, degrees) - comb(self.dim + degrees - 3, degrees - 2)
        return self.coefficients / harmonics

    def teach(self, weights: Float[np.ndarray, "m d"]) -> TaughtFunction:
        """Return what the student of infinitely many units is taught of the target f*(x) = x_1.

        Args:
            weights: Weights of the teacher's units.
        """
        cosines = weights @ weights.T
        inner = weights[:, 0] / 2.0
        teacher = np.linalg.solve(unit_gram(cosines), inner)
        # Odd harmonics of degree above one are not in the span of ReLU units; their coefficients are zero.
        degrees = [k for k in range(self.largest_degree + 1) if k == 1 or k % 2 == 0]
        energies = [self.coefficients[k] * teacher @ self._polynomial(k, cosines) @ teacher for k in degrees]
        overlaps = np.where(np.array(degrees) == 1, teacher @ inner, 0.0)
        return TaughtFunction(
            self.eigenvalues[degrees], np.array(energies), overlaps, float(1.0 - teacher @ inner)
        )

    @property
    def _order(self) -> float:
        return (self.dim - 2) / 2.0

    def _polynomial(self, degree: int, points: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return eval_gegenbauer(degree, self._order, points) / eval_gegenbauer(degree, self._order, 1.0)
