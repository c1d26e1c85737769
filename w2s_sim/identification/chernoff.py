"""The Chernoff bound on the posterior mass of the wrong concepts.

With r_k = pi_n(k) / pi_n(k*), rho_k = alpha^P_k / alpha^P_* and m_k(s) = E[(p_k / p_*)^s] for one weak
demonstration,
    E[1 - pi_n(k*)] <= sum_{k != k*} min_{0 <= s <= 1} s^s (1-s)^(1-s) rho_k^s m_k(s)^n,
with 0^0 = 1. The classical form leaves out the factor s^s (1-s)^(1-s), which lies between 1/2 and 1.
"""

from collections.abc import Callable
from functools import partial, singledispatch

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
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import ConceptTask

# Range of the search over the logit t of s = 1 / (1 + exp(-t)): from s = 2e-35, still a normal float32, to
# the largest float64 below 1.
LOWEST_LOGIT, HIGHEST_LOGIT = -80.0, 37.0
# The search compares POINTS logits per step (a "look"). The first looks together cover 40 logits with spacing
# three. Each closer look shrinks the bracket around the best logit to 2/9 of its width. The final width is
# 6 (2/9)^10 = 2e-6; a function is flat around its minimum, so the relative error of the minimum is 1e-11.
POINTS, FIRST_LOOKS, CLOSER_LOOKS = 8, 5, 10
# Nodes of the finer quadrature that checks the quadrature of a bound.
FINE_NODES = QUADRATURE_NODES + 16


