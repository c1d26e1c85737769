"""Moments m_k(s) = E[(p_k / p_*)^s] of one weak demonstration's odds, by enumeration of its outcomes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from w2s_sim.tasks.finite_task import FiniteTask


def finite_log_powers(
    task: FiniteTask,
) -> tuple[Bool[Array, " M"], Callable[[Float[Array, " K"]], Float[Array, "K M"]]]:
    """Mask of the outcomes the weak model shows, and s -> log (p_k / p_*)^{s_k} per outcome, in nats.

    For s > 0, 0^s = 0 and infinity^s = infinity. For s = 0, infinity^0 = 1 and 0^0 = 0: these are the values
    of min(1, r), which r^s must bound from above. If the weak model shows an outcome that k* excludes, a
    context can be impossible under every concept, and its posterior is the prior; then 0^0 = 1.
    """
    log_laws = task.source.log_outcome_probabilities()
    log_star = log_laws[task.target_concept]
    excluded, shown = ~jnp.isfinite(log_star), task.weak_law > 0
    zero_to_zero = jnp.where(jnp.any(excluded & shown), 0.0, -jnp.inf)
    possible = jnp.isfinite(log_laws) & ~excluded
    log_odds = jnp.where(possible, jnp.where(possible, log_laws, 0.0) - jnp.where(excluded, 0.0, log_star), 0)

    def log_powers(exponents: Float[Array, " K"]) -> Float[Array, "K M"]:
        positive = exponents[:, None] > 0
        of_zero = jnp.where(positive, -jnp.inf, zero_to_zero)
        limit = jnp.where(excluded, jnp.where(positive, jnp.inf, 0.0), jnp.where(possible, 0.0, of_zero))
        return exponents[:, None] * log_odds + limit

    return shown, log_powers


def finite_log_odds_moments(task: FiniteTask) -> Callable[[Float[Array, " K"]], Float[Array, " K"]]:
    """Return the function s -> log m_k(s_k) in nats; the laws of the outcomes are computed once.

    m_k(s) = sum_o q'(o) (p_k(o) / p_*(o))^s over the outcomes that the weak model shows. An outcome that
    k* excludes makes the moment infinite for s > 0. An outcome that only k excludes contributes 0, also at
    s = 0.
    """
    shown, log_powers = finite_log_powers(task)
    weak_law = jnp.where(shown, task.weak_law, 0.0)
    log_weak = jnp.where(shown, jnp.log(jnp.where(shown, weak_law, 1.0)), -jnp.inf)

    def log_moments(exponents: Float[Array, " K"]) -> Float[Array, " K"]:
        powers = jnp.where(shown, log_powers(exponents), -jnp.inf)
        # For a moment near 1, sum its distance from 1, which the direct sum would round away.
        distance = jnp.expm1(jnp.minimum(powers, 1.0)) @ weak_law
        near_one = (jnp.max(powers, axis=1) <= 1.0) & (jnp.abs(distance) < 0.5)
        return jnp.where(
            near_one,
            jnp.log1p(jnp.where(near_one, distance, 0.0)),
            jax.nn.logsumexp(log_weak + powers, axis=1),
        )

    return log_moments
