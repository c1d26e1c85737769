"""Tilted laws of one demonstration with finitely many outcomes: reweighted outcome probabilities."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.identification.finite_moments import finite_log_odds_moments, finite_log_powers
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.task import WeakData


class FiniteTilt(eqx.Module):
    """The laws tilted towards every concept, on M outcomes.

    Attributes:
        log_moments: log m_k(s_k) of one demonstration, in nats.
        cumulative: Cumulative probabilities of the outcomes; row k is the tilt towards k.
        inputs: Input x of every outcome.
        labels: Label y of every outcome.
    """

    log_moments: Float[Array, " K"]
    cumulative: Float[Array, "K M"]
    inputs: Int[Array, "M ..."]
    labels: Int[Array, "M ..."]

    @staticmethod
    @eqx.filter_jit
    def of(task: FiniteTask, exponents: Float[Array, " K"]) -> "FiniteTilt":
        """Compute the tilted laws q'(o) (p_k(o) / p_*(o))^{s_k} / m_k(s_k)."""
        # Outcomes that the weak model never shows or that k excludes have weight 0 under the tilt towards k.
        shown, log_powers = finite_log_powers(task)
        log_weak = jnp.log(jnp.where(shown, task.weak_law, 1.0))
        log_weights = jnp.where(shown, log_weak + log_powers(exponents), -jnp.inf)
        cumulative = jnp.cumsum(jax.nn.softmax(log_weights, axis=1), axis=1)
        inputs, labels = task.source.outcomes
        return FiniteTilt(finite_log_odds_moments(task)(exponents), cumulative, inputs, labels)

    def draw(
        self,
        task: FiniteTask,
        competitor: Int[Array, ""],
        levels: Float[Array, " n"],
        input_key: Key[Array, ""],
        noise_key: Key[Array, ""],
    ) -> WeakData:
        """Draw demonstrations from the tilt towards a competitor: levels select the outcomes."""
        cumulative = self.cumulative[competitor]
        # Scale by the total, which rounding can leave below one.
        index = jnp.searchsorted(cumulative, levels * cumulative[-1], side="right")
        return WeakData(self.inputs[index], self.labels[index])
