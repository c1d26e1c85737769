"""The exact exponent and prefactor of the misidentification probability E[1 - pi_n(k*)].

E[1 - pi_n(k*)] decays like exp(-n I), I = min_k I_k, I_k = max_{0 <= s <= 1} -log m_k(s). If the maximiser
s_k is in (0, 1) and the log-odds do not lie on a lattice, competitor k contributes
    rho_k^{s_k} exp(-n I_k) (pi / sin(pi s_k)) (2 pi n v_k)^{-1/2} (1 + a_k / n + O(n^-2)),
where rho_k are its prior odds and v_k is the second derivative of log m_k at s_k. Competitors with the same
log-odds count as one with the sum of their prior odds. Proof: theory/identification-rate.md, after Bahadur &
Rao 1960 (Ann. Math. Statist. 31, "On deviations of the sample mean").
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
from w2s_sim.tasks.task import ConceptTask

# Relative tolerance within which exponents count as equal, because of float32 rounding.
TIED = 1e-5


def identification_exponents(
    task: ConceptTask,
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Exponents I_k in nats per demonstration (inf for k* and concepts of prior 0), and s_k.

    Args:
        task: The transfer task; only the support of its source prior matters.
    """
    prior = task.source.prior
    even = eqx.tree_at(lambda t: t.source.prior, task, jnp.where(prior > 0, 1.0 / jnp.sum(prior > 0), 0.0))
    log_terms, exponents = classical_log_chernoff_terms(even, jnp.asarray(1.0))
    return -log_terms, exponents


def identification_rate(task: ConceptTask) -> Float[Array, ""]:
    """Rate I = min_k I_k, in nats per demonstration.

    Source: theorem `identification-rate`.
    """
    return jnp.min(identification_exponents(task)[0])


def has_interior_minimiser(task: ConceptTask) -> bool:
    """Whether s_k is in the open interval (0, 1) for every k that attains I. Needs concrete values.

    s_k < 1 if log m_k increases at s = 1 or is infinite there. If k excludes no demonstration, m_k(0) = 1,
    and I_k > 0 implies s_k > 0. If k excludes some demonstration, m_k(0+) < 1, and s_k > 0 requires that
    log m_k decreases at 0. An s_k arbitrarily close to an end still counts as interior; the accuracy of the
    expansion at a finite n is a separate question.
    """
    rates, _ = identification_exponents(task)
    start, end = jnp.zeros(task.num_concepts), jnp.ones(task.num_concepts)
    (at_start, falls), (at_end, slopes) = _moments_and_slopes(task, start), _moments_and_slopes(task, end)
    inside = ((at_start >= 0) | (falls < 0)) & (jnp.isinf(at_end) | (slopes > 0))
    nearest = rates <= (1.0 + TIED) * jnp.min(rates)
    return bool(jnp.min(rates) > 0) and bool(jnp.all(inside | ~nearest))


@eqx.filter_jit
def _moments_and_slopes(
    task: ConceptTask, exponents: Float[Array, " K"]
) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Return log m_k(s_k) and its derivative in s_k."""
    return jax.jvp(partial(log_odds_moments, task), (exponents,), (jnp.ones_like(exponents),))


def sharp_log_misidentification(task: ConceptTask, num_demonstrations: ArrayLike) -> Float[np.ndarray, "*n"]:
    """Log of E[1 - pi_n(k*)] in nats, up to relative O(n^-2) if the nearest competitors have 0 < s_k < 1.

    A competitor with s_k = 0 or 1 contributes its Chernoff term, an upper bound on its contribution.

    Args:
        task: The transfer task, with Gaussian features or finitely many outcomes.
        num_demonstrations: One or several values of n.

    Raises:
        InputError: If features or labels are neither Gaussian nor finite.
    """
    found = Competitors.of(task)

    def log_value(size: float) -> float:
        return float(found.log_total(size, lambda k, odds: np.array(found.log_expansion(k, odds, size))))

    return np.vectorize(log_value, otypes=[float])(np.asarray(num_demonstrations))


def corrected_slopes(
    task: ConceptTask, num_demonstrations: int, competitors: Bool[Array, " K"] | None = None
) -> tuple[float, float]:
    """Slope (log E_n - log E_2n - (1/2) log 2) / n in nats, exact and without the effect of a lattice.

    E[r / (1 + r)] of every competitor is computed without an expansion in n, so for two concepts the slope is
    exact. The overlap of several competitors is exact if they coincide or are well separated, and uses a
    normal approximation in between.

    Args:
        task: The transfer task, with Gaussian features or finitely many outcomes.
        num_demonstrations: n >= 1.
        competitors: Mask of the concepts whose mass E_n counts; by default all but the intended concept.

    Returns:
        The two slopes; nan if they cannot be computed, or if there is no competitor.

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
