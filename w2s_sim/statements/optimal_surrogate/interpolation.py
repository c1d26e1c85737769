"""Interpolation of n labels with more than n normal features: its limit, and the first order of 1/n."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

NEWTON_STEPS = 60


class Interpolation(NamedTuple):
    """Means over the inputs of the projection P on their span, in the axes of Sigma.

    Attributes:
        shares: E P_ii, the share of coordinate i that the student keeps, shape (d,).
        losses: E (P Sigma P)_ii, in squared feature units, shape (d,).
        noise: E tr(Sigma X^+ X^+^T), the excess risk per variance of the label noise.
    """

    shares: Float[Array, " d"]
    losses: Float[Array, " d"]
    noise: Float[Array, ""]


def level(spectrum: Float[Array, " d"], size: int) -> Float[Array, ""]:
    """Return tau > 0 with sum_i lambda_i / (lambda_i + tau) = n, in squared feature units.

    The sum is convex and falls with tau, so that Newton's method from the left converges. A last step gives
    the derivatives.

    Args:
        spectrum: lambda_i >= 0, more than n of them positive.
        size: n.
    """
    fixed = jax.lax.stop_gradient(spectrum)
    start = 1e-6 * jnp.sum(fixed) / size
    found = jax.lax.fori_loop(0, NEWTON_STEPS, lambda _, tau: _newton(fixed, size, tau), start)
    return _newton(spectrum, size, jax.lax.stop_gradient(found))


def _newton(spectrum: Float[Array, " d"], size: int, tau: Float[Array, ""]) -> Float[Array, ""]:
    excess = jnp.sum(spectrum / (spectrum + tau)) - size
    return tau + excess / jnp.sum(spectrum / (spectrum + tau) ** 2)


def limit(spectrum: Float[Array, " d"], size: int) -> Interpolation:
    """Return 1 - zeta_i, lambda_i ((1 - zeta_i)^2 + omega zeta_i^2) and omega = Omega/(n - Omega)."""
    tau = level(spectrum, size)
    kept, lost = spectrum / (spectrum + tau), tau / (spectrum + tau)
    omega = jnp.sum(kept**2) / jnp.sum(kept * lost)
    return Interpolation(kept, spectrum * (kept**2 + omega * lost**2), omega)


def expanded(spectrum: Float[Array, " d"], size: int) -> Interpolation:
    """Return the means to the first order of 1/n, for a spectrum without zeros.

    Losses and noise are derivatives of shares and of E tr (X X^T)^{-1} along lambda_i + t lambda_i^2, at
    every size; see theory/optimal-surrogate.md.
    """

    def along(step: Float[Array, ""]) -> tuple[Float[Array, " d"], Float[Array, ""]]:
        moved = spectrum + step * spectrum**2
        shares, trace = _first_order(moved, size)
        return shares / moved, trace

    (ratios, _), (slopes, slope) = jax.jvp(along, (jnp.zeros(()),), (jnp.ones(()),))
    return Interpolation(spectrum * ratios, -spectrum * slopes, -slope)


def _first_order(spectrum: Float[Array, " d"], size: int) -> tuple[Float[Array, " d"], Float[Array, ""]]:
    """Return E P_ii and E tr (X X^T)^{-1} to the first order of 1/n."""
    tau = level(spectrum, size)
    kept, lost = spectrum / (spectrum + tau), tau / (spectrum + tau)
    room = jnp.sum(kept * lost)
    mean = jnp.sum(kept**2 * lost) / room
    return kept + kept * lost * (mean - kept) / room, (1.0 + mean / room) / tau
