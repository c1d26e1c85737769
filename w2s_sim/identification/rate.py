"""The exact exponent of misidentification, and the prefactor that goes with it.

E[1 - pi_n(k*)] decays like exp(-n I), I = min_k I_k, I_k = max_{0 <= s <= 1} -log m_k(s). Where the maximiser
s_k is inside (0, 1), competitor k contributes
    (alpha^P_k / alpha^P_*)^{s_k} exp(-n I_k) (pi / sin(pi s_k)) (2 pi n v_k)^{-1/2} (1 + a_k / n + O(n^-2)),
v_k the second derivative of log m_k at s_k. Proof: theory/identification-rate.md, after Bahadur & Rao
1960 (Ann. Math. Statist. 31, "On deviations of the sample mean").
"""

from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.finite_task import FiniteTask
from w2s_sim.identification.chernoff import log_chernoff_terms
from w2s_sim.identification.moments import log_odds_moments
from w2s_sim.task import TransferTask

# Nearer to 0 or 1 than this, golden section has stopped at the end of the interval.
BOUNDARY = 1e-3


def identification_exponents(
    task: TransferTask | FiniteTask,
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """I_k of every competitor in nats per demonstration (inf for k* and the excluded), and s_k.

    Args:
        task: The transfer task; its source prior matters only through whom it excludes.
    """
    prior = task.source.prior
    even = eqx.tree_at(lambda t: t.source.prior, task, jnp.where(prior > 0, 1.0 / jnp.sum(prior > 0), 0.0))
    log_terms, exponents = log_chernoff_terms(even, jnp.asarray(1.0))
    return -log_terms, exponents


def identification_rate(task: TransferTask | FiniteTask) -> Float[Array, ""]:
    """I = min_k I_k, in nats per demonstration.

    Source: theorem `identification-rate`.
    """
    return jnp.min(identification_exponents(task)[0])


@eqx.filter_jit
def sharp_log_misidentification(
    task: TransferTask | FiniteTask, num_demonstrations: Float[Array, "*n"]
) -> Float[Array, "*n"]:
    """log E[1 - pi_n(k*)] in nats, to relative O(n^-2) where nearest competitors have s_k inside (0, 1).

    A competitor whose s_k is at an end counts with its Chernoff term, which is at least its share.

    Args:
        task: The transfer task.
        num_demonstrations: n, one or several.
    """
    rates, exponents = identification_exponents(task)
    competes = jnp.isfinite(rates)
    interior = (exponents > BOUNDARY) & (exponents < 1.0 - BOUNDARY)
    # Those without a saddle point are given one, and then left out.
    points = jnp.where(competes & interior, exponents, 0.5 * jnp.min(jnp.where(competes, exponents, 1.0)))
    cumulants = [log_odds_moments(task, points)]
    function = partial(log_odds_moments, task)
    for _ in range(4):
        function = _derivative(function)
        cumulants.append(function(points))
    _, _, variance, third, fourth = cumulants

    prior = task.source.prior
    log_prior_odds = jnp.log(jnp.where(prior > 0, prior, 1.0)) - jnp.log(prior[task.target_concept])
    angle = jnp.pi * points
    # Mean and variance of the density proportional to exp((1-s) l) / (1 + exp(l)), moved to the prior odds.
    mean = jnp.pi / jnp.tan(angle) - log_prior_odds
    second_moment = (jnp.pi / jnp.sin(angle)) ** 2 + mean**2
    correction = (
        -second_moment / (2.0 * variance)
        - third * mean / (2.0 * variance**2)
        + fourth / (8.0 * variance**2)
        - 5.0 * third**2 / (24.0 * variance**3)
    )

    def log_total(size: Array) -> Array:
        chernoff = exponents * log_prior_odds - size * rates
        # exp(a / n) for 1 + a / n: the same to this order, and positive.
        prefactor = jnp.log(jnp.pi / jnp.sin(angle)) - 0.5 * jnp.log(2.0 * jnp.pi * size * variance)
        saddle = chernoff + prefactor + correction / size
        return jax.nn.logsumexp(jnp.where(competes, jnp.where(interior, saddle, chernoff), -jnp.inf))

    return jnp.vectorize(log_total)(jnp.asarray(num_demonstrations, dtype=float))


def _derivative(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Derivative of a function of K numbers whose k-th value depends on the k-th number alone."""
    return lambda points: jax.jvp(function, (points,), (jnp.ones_like(points),))[1]


def has_interior_minimiser(task: TransferTask | FiniteTask) -> bool:
    """Whether s_k is inside (0, 1) for every competitor that attains I. Needs concrete values."""
    rates, exponents = identification_exponents(task)
    # Those within a hundredth of I are as good as tied at the sample sizes of interest.
    nearest = rates < 1.01 * jnp.min(rates)
    inside = (exponents > BOUNDARY) & (exponents < 1.0 - BOUNDARY)
    return bool(jnp.min(rates) > 0) and bool(jnp.all(inside | ~nearest))
