"""Moments of weak data: the statistics S and r through which fine-tuning sees the data."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.weak_data import WeakData


class WeakMoments(eqx.Module):
    """The second moments of n weak pairs, with labels relative to a linear predictor beta.

    Attributes:
        covariance: S = X^T X / n, in squared feature units.
        residual: r = X^T (y' - X beta) / n, in label units times feature units.
        num_pairs: n >= 1, a whole number.
    """

    covariance: Float[Array, "d d"]
    residual: Float[Array, " d"]
    num_pairs: Float[Array, ""]

    @classmethod
    def of(cls, data: WeakData, start: Float[Array, " d"]) -> "WeakMoments":
        """Return the moments of weak data.

        Args:
            data: n weak pairs with inputs (n, d).
            start: The predictor beta, such as the source vector beta_P.
        """
        num_pairs = data.inputs.shape[0]
        residuals = data.labels - data.inputs @ start
        return cls(
            data.inputs.T @ data.inputs / num_pairs,
            data.inputs.T @ residuals / num_pairs,
            jnp.asarray(num_pairs, data.inputs.dtype),
        )


def spectral_filter(
    covariance: Float[Array, "d d"],
    num_pairs: float | Float[Array, ""],
    weight: Callable[[Float[Array, " d"]], Float[Array, " d"]],
) -> Float[Array, "d d"]:
    """Filter matrix h(S), shape (d, d); zero on directions that the inputs do not span.

    Args:
        covariance: S = X^T X / n.
        num_pairs: n, which sets the rounding error of S.
        weight: The filter h(lambda), for eigenvalues lambda > 0 of S.
    """
    spectrum, basis = jnp.linalg.eigh(covariance)
    largest_size = jnp.maximum(num_pairs, spectrum.shape[0])
    resolution = jnp.finfo(spectrum.dtype).eps * largest_size * spectrum[-1]
    spanned = spectrum > resolution
    weights = jnp.where(spanned, weight(jnp.where(spanned, spectrum, 1.0)), 0.0)
    return (basis * weights) @ basis.T
