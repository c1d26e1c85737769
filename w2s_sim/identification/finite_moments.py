"""Moments m_k(s) = E[(p_k / p_*)^s] of one weak demonstration's odds, by enumeration of its outcomes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.finite_task import FiniteTask


def finite_log_odds_moments(task: FiniteTask) -> Callable[[Float[Array, " K"]], Float[Array, " K"]]:
    """s -> log m_k(s_k) in nats, the laws of the outcomes computed once.

    m_k(s) = sum_o q'(o) (p_k(o) / p_*(o))^s over the outcomes that the weak model shows. An outcome that
    k* excludes makes the moment infinite for s > 0; one that k alone excludes adds nothing.
    """
    log_laws = task.source.log_outcome_probabilities()
    log_star = log_laws[task.target_concept]
    weak_law = task.weak_law
    shown = weak_law > 0
    log_weak = jnp.where(shown, jnp.log(jnp.where(shown, weak_law, 1.0)), -jnp.inf)
    excluded = ~jnp.isfinite(log_star)
    possible = jnp.isfinite(log_laws) & ~excluded
    log_odds = jnp.where(possible, jnp.where(possible, log_laws, 0.0) - jnp.where(excluded, 0.0, log_star), 0)
    # The limit of (p_k / p_*)^s where one of the two is zero, for s > 0.
    limit = jnp.where(excluded, jnp.inf, jnp.where(possible, 0.0, -jnp.inf))

    def log_moments(exponents: Float[Array, " K"]) -> Float[Array, " K"]:
        powers = exponents[:, None] * log_odds + jnp.where(exponents[:, None] > 0, limit, 0.0)
        return jax.nn.logsumexp(jnp.where(shown, log_weak + powers, -jnp.inf), axis=1)

    return log_moments
