"""Moments m_k(s) = E[(p_k / p_*)^s] of one weak demonstration's odds."""

from collections.abc import Callable
from functools import partial, singledispatch

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from w2s_sim.errors import InputError
from w2s_sim.identification.finite_moments import finite_log_odds_moments
from w2s_sim.identification.node_moments import (
    has_few_points,
    has_gaussian_features,
    has_normal_noise,
    mean_over_shown,
    node_log_moment,
    node_log_moments,
    root,
)
from w2s_sim.laws.feature_maps import MappedFeatures
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import ConceptTask

QUADRATURE_NODES = 32


@eqx.filter_jit
def log_odds_moments(
    task: ConceptTask, exponents: Float[Array, " K"], num_nodes: int = QUADRATURE_NODES
) -> Float[Array, " K"]:
    """Log moments log m_k(s_k) of one ungrouped weak demonstration, in nats; inf if infinite.

    Args:
        task: The transfer task with intended concept k*.
        exponents: s_k in [0, 1], one per concept.
        num_nodes: Quadrature nodes per axis (an even number) for laws without a closed form. Mapped features
            have their own number of nodes, which is scaled by num_nodes / 32.
    """
    return log_odds_moments_of(task, num_nodes)(exponents)


@singledispatch
def log_odds_moments_of(
    task: ConceptTask, num_nodes: int = QUADRATURE_NODES
) -> Callable[[Float[Array, " K"]], Float[Array, " K"]]:
    """Return `log_odds_moments` as a function of s; parts that do not depend on s are computed once.

    The form of a task's own kind is registered by its class: `@log_odds_moments_of.register(MyTask)`.

    Raises:
        InputError: If no form is registered for the class of the task.
    """
    raise InputError("task", type(task).__name__, "a task with registered log-odds moments")


@log_odds_moments_of.register(FiniteTask)
def _(task: FiniteTask, num_nodes: int = QUADRATURE_NODES) -> Callable[[Array], Array]:
    return finite_log_odds_moments(task)


@log_odds_moments_of.register(TransferTask)
def _(task: TransferTask, num_nodes: int = QUADRATURE_NODES) -> Callable[[Array], Array]:
    if needs_nodes(task):
        log_moments = node_log_moments(task, num_nodes / QUADRATURE_NODES)
    elif has_gaussian_features(task.features):
        log_moments = _gaussian_log_moments(task)
    else:
        log_moments = partial(_quadrature_log_moments, task, num_nodes)
    return _one_at_zero(log_moments)


@singledispatch
def one_log_odds_moment_of(task: ConceptTask) -> Callable[[Int[Array, ""]], Callable[[Array], Array]] | None:
    """Return k -> (s -> log m_k(s)) if all K moments at once take too much memory, and None otherwise."""
    return None


@one_log_odds_moment_of.register(TransferTask)
def _(task: TransferTask) -> Callable[[Array], Callable[[Array], Array]] | None:
    return (lambda k: _one_at_zero(node_log_moment(task, k))) if needs_nodes(task) else None


