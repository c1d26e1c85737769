"""Rare-event simulation of a misidentified concept, by exponential tilting.

After n demonstrations the posterior of the wrong concepts is of order exp(-n I): naive sampling would
wait for an event of that probability. Here demonstrations are drawn from laws under which the event is
common, and reweighted. Under the tilt s of a competitor k one demonstration has the density
(p_k / p_*)^s / m_k(s) relative to its own law. One competitor is drawn per context, with probability
proportional to its Chernoff term
    T_k = (alpha^P_k / alpha^P_*)^{s_k} m_k(s_k)^n,    eps_n = sum_k T_k,
and all n demonstrations from its tilted law. With r_k = pi_n(k) / pi_n(k*) the mixture has the density
sum_k r_k^{s_k} / eps_n, so that
    E[1 - pi_n(k*)] = eps_n E_tilted[(1 - pi_n(k*)) / sum_k r_k^{s_k}],
and the ratio under the mean lies in [0, 1], because 1 - pi_n(k*) <= sum_k min(1, r_k). It is the scaled
replicate: of moderate size however small the probability. Proofs: theory/identification-rate.md.

Siegmund 1976 (Ann. Statist. 4, "Importance sampling in the Monte Carlo study of sequential tests") is
the source of the idea.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from w2s_sim.errors import InputError
from w2s_sim.identification.chernoff import log_chernoff_terms
from w2s_sim.identification.moments import gaussian_log_moment, has_gaussian_features
from w2s_sim.task import TransferTask, WeakData


class TiltingPlan(eqx.Module):
    """All that tilted replicates share: computed once, whatever the number of replicates.

    Attributes:
        log_terms: log T_k of every competitor, in nats; -inf for k* and whoever does not compete.
        exponents: s_k in [0, 1].
        log_moments: log m_k(s_k) of one demonstration, in nats.
        log_demonstrated: Row k: log probability that a demonstration tilted towards k shows concept j.
        directions: Entry (k, j): shift of x per unit of (beta_k - beta_*)^T x, feature/label units.
        noise_shifts: Entry (k, j): shift of the standardised label noise per unit of the same, 1/label.
        num_demonstrations: n >= 1.
    """

    log_terms: Float[Array, " K"]
    exponents: Float[Array, " K"]
    log_moments: Float[Array, " K"]
    log_demonstrated: Float[Array, "K K"]
    directions: Float[Array, "K K d"]
    noise_shifts: Float[Array, "K K"]
    num_demonstrations: int = eqx.field(static=True)

    @property
    def log_bound(self) -> Float[Array, ""]:
        """log eps_n, in nats: the unit of the scaled replicates."""
        return jax.nn.logsumexp(self.log_terms)

    @property
    def largest_log_moment(self) -> Float[Array, ""]:
        """max_k log m_k(s_k) over the competitors."""
        return jnp.max(jnp.where(self.log_terms > -jnp.inf, self.log_moments, -jnp.inf))

    def log_unit(self, num_demonstrations: int) -> Float[Array, ""]:
        """log of the unit for N >= n demonstrations, in nats: eps_n max_k m_k(s_k)^{N-n}."""
        return self.log_bound + (num_demonstrations - self.num_demonstrations) * self.largest_log_moment


def tilting_plan(
    task: TransferTask,
    num_demonstrations: int,
    competitors: Bool[Array, " K"] | None = None,
) -> TiltingPlan:
    """How to simulate the posterior mass of the competitors of the intended concept.

    Args:
        task: The task, with Gaussian features (scaled or mixed by a matrix or not); any weak model, any
            target prior, each demonstration drawing its own concept.
        num_demonstrations: n >= 1.
        competitors: Whose mass is wanted; all but the intended concept when left out.

    Raises:
        InputError: If the features are not Gaussian: their tilted law has no closed form.
    """
    if not has_gaussian_features(task.features):
        raise InputError("features", type(task.features).__name__, "Gaussian features, for a tilted law")
    log_terms, exponents = log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    if competitors is not None:
        log_terms = jnp.where(competitors, log_terms, -jnp.inf)
    return TiltingPlan(log_terms, exponents, *_tilted_laws(task, exponents), num_demonstrations)


@eqx.filter_jit
def _tilted_laws(
    task: TransferTask, exponents: Float[Array, " K"]
) -> tuple[Float[Array, " K"], Float[Array, "K K"], Float[Array, "K K d"], Float[Array, "K K"]]:
    """log m_k, and for each competitor k and demonstrated concept j: log weight, direction, noise shift.

    Write zeta = Delta^T x, e = y' - beta_*^T x and rho = s / sigma^2. Tilting multiplies the variance of zeta
    by tau^2 = m_kj(s)^2 and adds rho (q - c^2/delta^2) zeta to the mean of e given zeta; what is independent
    of the two keeps its law. A draw (x, z) of the untilted law, moved along one direction by a multiple of
    zeta, has exactly this law.
    """
    star = task.source.vectors[task.target_concept]
    covariance = task.features.covariance

    def law(difference: Array, exponent: Array, shift: Array) -> tuple[Array, Array, Array]:
        log_moment = gaussian_log_moment(task, difference, shift, exponent)
        # A concept that is never demonstrated may have an infinite moment, and has no use for a law.
        scale = jnp.exp(jnp.where(jnp.isfinite(log_moment), log_moment, 0.0))
        loading = covariance @ difference
        delta_squared = difference @ loading
        unit = loading / jnp.where(delta_squared > 0, delta_squared, 1.0)
        rate = exponent / task.source.noise**2
        across = covariance @ shift - (shift @ loading) * unit
        direction = (scale - 1.0) * unit + scale * rate * across
        return log_moment, direction, scale * rate * task.supervisor.noise

    per_concept = jax.vmap(jax.vmap(law, (None, None, 0)), (0, 0, None))
    log_moments, directions, noise_shifts = per_concept(
        task.source.vectors - star, exponents, task.supervisor.vectors - star
    )
    prior = task.target_prior
    shown = prior > 0
    log_weights = jnp.where(shown, jnp.log(jnp.where(shown, prior, 1.0)) + log_moments, -jnp.inf)
    log_totals = jax.nn.logsumexp(log_weights, axis=1)
    return log_totals, log_weights - log_totals[:, None], directions, noise_shifts


def tilted_context(
    task: TransferTask,
    plan: TiltingPlan,
    num_demonstrations: int,
    competitor: Int[Array, ""] | None = None,
    *,
    key: Key[Array, ""],
) -> WeakData:
    """Independent demonstrations from a law tilted towards one competitor.

    Args:
        task: The task.
        plan: Its plan.
        num_demonstrations: N, how many.
        competitor: Towards whom; drawn in proportion to the plan's Chernoff terms when left out.
        key: Typed PRNG key.
    """
    input_key, other_key = jax.random.split(key)
    inputs = task.features.sample(num_demonstrations, key=input_key)
    # One block of normals for all the rest: every call of the generator takes long to compile.
    block = jax.random.normal(other_key, (2, num_demonstrations + 1))
    noise, levels = block[0, 1:], jax.scipy.special.ndtr(block[1])
    if competitor is None:
        competitor = _categorical(jax.nn.softmax(plan.log_terms), levels[0])
    concepts = _categorical(jnp.exp(plan.log_demonstrated[competitor]), levels[1:])
    differences = inputs @ (task.source.vectors[competitor] - task.source.vectors[task.target_concept])
    inputs = inputs + differences[:, None] * plan.directions[competitor, concepts]
    noise = noise + differences * plan.noise_shifts[competitor, concepts]
    means = jnp.sum(inputs * task.supervisor.vectors[concepts], axis=-1)
    return WeakData(inputs, means + task.supervisor.noise * noise)


def _categorical(weights: Float[Array, " K"], levels: Float[Array, "*n"]) -> Int[Array, "*n"]:
    """Draws of an index with the given weights, from levels uniform on (0, 1)."""
    return jnp.sum(levels[..., None] > jnp.cumsum(weights)[:-1], axis=-1)


def tilted_replicate(task: TransferTask, plan: TiltingPlan, *, key: Key[Array, ""]) -> Float[Array, ""]:
    """A scaled replicate in [0, 1], of mean E[sum of pi_n over the competitors] / eps_n."""
    data = tilted_context(task, plan, plan.num_demonstrations, key=key)
    return scaled_mass(task, plan, data)


def scaled_mass(task: TransferTask, plan: TiltingPlan, data: WeakData) -> Float[Array, ""]:
    """Posterior mass of the competitors after a tilted context, reweighted and divided by the plan's unit.

    The context may be longer than the plan's n. After N demonstrations the mixture has the density
    sum_k r_k^{s_k} m_k^{n-N} / eps_n, and the mass over the density is at most eps_n max_k m_k^{N-n}, the
    unit for N demonstrations.

    Args:
        task: The task.
        plan: Its plan.
        data: N >= n demonstrations from `tilted_context`.
    """
    log_posterior = task.source.log_posterior(data.inputs, data.labels)
    competes = plan.log_terms > -jnp.inf
    log_mass = jax.nn.logsumexp(jnp.where(competes, log_posterior, -jnp.inf))
    log_odds = jnp.where(competes, log_posterior - log_posterior[task.target_concept], 0.0)
    further = data.labels.shape[0] - plan.num_demonstrations
    slack = further * (plan.largest_log_moment - plan.log_moments)
    log_density = jax.nn.logsumexp(jnp.where(competes, plan.exponents * log_odds + slack, -jnp.inf))
    # Rounding alone could lift it above one.
    return jnp.exp(jnp.minimum(log_mass - log_density, 0.0))
