"""The Marchenko-Pastur limit of the three traces that fine-tuning by ridge depends on.

For S = X^T X / n with isotropic features, gamma = d/n and the resolvent (S + eta I)^{-1}, as d and n grow
together. All forms are sums and quotients of positive numbers, so that float32 is enough for every
eta >= 0 and gamma > 0, but for eta = 0 at gamma = 1, where the limit of v diverges.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


class RidgeTraces(NamedTuple):
    """What ridge does to signal and noise, per feature.

    Attributes:
        mean_gain: w, the limit of (1/d) tr M for M = (S + eta I)^{-1} S; in [0, 1].
        squared_gain: w2, that of (1/d) tr M^2; in [0, w].
        noise_gain: v, that of (1/n) tr (S + eta I)^{-1} S (S + eta I)^{-1}: risk per unit of noise variance,
            in inverse squared feature units.
    """

    mean_gain: Float[Array, ""]
    squared_gain: Float[Array, ""]
    noise_gain: Float[Array, ""]


def discriminant_root(ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """sqrt((1 - gamma + eta)^2 + 4 gamma eta), zero at the edge gamma = 1, eta = 0 alone."""
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    return jnp.sqrt((1.0 - ratio + ridge) ** 2 + 4.0 * ratio * ridge)


@jax.jit
def ridge_traces(ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""]) -> RidgeTraces:
    """The three traces in the limit.

    Args:
        ratio: gamma = d/n > 0.
        ridge: eta >= 0, in squared feature units.

    Source: Marchenko & Pastur 1967; theorem `naive-risk-curve`.
    """
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    root = discriminant_root(ratio, ridge)
    mean_gain = 2.0 / (1.0 + ratio + ridge + root)
    # root - eta without the difference of two large numbers.
    above_ridge = ((1.0 - ratio) ** 2 + 2.0 * ridge * (1.0 + ratio)) / (root + ridge)
    return RidgeTraces(mean_gain, mean_gain * above_ridge / root, ratio * mean_gain / root)


def resolvent_trace(ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """m(-eta), the limit of (1/d) tr (S + eta I)^{-1}, for eta > 0, as the root of its quadratic.

    Loses digits for small eta: for the lemmas, which are computed in float64.
    """
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    linear = 1.0 - ratio + ridge
    return (discriminant_root(ratio, ridge) - linear) / (2.0 * ratio * ridge)


class ResolventExcess(NamedTuple):
    """How far the mean of (1/d) tr (S + eta I)^{-1} is from its limit m: delta/n to first order.

    Attributes:
        delta: w/root^2, for Gaussian features; at least 0.
        slope: Its derivative in eta; at most 0.
    """

    delta: Float[Array, ""]
    slope: Float[Array, ""]


@jax.jit
def resolvent_excess(ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""]) -> ResolventExcess:
    """delta and its derivative; the excess of every other trace is made of these two.

    Args:
        ratio: gamma = d/n > 0.
        ridge: eta >= 0.
    """
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    root = discriminant_root(ratio, ridge)
    delta = ridge_traces(ratio, ridge).mean_gain / root**2
    return ResolventExcess(delta, -delta * (1.0 / root + 2.0 * (1.0 + ratio + ridge) / root**2))
