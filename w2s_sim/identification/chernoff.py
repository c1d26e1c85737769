"""The Chernoff bound on the posterior of a wrong concept.

With r_k = pi_n(k) / pi_n(k*) and m_k(s) = E[(p_k / p_*)^s] for one weak demonstration,
    E[1 - pi_n(k*)] <= sum_{k != k*} min_{0 <= s <= 1} (alpha^P_k / alpha^P_*)^s m_k(s)^n.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.finite_task import FiniteTask
from w2s_sim.identification.moments import (
    QUADRATURE_NODES,
    has_gaussian_moments,
    log_odds_moments,
    log_odds_moments_of,
    needs_nodes,
)
from w2s_sim.identification.node_moments import has_nodes
from w2s_sim.task import TransferTask

GOLDEN_RATIO = (5.0**0.5 - 1.0) / 2.0
# 0.618^32 is 2e-7; the minimum, flat around its place, is then exact to 1e-13.
GOLDEN_STEPS = 32
# What the nodes that a bound is computed with are held against.
FINE_NODES = QUADRATURE_NODES + 16


@eqx.filter_jit
def log_chernoff_terms(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, ""]
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

    log_moments = log_odds_moments_of(task)

    def log_term(exponents: Array) -> Array:
        return exponents * log_ratio + num_demonstrations * log_moments(exponents)

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


def identification_bound(task: TransferTask | FiniteTask, num_demonstrations: int) -> Float[Array, ""]:
    """Upper bound on E[1 - pi_n(k*)], a probability (it may exceed 1, where it says nothing).

    Any s gives a valid bound, so the numerical minimisation only ever errs on the safe side.

    Source: theorem `concept-identification`, after Somerstep et al. 2025, arXiv 2405.16236, Section 4.
    """
    terms, _ = log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    return jnp.sum(jnp.exp(terms))


def quadrature_is_resolved(task: TransferTask | FiniteTask, num_demonstrations: int) -> bool:
    """Whether more quadrature nodes leave every term of the bound unchanged to 0.1%; no others are needed."""
    if isinstance(task, FiniteTask) or has_gaussian_moments(task):
        return True
    if needs_nodes(task) and not has_nodes(task.features, FINE_NODES / QUADRATURE_NODES):
        return False
    size = jnp.asarray(num_demonstrations, dtype=float)
    _, exponents = log_chernoff_terms(task, size)
    coarse = log_odds_moments(task, exponents)
    fine = log_odds_moments(task, exponents, num_nodes=FINE_NODES)
    # Where a moment is infinite, the minimising s is 0, and any claim holds.
    same = jnp.where(jnp.isinf(coarse) & jnp.isinf(fine), 0.0, jnp.abs(coarse - fine))
    return bool(jnp.all(num_demonstrations * same < 1e-3))
