"""The Chernoff bound on the posterior of a wrong concept.

With r_k = pi_n(k) / pi_n(k*), rho_k = alpha^P_k / alpha^P_* and m_k(s) = E[(p_k / p_*)^s] for one weak
demonstration,
    E[1 - pi_n(k*)] <= sum_{k != k*} min_{0 <= s <= 1} s^s (1-s)^(1-s) rho_k^s m_k(s)^n,
with 0^0 = 1. The classical form leaves out the factor s^s (1-s)^(1-s), which lies between 1/2 and 1.
"""

from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import xlogy
from jaxtyping import Array, Bool, Float

from w2s_sim.identification.moments import (
    QUADRATURE_NODES,
    has_gaussian_moments,
    log_odds_moments,
    log_odds_moments_of,
    needs_nodes,
    one_log_odds_moment_of,
)
from w2s_sim.identification.node_moments import has_nodes
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

# The search runs over the logit t of s = 1 / (1 + exp(-t)): from s = 2e-35, which float32 still holds, up
# to the last number below 1 that float64 holds.
LOWEST_LOGIT, HIGHEST_LOGIT = -80.0, 37.0
# Logits that a look compares. The first looks share 40 logits, three apart; each of the others leaves 2/9 of
# the bracket around the best logit: 6 (2/9)^10 is 2e-6, and the minimum, flat around its place, is then exact
# to a share of 1e-11.
POINTS, FIRST_LOOKS, CLOSER_LOOKS = 8, 5, 10
# What the nodes that a bound is computed with are held against.
FINE_NODES = QUADRATURE_NODES + 16


def log_chernoff_terms(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, ""]
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """log of each competitor's term of the bound (-inf for k* itself), and the minimising s_k.

    The term of k bounds E[r_k / (1 + r_k)], and with it E pi_n(k).

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.
    """
    return _log_terms(task, jnp.asarray(num_demonstrations, dtype=float), jnp.asarray(1.0))


def classical_log_chernoff_terms(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, ""]
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """log T_k = log min_s rho_k^s m_k(s)^n of each competitor (-inf for k* itself), and the minimising s_k.

    The term of k bounds E min(1, r_k); s_k is where the laws of tilted sampling are taken.

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.
    """
    return _log_terms(task, jnp.asarray(num_demonstrations, dtype=float), jnp.asarray(0.0))


def log_sharpening(exponents: Float[Array, " K"]) -> Float[Array, " K"]:
    """log of s^s (1-s)^(1-s), the largest value of r^(1-s) / (1 + r) over r > 0: between -log 2 and 0."""
    return xlogy(exponents, exponents) + xlogy(1.0 - exponents, 1.0 - exponents)


