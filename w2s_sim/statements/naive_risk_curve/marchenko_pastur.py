"""The Marchenko-Pastur limits of the three traces that determine the risk of ridge fine-tuning.

The limits are for S = X^T X / n with isotropic features and the resolvent (S + eta I)^{-1}, as d and n grow
at fixed gamma = d/n. All formulas are sums and quotients of positive numbers, so that float32 is accurate
enough for every eta >= 0 and gamma > 0, except for eta = 0 at gamma = 1, where the limit of v diverges.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


class RidgeTraces(NamedTuple):
    """The effect of ridge on signal and noise, as limits of traces.

    Attributes:
        mean_gain: w, the limit of (1/d) tr M for M = (S + eta I)^{-1} S; in [0, 1].
        squared_gain: w2, the limit of (1/d) tr M^2; in [0, w].
        noise_gain: v, the limit of (1/n) tr (S + eta I)^{-1} S (S + eta I)^{-1}: the risk per unit of noise
            variance, in inverse squared feature units.
    """

    mean_gain: Float[Array, ""]
    squared_gain: Float[Array, ""]
    noise_gain: Float[Array, ""]


def discriminant_root(ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Return sqrt((1 - gamma + eta)^2 + 4 gamma eta), which is zero only at gamma = 1, eta = 0."""
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    # All numbers are scaled, so that the square of a large ridge does not overflow.
    scale = 1.0 + ratio + ridge
    return scale * jnp.sqrt(((1.0 - ratio + ridge) / scale) ** 2 + 4.0 * (ratio / scale) * (ridge / scale))


@jax.jit
def ridge_traces(ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""]) -> RidgeTraces:
    """Return the limits of the three traces.

    Args:
        ratio: gamma = d/n > 0.
        ridge: eta >= 0, in squared feature units.

    Source: Marchenko & Pastur 1967; theorem `naive-risk-curve`.
    """
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    root = discriminant_root(ratio, ridge)
    mean_gain = 2.0 / (1.0 + ratio + ridge + root)
    # root - eta, computed without a difference of two large numbers.
    above_ridge = (1.0 - ratio) ** 2 / (root + ridge) + 2.0 * (1.0 + ratio) * (ridge / (root + ridge))
    return RidgeTraces(mean_gain, mean_gain * above_ridge / root, ratio * mean_gain / root)


def resolvent_trace(ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Return m(-eta), the limit of (1/d) tr (S + eta I)^{-1} for eta > 0, as the root of its quadratic.

    The formula loses digits for small eta; only the lemmas use it, in float64.
    """
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    linear = 1.0 - ratio + ridge
    return (discriminant_root(ratio, ridge) - linear) / (2.0 * ratio * ridge)


class ResolventExcess(NamedTuple):
    """The first-order deviation delta/n of the mean of (1/d) tr (S + eta I)^{-1} from its limit m.

    Attributes:
        delta: w/root^2 + kappa_4 w^2/root.
        slope: Derivative of delta in eta.
    """

    delta: Float[Array, ""]
    slope: Float[Array, ""]


@jax.jit
def resolvent_excess(
    ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""], kurtosis: Float[ArrayLike, ""] = 0.0
) -> ResolventExcess:
    """Return delta and its derivative in eta, from which the excesses of the other traces follow.

    Args:
        ratio: gamma = d/n > 0.
        ridge: eta >= 0.
        kurtosis: kappa_4 >= -2, the excess kurtosis of a coordinate; 0 for Gaussian features.

    Source: Lemma `resolvent-at-finite-size` of theorem `naive-risk-curve`.
    """
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    root = discriminant_root(ratio, ridge)
    mean_gain = ridge_traces(ratio, ridge).mean_gain
    # d root / d eta = (1 + gamma + eta)/root, and d w / d eta = -w/root.
    bend = (1.0 + ratio + ridge) / root**2
    gaussian = mean_gain / root**2
    fourth = kurtosis * mean_gain**2 / root
    slope = -gaussian * (1.0 / root + 2.0 * bend) - fourth * (2.0 / root + bend)
    return ResolventExcess(gaussian + fourth, slope)


def trace_excess(
    ratio: Float[ArrayLike, ""], ridge: Float[ArrayLike, ""], excess: ResolventExcess
) -> RidgeTraces:
    """Return n times the excesses of the three mean traces over their limits, to first order."""
    ratio, ridge = jnp.asarray(ratio), jnp.asarray(ridge)
    shrunk = ridge * excess.slope
    return RidgeTraces(
        -ridge * excess.delta,
        -ridge * (2.0 * excess.delta + shrunk),
        ratio * (excess.delta + shrunk),
    )
