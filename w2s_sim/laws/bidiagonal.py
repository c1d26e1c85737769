"""The spectrum of S = X^T X / n for standard normal X, from 2 min(n, d) random numbers.

Householder reflections from both sides turn X into a bidiagonal matrix B with the same singular values.
Each reflection is applied to rows or columns whose law is rotation invariant, so that the entries of B are
independent: the diagonal is chi with max(n, d), max(n, d) - 1, ... degrees of freedom, and the entries beside
it are chi with min(n, d) - 1, ..., 1. Functions of the spectrum alone therefore need neither X nor S.

Source: Dumitriu & Edelman 2002, Matrix models for beta ensembles, arXiv math-ph/0206043. The derivation, and
that of the recursion for ridge regression, are in theory/exact-reductions.md.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.laws.chi_square import chi_square


class GainTraces(NamedTuple):
    """Traces of M = g(S) and of h(S) = g(S) / S, which determine the mean risk of spectral fine-tuning.

    Attributes:
        kept: (1/d) tr (I - M)^2, the share of the source's risk that remains.
        mixed: (1/d) tr M (I - M). With gains in [0, 1], kept + 2 mixed + taken = 1 has no negative term.
        taken: (1/d) tr M^2, the share of the weak model's risk that is taken on.
        noise: (1/n) tr h(S) S h(S), the risk per unit of noise variance, in inverse squared feature units.
    """

    kept: Float[Array, ""]
    mixed: Float[Array, ""]
    taken: Float[Array, ""]
    noise: Float[Array, ""]

    def shrunk(self, share: Float[Array, ""]) -> "GainTraces":
        """Return the traces of the gain share * g."""
        rest = 1.0 - share
        return GainTraces(
            self.kept + rest * (2.0 * self.mixed + rest * self.taken),
            share * (self.mixed + rest * self.taken),
            share**2 * self.taken,
            share**2 * self.noise,
        )


class WishartSpectrum(eqx.Module):
    """The spectrum of one draw of S, as squares of the entries of its bidiagonal matrix.

    Attributes:
        diagonal: Squares a_1..a_m of the diagonal of B, over n; m = min(n, d).
        beside: Squares b_1..b_{m-1} of the entries beside the diagonal, over n.
        dim: d >= 1.
        num_inputs: n >= 1.
    """

    diagonal: Float[Array, " m"]
    beside: Float[Array, " beside"]
    dim: int = eqx.field(static=True)
    num_inputs: int = eqx.field(static=True)

    @classmethod
    def draw(cls, dim: int, num_inputs: int, *, key: Key[Array, ""]) -> "WishartSpectrum":
        """Draw the spectrum of S for n standard normal inputs in R^d."""
        size = min(dim, num_inputs)
        degrees = np.concatenate([max(dim, num_inputs) - np.arange(size), np.arange(size - 1, 0, -1)])
        squares = chi_square(jnp.asarray(degrees, float), key=key) / num_inputs
        return cls(squares[:size], squares[size:], dim, num_inputs)

    @property
    def eigenvalues(self) -> Float[Array, " m"]:
        """The m eigenvalues of S that are not zero, ascending; the other d - m are zero."""
        main = self.diagonal + jnp.pad(self.beside, (1, 0))
        off = jnp.sqrt(self.diagonal[:-1] * self.beside)
        return jax.scipy.linalg.eigh_tridiagonal(main, off, eigvals_only=True)

    def traces(self, gain: Callable[[Float[Array, " m"]], Float[Array, " m"]]) -> GainTraces:
        """Return the traces of any gain g, a function of the positive eigenvalues.

        Eigenvalues within rounding of zero count as zero, as in `SpectralFinetuning.filter_matrix`.
        """
        spectrum = self.eigenvalues
        resolution = jnp.finfo(spectrum.dtype).eps * max(self.dim, self.num_inputs) * spectrum[-1]
        spanned = spectrum > resolution
        safe = jnp.where(spanned, spectrum, 1.0)
        taken = jnp.where(spanned, gain(safe), 0.0)
        return self._over_sizes(
            jnp.sum((1.0 - taken) ** 2),
            jnp.sum((1.0 - taken) * taken),
            jnp.sum(taken**2),
            jnp.sum(taken**2 / safe),
        )

    def ridge_traces(self, ridge: Float[Array, ""]) -> GainTraces:
        """Return the traces of g(lambda) = lambda / (lambda + eta), without eigenvalues.

        The pivots of B^T B + eta and their first two derivatives in eta follow from one another, and the
        traces of a resolvent are sums of logarithmic derivatives of pivots. Nearly all numbers are sums of
        positive numbers, so that float32 is accurate to a few units in the last place for every eta >= 0.

        Args:
            ridge: eta >= 0, in squared feature units.
        """
        zero = jnp.zeros_like(self.diagonal[0])
        ridge = jnp.asarray(ridge, zero.dtype)

        def step(
            state: tuple[Array, ...], squares: tuple[Array, Array]
        ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
            # rest is the pivot less a; slope and bend are its derivatives; lag is rest - eta * slope.
            rest, slope, bend, lag = state
            a, b = squares
            inverse = 1.0 / (a + rest)
            taken, left = (a + lag) * inverse, ridge * slope * inverse
            curved = ridge * bend * inverse
            traces = (
                left**2 + ridge * curved,
                taken * left - ridge * curved,
                taken**2 + ridge * curved,
                taken * slope * inverse - curved,
            )
            weight = b * inverse**2
            following = (
                ridge + b * rest * inverse,
                1.0 + weight * a * slope,
                weight * a * (bend + 2.0 * slope**2 * inverse),
                weight * (rest**2 + a * lag),
            )
            return following, traces

        start = (ridge, zero + 1.0, zero, zero)
        _, terms = jax.lax.scan(step, start, (self.diagonal, jnp.pad(self.beside, (0, 1))))
        return self._over_sizes(*(jnp.sum(each) for each in terms))

    def _over_sizes(self, kept: Array, mixed: Array, taken: Array, noise: Array) -> GainTraces:
        """Divide sums over the positive eigenvalues by d or n; zero eigenvalues keep the source."""
        zeros = self.dim - len(self.diagonal)
        return GainTraces(
            (kept + zeros) / self.dim, mixed / self.dim, taken / self.dim, noise / self.num_inputs
        )
