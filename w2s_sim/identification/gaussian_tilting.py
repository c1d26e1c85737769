"""Tilted laws of one demonstration for regression with Gaussian features: again Gaussian.

Write zeta = Delta^T x, e = y' - beta_*^T x and rho = s / sigma^2 for a competitor k and a demonstrated
concept j. The tilt (p_k / p_*)^s = exp(rho (e zeta - zeta^2 / 2)) multiplies the variance of zeta by
tau^2 = m_kj(s)^2 and adds rho (q - c^2/delta^2) zeta to the mean of e given zeta; components independent of
zeta and e keep their law. A draw from the untilted law, shifted along one direction by a multiple of its
zeta, has exactly the tilted law.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.concepts.regression import means_under
from w2s_sim.errors import InputError
from w2s_sim.identification.moments import gaussian_log_moment, has_gaussian_moments
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData


class GaussianTilt(eqx.Module):
    """The laws tilted towards every concept.

    Attributes:
        log_moments: log m_k(s_k) of one demonstration, in nats.
        weights: Entry (k, j): probability that a demonstration tilted towards k shows concept j.
        directions: Entry (k, j): shift of x per unit of zeta, in feature units per label unit.
        noise_shifts: Entry (k, j): shift of the standardised label noise per unit of zeta, in inverse label
            units.
    """

    log_moments: Float[Array, " K"]
    weights: Float[Array, "K K"]
    directions: Float[Array, "K K d"]
    noise_shifts: Float[Array, "K K"]

    @staticmethod
    def require(task: TransferTask) -> None:
        """Raise an `InputError` if the tilted laws of a task are not Gaussian."""
        if not has_gaussian_moments(task):
            raise InputError("features", type(task.features).__name__, "Gaussian features, for a tilted law")

    @staticmethod
    @eqx.filter_jit
    def of(task: TransferTask, exponents: Float[Array, " K"]) -> "GaussianTilt":
        """Compute the tilted laws at the exponents s_k."""
        star = task.source.vectors[task.target_concept]
        covariance, noise = task.features.covariance, task.source.noise

        def law(difference: Array, exponent: Array, shift: Array) -> tuple[Array, Array, Array]:
            log_moment = gaussian_log_moment(task, difference, shift, exponent)
            # A concept that is never demonstrated can have an infinite moment; its tilted law is never used.
            scale = jnp.exp(jnp.where(jnp.isfinite(log_moment), log_moment, 0.0))
            # Vectors are in units of the strong model's noise; zeta stays in label units.
            difference, shift = difference / noise, shift / noise
            loading = covariance @ difference
            delta_squared = difference @ loading
            unit = loading / jnp.where(delta_squared > 0, delta_squared, 1.0)
            across = covariance @ shift - (shift @ loading) * unit
            direction = (scale - 1.0) * unit + scale * exponent * across
            noise_shift = scale * exponent * (task.supervisor.noise / noise)
            return log_moment, direction / noise, noise_shift / noise

        per_concept = jax.vmap(jax.vmap(law, (None, None, 0)), (0, 0, None))
        log_moments, directions, noise_shifts = per_concept(
            task.source.vectors - star, exponents, task.supervisor.vectors - star
        )
        prior = task.target_prior
        shown = prior > 0
        log_weights = jnp.where(shown, jnp.log(jnp.where(shown, prior, 1.0)) + log_moments, -jnp.inf)
        log_totals = jax.nn.logsumexp(log_weights, axis=1)
        return GaussianTilt(log_totals, jnp.exp(log_weights - log_totals[:, None]), directions, noise_shifts)

    def draw(
        self,
        task: TransferTask,
        competitor: Int[Array, ""],
        levels: Float[Array, " n"],
        input_key: Key[Array, ""],
        noise_key: Key[Array, ""],
    ) -> WeakData:
        """Draw demonstrations from the tilt towards a competitor; uniform levels select their concepts."""
        concepts = pick(self.weights[competitor], levels)
        inputs = task.features.sample(levels.shape[0], key=input_key)
        noise = jax.random.normal(noise_key, levels.shape)
        along = inputs @ (task.source.vectors[competitor] - task.source.vectors[task.target_concept])
        inputs = inputs + along[:, None] * self.directions[competitor, concepts]
        noise = noise + along * self.noise_shifts[competitor, concepts]
        means = means_under(inputs, task.supervisor.vectors, concepts)
        return WeakData(inputs, means + task.supervisor.noise * noise)


def pick(weights: Float[Array, " K"], levels: Float[Array, "*n"]) -> Int[Array, "*n"]:
    """Draw indices with the given probabilities, from levels uniform on [0, 1)."""
    return jnp.sum(levels[..., None] >= jnp.cumsum(weights)[:-1], axis=-1)
