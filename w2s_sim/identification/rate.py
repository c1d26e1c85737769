"""The exact exponent of misidentification, and the prefactor that goes with it.

E[1 - pi_n(k*)] decays like exp(-n I), I = min_k I_k, I_k = max_{0 <= s <= 1} -log m_k(s). Where the maximiser
s_k is inside (0, 1) and log-odds lie on no lattice, competitor k contributes
    rho_k^{s_k} exp(-n I_k) (pi / sin(pi s_k)) (2 pi n v_k)^{-1/2} (1 + a_k / n + O(n^-2)),
rho_k its prior odds and v_k the second derivative of log m_k at s_k. Competitors of the same log-odds count
as one with the sum of their prior odds. Proof: theory/identification-rate.md, after Bahadur & Rao 1960
(Ann. Math. Statist. 31, "On deviations of the sample mean").
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from w2s_sim.identification.chernoff import classical_log_chernoff_terms
from w2s_sim.identification.competitors import Competitors
from w2s_sim.identification.contour import pair_probability
from w2s_sim.identification.moments import log_odds_moments
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

# Exponents that agree to this share are equal: what float32 makes of equal ones.
TIED = 1e-5


def identification_exponents(
    task: TransferTask | FiniteTask,
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """I_k of every competitor in nats per demonstration (inf for k* and the excluded), and s_k.

    Args:
        task: The transfer task; its source prior matters only through whom it excludes.
    """
    prior = task.source.prior
    even = eqx.tree_at(lambda t: t.source.prior, task, jnp.where(prior > 0, 1.0 / jnp.sum(prior > 0), 0.0))
    log_terms, exponents = classical_log_chernoff_terms(even, jnp.asarray(1.0))
    return -log_terms, exponents


def identification_rate(task: TransferTask | FiniteTask) -> Float[Array, ""]:
    """I = min_k I_k, in nats per demonstration.

    Source: theorem `identification-rate`.
    """
    return jnp.min(identification_exponents(task)[0])


def has_interior_minimiser(task: TransferTask | FiniteTask) -> bool:
    """Whether s_k is inside (0, 1) for every competitor that attains I. Needs concrete values.

    It is below 1 where log m_k rises at s = 1 or is infinite there, and above 0 where I_k > 0, if k excludes
    no demonstration: m_k(0) is then 1. If it does, m_k(0+) < 1, and log m_k must fall at 0. No s is too near
    to an end to count, and what that means for a context of n demonstrations is another question.
    """
    rates, _ = identification_exponents(task)
    start, end = jnp.zeros(task.num_concepts), jnp.ones(task.num_concepts)
    (at_start, falls), (at_end, slopes) = _moments_and_slopes(task, start), _moments_and_slopes(task, end)
    inside = ((at_start >= 0) | (falls < 0)) & (jnp.isinf(at_end) | (slopes > 0))
    nearest = rates <= (1.0 + TIED) * jnp.min(rates)
    return bool(jnp.min(rates) > 0) and bool(jnp.all(inside | ~nearest))


@eqx.filter_jit
def _moments_and_slopes(
    task: TransferTask | FiniteTask, exponents: Float[Array, " K"]
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """log m_k(s_k) and its derivative."""
    return jax.jvp(partial(log_odds_moments, task), (exponents,), (jnp.ones_like(exponents),))


def sharp_log_misidentification(
    task: TransferTask | FiniteTask, num_demonstrations: ArrayLike
) -> Float[np.ndarray, "*n"]:
    """log E[1 - pi_n(k*)] in nats, to relative O(n^-2) where nearest competitors have s_k inside (0, 1).

    A competitor whose s_k is at an end counts with its Chernoff term, which is at least its share.

    Args:
        task: The transfer task, with Gaussian features or finitely many outcomes.
        num_demonstrations: n, one or several.

    Raises:
        InputError: If features or labels are neither Gaussian nor finite.
    """
    found = Competitors.of(task)

    def log_value(size: float) -> float:
        return float(found.log_total(size, lambda k, odds: np.array(found.log_expansion(k, odds, size))))

    return np.vectorize(log_value, otypes=[float])(np.asarray(num_demonstrations))


def corrected_slopes(
    task: TransferTask | FiniteTask, num_demonstrations: int, competitors: Bool[Array, " K"] | None = None
) -> tuple[float, float]:
    """(log E_n - log E_2n - (1/2) log 2) / n in nats, as it is and as it were if log-odds had no lattice.

    Every competitor's E[r / (1 + r)] is computed without an expansion in n: for two concepts the slope is
    exact. What several competitors share is exact where they are one or far apart, and normal in between.

    Args:
        task: The transfer task, with Gaussian features or finitely many outcomes.
        num_demonstrations: n >= 1.
        competitors: Whose posterior mass E_n is; all but the intended concept when left out.

    Returns:
        The two slopes; nan where they cannot be computed, or nobody competes.

    Raises:
        InputError: If features or labels are neither Gaussian nor finite.
    """
    found = Competitors.of(task, competitors)
    if not found.concepts:
        return np.nan, np.nan

    def log_values(size: int) -> Float[np.ndarray, "2"]:
        def pair(index: int, log_odds: float) -> Float[np.ndarray, "2"]:
            value = pair_probability(found.law, found.concepts[index], log_odds, size)
            return np.array([value.log_value, value.log_smooth])

        return found.log_total(size, pair)

    fall = log_values(num_demonstrations) - log_values(2 * num_demonstrations)
    exact, smooth = (fall - 0.5 * np.log(2.0)) / num_demonstrations
    return float(exact), float(smooth)
