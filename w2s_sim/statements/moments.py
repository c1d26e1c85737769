"""Moments of the demonstration odds, and the Chernoff bound on the posterior that they give.

With r_k = pi_n(k) / pi_n(k*) and m_k(s) = E[(p_k / p_*)^s] for one weak demonstration,
    E[1 - pi_n(k*)] <= sum_{k != k*} min_{0 <= s <= 1} (alpha^P_k / alpha^P_*)^s m_k(s)^n.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.features import Anisotropic, FeatureLaw, Gaussian
from w2s_sim.task import TransferTask

QUADRATURE_NODES = 32
GOLDEN_RATIO = (5.0**0.5 - 1.0) / 2.0
# 0.618^32 is 2e-7; the minimum, flat around its place, is then exact to 1e-13.
GOLDEN_STEPS = 32


@eqx.filter_jit
def log_odds_moments(
    task: TransferTask, exponents: Float[Array, " K"], num_nodes: int = QUADRATURE_NODES
) -> Float[Array, " K"]:
    """log m_k(s_k) of one ungrouped weak demonstration, in nats; inf where the moment is infinite.

    Args:
        task: The transfer task; k* is its intended concept.
        exponents: s_k in [0, 1], one per concept.
        num_nodes: Quadrature nodes per axis (an even number), for feature laws without a closed form.
    """
    star = task.source.vectors[task.target_concept]
    differences = task.source.vectors - star
    shifts = task.supervisor.vectors - star
    gaussian = _has_gaussian_features(task.features)

    def moment(difference: Array, exponent: Array, shift: Array) -> Array:
        if gaussian:
            return _gaussian_log_moment(task, difference, shift, exponent)
        return _quadrature_log_moment(task, difference, shift, exponent, num_nodes)

    per_concept = jax.vmap(jax.vmap(moment, (None, None, 0)), (0, 0, None))
    # A concept that is never demonstrated must not bring in its infinite moment.
    weights = jnp.broadcast_to(task.target_prior, (task.num_concepts,) * 2)
    log_moments = per_concept(differences, exponents, shifts)
    log_terms = jnp.where(weights > 0, jnp.log(jnp.where(weights > 0, weights, 1.0)) + log_moments, -jnp.inf)
    return jax.nn.logsumexp(log_terms, axis=1)


def _has_gaussian_features(law: FeatureLaw) -> bool:
    return isinstance(law, Gaussian) or (isinstance(law, Anisotropic) and _has_gaussian_features(law.base))


def _gaussian_log_moment(
    task: TransferTask, difference: Array, shift: Array, exponent: Array
) -> Float[Array, ""]:
    """-(1/2) log(1 + 2 A(s) delta^2) of theory/concept-identification.md, in Sigma's inner product."""
    covariance = task.features.covariance
    rate = exponent / task.source.noise**2
    delta_squared = difference @ covariance @ difference
    overlap = shift @ covariance @ difference
    spread = task.supervisor.noise**2 + shift @ covariance @ shift
    determinant = (
        1.0 + rate * (delta_squared - 2.0 * overlap) - rate**2 * (spread * delta_squared - overlap**2)
    )
    finite = determinant > 0
    return jnp.where(finite, -0.5 * jnp.log(jnp.where(finite, determinant, 1.0)), jnp.inf)