def _one_at_zero(log_moments: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Set m_k(0) to its exact value 1, also where quadrature gives no finite value."""
    return lambda exponents: jnp.where(exponents > 0, log_moments(exponents), 0.0)


def _gaussian_log_moments(task: TransferTask) -> Callable[[Float[Array, " K"]], Float[Array, " K"]]:
    per_shift = jax.vmap(partial(in_noise_units, task), (None, 0))
    units = jax.vmap(per_shift, (0, None))(*_differences_and_shifts(task))
    return lambda exponents: mean_over_shown(task, _closed_log_moment(*units, exponents[:, None]))


def _quadrature_log_moments(
    task: TransferTask, num_nodes: int, exponents: Float[Array, " K"]
) -> Float[Array, " K"]:
    def integral(difference: Array, shift: Array, exponent: Array) -> Array:
        return _quadrature_log_moment(task, difference, shift, exponent, num_nodes)

    return mean_over_shown(task, _pair_by_pair(task, integral, *_differences_and_shifts(task), exponents))


def _pair_by_pair(
    task: TransferTask,
    log_moment: Callable[[Array, Array, Array], Array],
    differences: Float[Array, "K d"],
    shifts: Float[Array, "K d"],
    exponents: Float[Array, " K"],
) -> Float[Array, "K K"]:
    """Log moments log m_kj of competitors k (rows) and demonstrated concepts j, computed one by one.

    For expensive moments: entries with k = k*, or with a j that is never demonstrated, are skipped.
    """
    size = task.num_concepts
    wanted = (jnp.arange(size) != task.target_concept)[:, None] & (task.target_prior > 0)

    def entry(index: Array) -> Array:
        k, j = index // size, index % size
        return jax.lax.cond(
            wanted[k, j],
            lambda: log_moment(differences[k], shifts[j], exponents[k]),
            lambda: jnp.zeros((), exponents.dtype),
        )

    return jax.lax.map(entry, jnp.arange(size * size)).reshape(size, size)


def _differences_and_shifts(task: TransferTask) -> tuple[Float[Array, "K d"], Float[Array, "K d"]]:
    """Return the differences beta_k - beta_* and the shifts beta'_j - beta_*."""
    star = task.source.vectors[task.target_concept]
    return task.source.vectors - star, task.supervisor.vectors - star


def needs_nodes(task: TransferTask) -> bool:
    """Whether moments are sums over values of the features, or over nodes of features and noise."""
    law = task.features
    return isinstance(law, MappedFeatures) or has_few_points(law) or not has_normal_noise(task)


def has_gaussian_moments(task: TransferTask) -> bool:
    """Whether features and labels are Gaussian, so that moments have a closed form."""
    return has_gaussian_features(task.features) and has_normal_noise(task)


def in_noise_units(
    task: TransferTask, difference: Float[Array, " d"], shift: Float[Array, " d"]
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Dimensionless numbers delta^2 / sigma^2, t = c / delta^2 and sigma_eff^2 / sigma^2.

    sigma_eff^2 = q - c^2 / delta^2 is computed as sigma'^2 plus the squared norm of the component of the
    shift orthogonal to the difference. This form avoids cancellation and premature overflow.

    Args:
        task: The transfer task.
        difference: Delta = beta_k - beta_*, in label units per feature unit.
        shift: g = beta'_j - beta_*, in label units per feature unit.
    """
    covariance, noise = task.features.covariance, task.source.noise
    difference, shift = difference / noise, shift / noise
    loading = covariance @ difference
    delta_squared = difference @ loading
    overlap = shift @ loading / jnp.where(delta_squared > 0, delta_squared, 1.0)
    across = shift - overlap * difference
    return delta_squared, overlap, (task.supervisor.noise / noise) ** 2 + across @ covariance @ across


def gaussian_log_moment(
    task: TransferTask, difference: Array, shift: Array, exponent: Array
) -> Float[Array, ""]:
    """Log moment -(1/2) log(1 + 2 A(s) delta^2) of theory/concept-identification.md, in Sigma's norm."""
    return _closed_log_moment(*in_noise_units(task, difference, shift), exponent)


def _closed_log_moment(delta_squared: Array, overlap: Array, variance: Array, exponent: Array) -> Array:
    """`gaussian_log_moment` from the dimensionless numbers of `in_noise_units`."""
    excess = exponent * delta_squared * ((1.0 - 2.0 * overlap) - exponent * variance)
    finite = excess > -1.0
    return jnp.where(finite, -0.5 * jnp.log1p(jnp.where(finite, excess, 0.0)), jnp.inf)


def _quadrature_log_moment(
    task: TransferTask, difference: Array, shift: Array, exponent: Array, num_nodes: int
) -> Float[Array, ""]:
    """The same log moment for any law of x with a known moment generating function.

    Given x, the moment is exp of a quadratic form of rank two in x. The identity
    exp(mu u^2) = E exp(sqrt(2 mu) z u), z standard normal, linearises the form in each eigenvector. The
    moment is then the moment generating function of x, averaged over two normals by Gauss-Hermite quadrature.
    """
    # In units of the strong model's noise, so that the quadratic form is dimensionless.
    rate, weak_noise = exponent, task.supervisor.noise / task.source.noise
    difference, shift = difference / task.source.noise, shift / task.source.noise
    delta_squared = difference @ difference
    delta = root(delta_squared)
    first = difference / jnp.where(delta > 0, delta, 1.0)
    along = shift @ first
    across = shift - along * first
    height = root(across @ across)
    second = across / jnp.where(height > 0, height, 1.0)
    curvature = 0.5 * (rate - (rate * weak_noise) ** 2)
    diagonal = rate * delta * along - curvature * delta_squared
    off_diagonal = 0.5 * rate * delta * height
    form = jnp.array([[diagonal, off_diagonal], [off_diagonal, 0.0]])
    eigenvalues, eigenvectors = jnp.linalg.eigh(form)
    directions = eigenvectors.T @ jnp.stack([first, second])
    # Complex roots: a negative eigenvalue gives an imaginary argument.
    is_zero = eigenvalues == 0
    roots = jnp.where(is_zero, 0.0, jnp.sqrt(jnp.where(is_zero, 1.0, 2.0 * eigenvalues) + 0j))

    nodes, weights = np.polynomial.hermite_e.hermegauss(num_nodes)
    weights = jnp.asarray(weights / weights.sum(), dtype=eigenvalues.dtype)
    nodes = jnp.asarray(nodes, dtype=eigenvalues.dtype)
    # x and -x have the same law, so half of the nodes of one axis suffice.
    half = num_nodes // 2
    scaled = roots[:, None] * nodes
    argument = scaled[0, half:, None, None] * directions[0] + scaled[1, None, :, None] * directions[1]
    values = task.features.moment_generating_function(argument).real
    moment = 2.0 * weights[half:] @ values @ weights
    return jnp.where(moment > 0, jnp.log(jnp.where(moment > 0, moment, 1.0)), jnp.inf)
