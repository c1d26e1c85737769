"""Moments m_k(s) by quadrature over nodes, for mapped features and for non-normal label noise."""

from collections.abc import Callable
from functools import partial, singledispatch
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from w2s_sim.errors import InputError
from w2s_sim.laws.feature_maps import MappedFeatures
from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian, Rademacher
from w2s_sim.laws.noise import NormalNoise
from w2s_sim.tasks.regression_task import TransferTask

# Double-exponential quadrature of the noise, e = sinh((pi/2) sinh t) on an equidistant grid of t, is
# exponentially accurate for smooth densities, also with tails as heavy as those of Student t. The last node
# lies at 2e4 standard deviations.
NOISE_EDGE = 2.6
NOISE_NODES = 161
# Nodes per axis for two projections of Gaussian features.
NODES = 32
# A sum over that many values of the features costs no more than quadrature by the generating function.
MOST_POINTS = NODES**2
# If the value at an outermost noise node exceeds this share of the sum, the moment counts as infinite.
LARGEST_EDGE_SHARE = 1e-6


@singledispatch
def has_gaussian_features(law: FeatureLaw) -> bool:
    return False


@has_gaussian_features.register(Gaussian)
def _(law: Gaussian) -> bool:
    return True


@has_gaussian_features.register(Anisotropic)
def _(law: Anisotropic) -> bool:
    return has_gaussian_features(law.base)


@singledispatch
def has_few_points(law: FeatureLaw) -> bool:
    """Whether the features take so few values that moments are sums over all of them."""
    return False


@has_few_points.register(Rademacher)
def _(law: Rademacher) -> bool:
    return 2**law.dim <= MOST_POINTS


@has_few_points.register(Anisotropic)
def _(law: Anisotropic) -> bool:
    return has_few_points(law.base)


def has_normal_noise(task: TransferTask) -> bool:
    """Whether the labels of both models are normal given the inputs."""
    return isinstance(task.source.law, NormalNoise) and isinstance(task.supervisor.law, NormalNoise)


def has_nodes(law: FeatureLaw, refinement: float) -> bool:
    """Whether the feature law has a quadrature with `refinement` times the usual nodes per axis."""
    if has_gaussian_features(law):
        return True
    try:
        law.quadrature(_axis_nodes(law, refinement))
    except InputError:
        return False
    return True


def _axis_nodes(law: FeatureLaw, refinement: float) -> int:
    """Quadrature nodes per coordinate; mapped features set their own number."""
    return round(refinement * (law.num_nodes if isinstance(law, MappedFeatures) else NODES))


def node_log_moments(
    task: TransferTask, refinement: float = 1.0
) -> Callable[[Float[Array, " K"]], Float[Array, " K"]]:
    """Return the function s -> log m_k(s_k) in nats; inf if the moment is infinite or not resolved.

    Args:
        task: The transfer task.
        refinement: Factor on the usual number of nodes per axis.
    """
    competitors = jnp.arange(task.num_concepts)

    def entry(competitor: Array, exponent: Array) -> Array:
        return jax.lax.cond(
            competitor != task.target_concept,
            lambda: node_log_moment(task, competitor, refinement)(exponent),
            lambda: jnp.zeros((), exponent.dtype),
        )

    return lambda exponents: jax.lax.map(lambda at: entry(*at), (competitors, exponents))


def node_log_moment(
    task: TransferTask, competitor: Int[Array, ""], refinement: float = 1.0
) -> Callable[[Float[Array, ""]], Float[Array, ""]]:
    """Return the function s -> log m_k(s) of one competitor k; parts without s are computed once.

    The odds depend on x only through u = Delta^T x and v = (beta'_j - beta_*)^T x: the residual of a weak
    label is v + sigma' e under k*, and v - u + sigma' e under k. Quadrature nodes discretise u and v, and
    also e if the noise is not normal.
    """
    star = task.source.vectors[task.target_concept]
    difference = task.source.vectors[competitor] - star
    shifts = task.supervisor.vectors - star
    projections = _projections(task, _axis_nodes(task.features, refinement))
    noise_nodes = round(refinement * NOISE_NODES)
    laid_out: Callable[..., tuple[Array, ...]]
    log_moment: Callable[..., Array]
    if has_normal_noise(task):
        laid_out, log_moment = partial(_normal_noise, task), _log_moment_of_normal_noise
    else:
        laid_out, log_moment = _noise_on_nodes(task, noise_nodes), _log_moment_on_nodes
    shown = task.target_prior > 0

    def lay_out(shift: Array) -> tuple[Array, ...]:
        return laid_out(*projections(difference, shift))

    def only_shown(concept: Array, function: Callable[[], Any]) -> Any:
        """Skip concepts that are never demonstrated and return zeros: moments are expensive."""
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(function))
        return jax.lax.cond(shown[concept], function, lambda: nothing)

    concepts = jnp.arange(task.num_concepts)
    parts = jax.lax.map(lambda j: only_shown(j, lambda: lay_out(shifts[j])), concepts)

    def of(exponent: Float[Array, ""]) -> Float[Array, ""]:
        def entry(at: tuple[Array, tuple[Array, ...]]) -> Array:
            return only_shown(at[0], lambda: log_moment(*at[1], exponent))

        return mean_over_shown(task, jax.lax.map(entry, (concepts, parts)))

    return of