def log_chernoff_terms(
    task: ConceptTask, num_demonstrations: Float[Array, ""]
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Log of each competitor's term of the bound (-inf for k*), and the minimising s_k.

    The term of k bounds E[r_k / (1 + r_k)], and therefore E pi_n(k).

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.
    """
    return _log_terms(task, jnp.asarray(num_demonstrations, dtype=float), jnp.asarray(1.0))


def classical_log_chernoff_terms(
    task: ConceptTask, num_demonstrations: Float[Array, ""]
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Chernoff terms log T_k = log min_s rho_k^s m_k(s)^n (-inf for k*), and the minimising s_k.

    T_k bounds E min(1, r_k); s_k is the exponent of the tilted sampling law towards k.

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.
    """
    return _log_terms(task, jnp.asarray(num_demonstrations, dtype=float), jnp.asarray(0.0))


def log_sharpening(exponents: Float[Array, " K"]) -> Float[Array, " K"]:
    """Log of s^s (1-s)^(1-s), the maximum of r^(1-s) / (1 + r) over r > 0; in [-log 2, 0]."""
    return xlogy(exponents, exponents) + xlogy(1.0 - exponents, 1.0 - exponents)


@eqx.filter_jit
def _log_terms(
    task: ConceptTask,
    num_demonstrations: Float[Array, ""],
    sharpening: Float[Array, ""],
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Log terms with the factor s^s (1-s)^(1-s) if sharpening = 1, and without it if sharpening = 0.

    `sharpening` is an array, so that one compiled program serves both.
    """
    prior = task.source.prior
    star_prior = prior[task.target_concept]
    known = (prior > 0) & (star_prior > 0)
    log_ratio = jnp.where(
        known,
        jnp.log(jnp.where(known, prior, 1.0)) - jnp.log(jnp.where(star_prior > 0, star_prior, 1.0)),
        0.0,
    )

    # A concept with source prior 0 cannot be confused with k*.
    competes = (prior > 0) & (jnp.arange(task.num_concepts) != task.target_concept)
    search = partial(_lowest_terms, num_demonstrations, sharpening)
    log_moment_of = one_log_odds_moment_of(task)
    if log_moment_of is None:
        terms, exponents = search(log_ratio, log_odds_moments_of(task))
    else:
        terms, exponents = _one_by_one(search, log_moment_of, log_ratio, competes)
    # If the source excludes k*, all odds are infinite and only the trivial bound holds.
    exponents, terms = (jnp.where(star_prior > 0, part, 0.0) for part in (exponents, terms))
    return jnp.where(competes, terms, -jnp.inf), exponents


def _lowest_terms(
    num_demonstrations: Float[Array, ""],
    sharpening: Float[Array, ""],
    log_ratio: Float[Array, " k"],
    log_moments: Callable[[Array], Array],
) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """Minimal log terms of some competitors, and the minimising exponents."""

    def log_term(exponents: Array) -> Array:
        log_factor = sharpening * log_sharpening(exponents)
        return log_factor + exponents * log_ratio + num_demonstrations * log_moments(exponents)

    exponents = jax.lax.stop_gradient(_minimisers(log_term, log_ratio.shape[0]))
    return log_term(exponents), exponents


def _one_by_one(
    search: Callable[..., tuple[Array, Array]],
    log_moment_of: Callable[[Array], Callable[[Array], Array]],
    log_ratio: Float[Array, " K"],
    competes: Bool[Array, " K"],
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Search for one competitor at a time: the quadrature tables of all competitors need too much memory."""

    def of_competitor(k: Array) -> tuple[Array, Array]:
        log_moment = log_moment_of(k)
        terms, exponents = search(log_ratio[k][None], lambda s: log_moment(s[0])[None])
        return terms[0], exponents[0]

    nothing = jnp.zeros_like(log_ratio[0]), jnp.zeros_like(log_ratio[0])
    concepts = jnp.arange(len(competes))
    return jax.lax.map(lambda k: jax.lax.cond(competes[k], of_competitor, lambda _: nothing, k), concepts)


def _minimisers(function: Callable[[Array], Array], size: int) -> Float[Array, " size"]:
    """Minimisers over [0, 1] of `size` convex functions at once; each may be inf beyond some point.

    A convex function of s is unimodal in the logit of s too, and in the logit a minimiser of 1e-10 is as easy
    to find as 1/2. One loop makes all looks, so that the function is compiled only once.
    """
    steps, is_closer = _looks()
    last = len(steps) - 1

    def look(index: Array, best: tuple[Array, Array]) -> tuple[Array, Array]:
        lowest, logit = best
        logits = jnp.where(is_closer[index], logit, 0.0) + steps[index][:, None]
        values = jax.lax.map(lambda t: function(jax.nn.sigmoid(t)), logits)
        # Ties go to the leftmost logit: if all values are infinite, the minimum lies to the left.
        nearest = jnp.argmin(values, axis=0)[None]
        value, place = (jnp.take_along_axis(part, nearest, axis=0)[0] for part in (values, logits))
        # The last look compares the ends; ties go to the end, so that s = 0 and s = 1 are found exactly.
        is_better = (value < lowest) | ((index == last) & (value == lowest))
        return jnp.where(is_better, value, lowest), jnp.where(is_better, place, logit)

    start = jnp.full(size, jnp.inf), jnp.full(size, LOWEST_LOGIT)
    _, logit = jax.lax.fori_loop(0, len(steps), look, start)
    return jax.nn.sigmoid(logit)


def _looks() -> tuple[Float[Array, "looks p"], Bool[Array, " looks"]]:
    """Logits of every look, the ends 0 and 1 last, and whether they are relative to the best logit so far."""
    first = np.linspace(LOWEST_LOGIT, HIGHEST_LOGIT, FIRST_LOOKS * POINTS)
    shares = 2.0 * np.arange(1, POINTS + 1) / (POINTS + 1) - 1.0
    widths = (first[1] - first[0]) * (2.0 / (POINTS + 1)) ** np.arange(CLOSER_LOOKS)
    ends = np.array([[-np.inf, np.inf]]).repeat(POINTS // 2, axis=1)
    steps = np.concatenate([first.reshape(FIRST_LOOKS, POINTS), widths[:, None] * shares, ends])
    is_closer = np.isin(np.arange(len(steps)), FIRST_LOOKS + np.arange(CLOSER_LOOKS))
    return jnp.asarray(steps, dtype=float), jnp.asarray(is_closer)


def identification_bound(task: ConceptTask, num_demonstrations: int) -> Float[Array, ""]:
    """Upper bound on the probability E[1 - pi_n(k*)]; trivial where it exceeds 1.

    Any s gives a valid bound, so an inexact minimisation can only make the bound larger.

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.

    Source: theorem `concept-identification`, after Somerstep et al. 2025, arXiv 2405.16236.
    """
    terms, _ = log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    return jnp.sum(jnp.exp(terms))


def classical_identification_bound(task: ConceptTask, num_demonstrations: int) -> Float[Array, ""]:
    """`identification_bound` without the factor s^s (1-s)^(1-s): larger by at most a factor of two.

    This bound also holds for E[sum_k min(1, r_k)].

    Args:
        task: The transfer task.
        num_demonstrations: n >= 1.

    Source: lemma `clipped-odds` of theorem `concept-identification`.
    """
    terms, _ = classical_log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    return jnp.sum(jnp.exp(terms))


def can_be_misidentified(task: ConceptTask) -> bool:
    """Whether weak demonstrations can leave posterior mass on a wrong concept. Needs concrete values.

    False if K = 1, if the source excludes all other concepts, or if all other concepts exclude every outcome
    that the weak model shows: then 1 - pi_n(k*) is always 0.
    """
    others = (task.source.prior > 0) & (jnp.arange(task.num_concepts) != task.target_concept)
    terms, _ = log_chernoff_terms(task, jnp.asarray(1.0))
    return bool(jnp.any(others & (terms > -jnp.inf)))


@singledispatch
def quadrature_is_resolved(task: ConceptTask, num_demonstrations: int) -> bool:
    """Whether more nodes change every term of both bounds by less than 0.1%; True without quadrature.

    The two bounds, with and without the factor s^s (1-s)^(1-s), have minimising exponents of their own.
    """
    return True


@quadrature_is_resolved.register(TransferTask)
def _(task: TransferTask, num_demonstrations: int) -> bool:
    if has_gaussian_moments(task):
        return True
    if needs_nodes(task) and not has_nodes(task.features, FINE_NODES / QUADRATURE_NODES):
        return False
    size = jnp.asarray(num_demonstrations, dtype=float)

    def is_resolved(exponents: Array) -> bool:
        coarse = log_odds_moments(task, exponents)
        fine = log_odds_moments(task, exponents, num_nodes=FINE_NODES)
        # If both moments are infinite, the minimising s is 0 and the bound is trivial.
        same = jnp.where(jnp.isinf(coarse) & jnp.isinf(fine), 0.0, jnp.abs(coarse - fine))
        return bool(jnp.all(num_demonstrations * same < 1e-3))

    # The search for the minimum is drawn to where the quadrature is too low: each bound has its own check.
    return all(
        is_resolved(terms(task, size)[1]) for terms in (log_chernoff_terms, classical_log_chernoff_terms)
    )