def _quadrature_log_moment(
    task: TransferTask, difference: Array, shift: Array, exponent: Array, num_nodes: int
) -> Float[Array, ""]:
    """The same moment for any law of x with a known moment generating function.

    Given x, the moment is exp of a quadratic form of rank two in x. Each eigenvalue mu of the form is
    linearised by exp(mu u^2) = E exp(sqrt(2 mu) z u), z standard normal: what is left is the moment
    generating function of x, averaged over two normals by Gauss-Hermite quadrature.
    """
    rate = exponent / task.source.noise**2
    delta_squared = difference @ difference
    delta = jnp.sqrt(delta_squared)
    first = difference / jnp.where(delta > 0, delta, 1.0)
    along = shift @ first
    across = shift - along * first
    height = jnp.linalg.norm(across)
    second = across / jnp.where(height > 0, height, 1.0)
    curvature = 0.5 * (rate - rate**2 * task.supervisor.noise**2)
    diagonal = rate * delta * along - curvature * delta_squared
    off_diagonal = 0.5 * rate * delta * height
    form = jnp.array([[diagonal, off_diagonal], [off_diagonal, 0.0]])
    eigenvalues, eigenvectors = jnp.linalg.eigh(form)
    directions = eigenvectors.T @ jnp.stack([first, second])
    # Complex in the default precision: a negative eigenvalue turns the moment into a phase.
    roots = jnp.sqrt(2.0 * eigenvalues + 0j)

    nodes, weights = np.polynomial.hermite_e.hermegauss(num_nodes)
    weights = jnp.asarray(weights / weights.sum(), dtype=eigenvalues.dtype)
    nodes = jnp.asarray(nodes, dtype=eigenvalues.dtype)
    # x and -x have one law, so that half of the nodes of one axis carry all the information.
    half = num_nodes // 2
    scaled = roots[:, None] * nodes
    argument = scaled[0, half:, None, None] * directions[0] + scaled[1, None, :, None] * directions[1]
    values = task.features.moment_generating_function(argument).real
    moment = 2.0 * weights[half:] @ values @ weights
    return jnp.where(moment > 0, jnp.log(jnp.where(moment > 0, moment, 1.0)), jnp.inf)


@eqx.filter_jit
def log_chernoff_terms(
    task: TransferTask, num_demonstrations: Float[Array, ""]
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """log of each competitor's term of the bound (-inf for k* itself), and the minimising s_k.

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.
    """
    prior = task.source.prior
    star_prior = prior[task.target_concept]
    known = (prior > 0) & (star_prior > 0)
    log_ratio = jnp.where(
        known,
        jnp.log(jnp.where(known, prior, 1.0)) - jnp.log(jnp.where(star_prior > 0, star_prior, 1.0)),
        0.0,
    )

    def log_term(exponents: Array) -> Array:
        return exponents * log_ratio + num_demonstrations * log_odds_moments(task, exponents)

    exponents = jax.lax.stop_gradient(_golden_section(log_term, task.num_concepts))
    terms = log_term(exponents)
    # Concepts that the source excludes cannot be confused; a target that it excludes always is.
    terms = jnp.where(prior > 0, terms, -jnp.inf)
    terms = jnp.where(star_prior > 0, terms, jnp.inf)
    is_star = jnp.arange(task.num_concepts) == task.target_concept
    return jnp.where(is_star, -jnp.inf, terms), exponents


def _golden_section(function: Callable[[Array], Array], size: int) -> Float[Array, " size"]:
    """Minimisers over [0, 1] of `size` convex functions at once, each inf beyond some point."""

    def shrink(_: Any, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        width = high - low
        left, right = high - GOLDEN_RATIO * width, low + GOLDEN_RATIO * width
        at_left, at_right = jax.vmap(function)(jnp.stack([left, right]))
        # Where both are infinite the minimum lies to the left, for s = 0 is always finite.
        keep_left = at_left <= at_right
        return jnp.where(keep_left, low, left), jnp.where(keep_left, right, high)

    low, high = jax.lax.fori_loop(0, GOLDEN_STEPS, shrink, (jnp.zeros(size), jnp.ones(size)))
    return 0.5 * (low + high)


def identification_bound(task: TransferTask, num_demonstrations: int) -> Float[Array, ""]:
    """Upper bound on E[1 - pi_n(k*)], a probability (it may exceed 1, where it says nothing).

    Any s gives a valid bound, so the numerical minimisation only ever errs on the safe side.

    Source: theorem `concept-identification`, after Somerstep et al. 2025, arXiv 2405.16236, Section 4.
    """
    terms, _ = log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    return jnp.sum(jnp.exp(terms))


def quadrature_is_resolved(task: TransferTask, num_demonstrations: int) -> bool:
    """Whether more quadrature nodes leave every term of the bound unchanged to 0.1%."""
    if _has_gaussian_features(task.features):
        return True
    size = jnp.asarray(num_demonstrations, dtype=float)
    _, exponents = log_chernoff_terms(task, size)
    coarse = log_odds_moments(task, exponents)
    fine = log_odds_moments(task, exponents, num_nodes=QUADRATURE_NODES + 16)
    return bool(jnp.all(num_demonstrations * jnp.abs(coarse - fine) < 1e-3))