def mean_over_shown(task: TransferTask, log_moments: Float[Array, "*K K"]) -> Float[Array, "*K"]:
    """Log of sum_j alpha^Q_j m_kj over the demonstrated j; moments of other j may be infinite."""
    shown = task.target_prior > 0
    log_weights = jnp.where(shown, jnp.log(jnp.where(shown, task.target_prior, 1.0)), -jnp.inf)
    return jax.nn.logsumexp(jnp.where(shown, log_weights + log_moments, -jnp.inf), axis=-1)


def root(square: Float[Array, ""]) -> Float[Array, ""]:
    """Square root with a finite derivative at zero; values that rounding makes negative give zero."""
    positive = square > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1.0)), 0.0)


def _projections(task: TransferTask, num_nodes: int) -> Callable[[Array, Array], tuple[Array, Array, Array]]:
    """Return the function (Delta, beta'_j - beta_*) -> nodes u, nodes v and weights."""
    if not has_gaussian_features(task.features):
        points, weights = task.features.quadrature(num_nodes)
        return lambda difference, shift: (points @ difference, points @ shift, weights)
    nodes, weights = Gaussian(2).quadrature(num_nodes)
    covariance = task.features.covariance

    def project(difference: Array, shift: Array) -> tuple[Array, Array, Array]:
        """Two projections of Gaussian features are jointly normal, so two coordinates are enough."""
        length = root(difference @ covariance @ difference)
        along = shift @ covariance @ difference / jnp.where(length > 0, length, 1.0)
        across = root(shift @ covariance @ shift - along**2)
        return length * nodes[:, 0], along * nodes[:, 0] + across * nodes[:, 1], weights

    return project


def _normal_noise(task: TransferTask, u: Array, v: Array, weights: Array) -> tuple[Array, ...]:
    """Return u, u - 2v and sigma' u in units of the strong model's noise, and the log weights."""
    weak_noise = task.supervisor.noise / task.source.noise
    u, v = u / task.source.noise, v / task.source.noise
    return u, u - 2.0 * v, weak_noise * u, jnp.log(weights)


def _log_moment_of_normal_noise(
    u: Array, gap: Array, spread: Array, log_weights: Array, exponent: Array
) -> Array:
    """Log moment with the noise integrated in closed form.

    Products start with s, which is small where the other factors are large.
    """
    return jax.nn.logsumexp(-0.5 * exponent * u * gap + 0.5 * (exponent * spread) ** 2 + log_weights)


def _noise_on_nodes(task: TransferTask, num_nodes: int) -> Callable[..., tuple[Array, ...]]:
    grid = np.linspace(-NOISE_EDGE, NOISE_EDGE, num_nodes)
    inner = 0.5 * np.pi * np.sinh(grid)
    noise = jnp.asarray(np.sinh(inner), dtype=float)
    slopes = 0.5 * np.pi * np.cosh(grid) * np.cosh(inner)
    log_steps = jnp.asarray(np.log(slopes * (grid[1] - grid[0])), dtype=float)

    def lay_out(u: Array, v: Array, weights: Array) -> tuple[Array, ...]:
        """Log-odds at every pair of feature and noise nodes, and the log weights of both."""
        residuals = v[:, None] + task.supervisor.noise * noise
        from_star = task.source.law.log_density(residuals / task.source.noise)
        from_other = task.source.law.log_density((residuals - u[:, None]) / task.source.noise)
        return from_other - from_star, task.supervisor.law.log_density(noise) + log_steps, jnp.log(weights)

    return lay_out


def _log_moment_on_nodes(log_odds: Array, log_noise: Array, log_weights: Array, exponent: Array) -> Array:
    log_values = exponent * log_odds + log_noise
    totals = jax.nn.logsumexp(log_values, axis=1)
    edges = jnp.maximum(log_values[:, 0], log_values[:, -1]) - totals
    finite = jnp.all(edges < np.log(LARGEST_EDGE_SHARE))
    return jnp.where(finite, jax.nn.logsumexp(totals + log_weights), jnp.inf)