@eqx.filter_jit
def _log_terms(
    task: TransferTask | FiniteTask,
    num_demonstrations: Float[Array, ""],
    sharpening: Float[Array, ""],
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """With the factor s^s (1-s)^(1-s) for a sharpening of 1, without it for 0: one program for both."""
    prior = task.source.prior
    star_prior = prior[task.target_concept]
    known = (prior > 0) & (star_prior > 0)
    log_ratio = jnp.where(
        known,
        jnp.log(jnp.where(known, prior, 1.0)) - jnp.log(jnp.where(star_prior > 0, star_prior, 1.0)),
        0.0,
    )

    # Concepts that the source excludes cannot be confused.
    competes = (prior > 0) & (jnp.arange(task.num_concepts) != task.target_concept)
    search = partial(_lowest_terms, num_demonstrations, sharpening)
    if isinstance(task, TransferTask) and needs_nodes(task):
        terms, exponents = _one_by_one(search, task, log_ratio, competes)
    else:
        terms, exponents = search(log_ratio, log_odds_moments_of(task))
    # Odds against a concept that the source excludes are infinite: only the trivial bound is left.
    exponents, terms = (jnp.where(star_prior > 0, part, 0.0) for part in (exponents, terms))
    return jnp.where(competes, terms, -jnp.inf), exponents


def _lowest_terms(
    num_demonstrations: Float[Array, ""],
    sharpening: Float[Array, ""],
    log_ratio: Float[Array, " k"],
    log_moments: Callable[[Array], Array],
) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """The log terms of some competitors, and where they are lowest."""

    def log_term(exponents: Array) -> Array:
        log_factor = sharpening * log_sharpening(exponents)
        return log_factor + exponents * log_ratio + num_demonstrations * log_moments(exponents)

    exponents = jax.lax.stop_gradient(_minimisers(log_term, log_ratio.shape[0]))
    return log_term(exponents), exponents


def _one_by_one(
    search: Callable[..., tuple[Array, Array]],
    task: TransferTask,
    log_ratio: Float[Array, " K"],
    competes: Bool[Array, " K"],
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """The search of every competitor by itself: what moments over nodes need besides s fills the memory."""

    def of_competitor(k: Array) -> tuple[Array, Array]:
        log_moment = one_log_odds_moment_of(task, k)
        terms, exponents = search(log_ratio[k][None], lambda s: log_moment(s[0])[None])
        return terms[0], exponents[0]

    nothing = jnp.zeros_like(log_ratio[0]), jnp.zeros_like(log_ratio[0])
    concepts = jnp.arange(task.num_concepts)
    return jax.lax.map(lambda k: jax.lax.cond(competes[k], of_competitor, lambda _: nothing, k), concepts)


def _minimisers(function: Callable[[Array], Array], size: int) -> Float[Array, " size"]:
    """Minimisers over [0, 1] of `size` convex functions at once, each inf beyond some point.

    A convex function of s falls and then rises in the logit of s as well, and there a minimiser of 1e-10
    is as easy to find as one of 1/2. One loop makes all looks, so that the function is compiled for it once.
    """
    steps, is_closer = _looks()
    last = len(steps) - 1

    def look(index: Array, best: tuple[Array, Array]) -> tuple[Array, Array]:
        lowest, logit = best
        logits = jnp.where(is_closer[index], logit, 0.0) + steps[index][:, None]
        values = jax.lax.map(lambda t: function(jax.nn.sigmoid(t)), logits)
        # Of equal ones the leftmost: where all are infinite the minimum lies to the left of them.
        nearest = jnp.argmin(values, axis=0)[None]
        value, place = (jnp.take_along_axis(part, nearest, axis=0)[0] for part in (values, logits))
        # A minimum at an end is told from one beside it.
        is_better = (value < lowest) | ((index == last) & (value == lowest))
        return jnp.where(is_better, value, lowest), jnp.where(is_better, place, logit)

    start = jnp.full(size, jnp.inf), jnp.full(size, LOWEST_LOGIT)
    _, logit = jax.lax.fori_loop(0, len(steps), look, start)
    return jax.nn.sigmoid(logit)


def _looks() -> tuple[Float[Array, "looks p"], Bool[Array, " looks"]]:
    """The logits of every look, the ends last, and whether they are counted from the best logit so far."""
    first = np.linspace(LOWEST_LOGIT, HIGHEST_LOGIT, FIRST_LOOKS * POINTS)
    shares = 2.0 * np.arange(1, POINTS + 1) / (POINTS + 1) - 1.0
    widths = (first[1] - first[0]) * (2.0 / (POINTS + 1)) ** np.arange(CLOSER_LOOKS)
    ends = np.array([[-np.inf, np.inf]]).repeat(POINTS // 2, axis=1)
    steps = np.concatenate([first.reshape(FIRST_LOOKS, POINTS), widths[:, None] * shares, ends])
    is_closer = np.isin(np.arange(len(steps)), FIRST_LOOKS + np.arange(CLOSER_LOOKS))
    return jnp.asarray(steps, dtype=float), jnp.asarray(is_closer)


def identification_bound(task: TransferTask | FiniteTask, num_demonstrations: int) -> Float[Array, ""]:
    """Upper bound on E[1 - pi_n(k*)], a probability (it may exceed 1, where it says nothing).

    Any s gives a valid bound, so the numerical minimisation only ever errs on the safe side.

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.

    Source: theorem `concept-identification`, after Somerstep et al. 2025, arXiv 2405.16236, Section 4.
    """
    terms, _ = log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    return jnp.sum(jnp.exp(terms))


def classical_identification_bound(
    task: TransferTask | FiniteTask, num_demonstrations: int
) -> Float[Array, ""]:
    """The same without the factor s^s (1-s)^(1-s): larger, by a factor of two at most.

    It also bounds the mean of sum_k min(1, r_k).

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.

    Source: lemma `clipped-odds` of theorem `concept-identification`.
    """
    terms, _ = classical_log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    return jnp.sum(jnp.exp(terms))


def can_be_misidentified(task: TransferTask | FiniteTask) -> bool:
    """Whether weak demonstrations can leave any mass on a wrong concept. Needs concrete values.

    Not so for K = 1, where the source excludes all others, or where every outcome that the weak model shows
    is one that all others exclude: then 1 - pi_n(k*) is 0, always.
    """
    others = (task.source.prior > 0) & (jnp.arange(task.num_concepts) != task.target_concept)
    terms, _ = log_chernoff_terms(task, jnp.asarray(1.0))
    return bool(jnp.any(others & (terms > -jnp.inf)))


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
