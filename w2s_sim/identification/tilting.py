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

What one demonstration looks like under a tilt is in `gaussian_tilting` and `finite_tilting`.

Siegmund 1976 (Ann. Statist. 4, "Importance sampling in the Monte Carlo study of sequential tests") is
the source of the idea.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from w2s_sim.identification.chernoff import classical_log_chernoff_terms
from w2s_sim.identification.finite_tilting import FiniteTilt
from w2s_sim.identification.gaussian_tilting import GaussianTilt, pick
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData


class TiltingPlan(eqx.Module):
    """All that tilted replicates share: computed once, whatever the number of replicates.

    Attributes:
        log_terms: log T_k of every competitor, in nats; -inf for k* and whoever does not compete.
        exponents: s_k in [0, 1].
        law: The tilted laws of one demonstration.
        num_demonstrations: n >= 1.
    """

    log_terms: Float[Array, " K"]
    exponents: Float[Array, " K"]
    law: GaussianTilt | FiniteTilt
    num_demonstrations: int = eqx.field(static=True)

    @property
    def log_bound(self) -> Float[Array, ""]:
        """log eps_n, in nats: the unit of the scaled replicates."""
        return jax.nn.logsumexp(self.log_terms)

    @property
    def largest_log_moment(self) -> Float[Array, ""]:
        """max_k log m_k(s_k) over the competitors."""
        return jnp.max(jnp.where(self.log_terms > -jnp.inf, self.law.log_moments, -jnp.inf))

    def log_unit(self, num_demonstrations: int) -> Float[Array, ""]:
        """log of the unit for N >= n demonstrations, in nats: eps_n max_k m_k(s_k)^{N-n}."""
        return self.log_bound + (num_demonstrations - self.num_demonstrations) * self.largest_log_moment


def tilting_plan(
    task: TransferTask | FiniteTask,
    num_demonstrations: int,
    competitors: Bool[Array, " K"] | None = None,
) -> TiltingPlan:
    """How to simulate the posterior mass of the competitors of the intended concept.

    Args:
        task: A task with Gaussian features (mixed by a matrix or not) or with finitely many outcomes; any
            weak model, any target prior, each demonstration drawing its own concept.
        num_demonstrations: n >= 1.
        competitors: Whose mass is wanted; all but the intended concept when left out.

    Raises:
        InputError: If features are not Gaussian: their tilted law has no closed form.
    """
    if isinstance(task, TransferTask):
        GaussianTilt.require(task)
    log_terms, exponents = classical_log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    if competitors is not None:
        log_terms = jnp.where(competitors, log_terms, -jnp.inf)
    law = FiniteTilt.of(task, exponents) if isinstance(task, FiniteTask) else GaussianTilt.of(task, exponents)
    return TiltingPlan(log_terms, exponents, law, num_demonstrations)


def tilted_context(
    task: TransferTask | FiniteTask,
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
    level_key, *keys = jax.random.split(key, 3)
    # One block of uniforms for all choices: every call of the generator takes long to compile.
    levels = jax.random.uniform(level_key, (num_demonstrations + 1,))
    if competitor is None:
        competitor = pick(jax.nn.softmax(plan.log_terms), levels[0])
    return plan.law.draw(task, competitor, levels[1:], keys[0], keys[1])


def tilted_replicate(
    task: TransferTask | FiniteTask, plan: TiltingPlan, *, key: Key[Array, ""]
) -> Float[Array, ""]:
    """A scaled replicate in [0, 1], of mean E[sum of pi_n over the competitors] / eps_n."""
    data = tilted_context(task, plan, plan.num_demonstrations, key=key)
    return scaled_mass(task, plan, data)


def scaled_mass(task: TransferTask | FiniteTask, plan: TiltingPlan, data: WeakData) -> Float[Array, ""]:
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
    slack = further * (plan.largest_log_moment - plan.law.log_moments)
    # At s_k = 0 too, contexts that k excludes have no density under the tilt towards k.
    is_possible = competes & (log_odds > -jnp.inf)
    powers = plan.exponents * jnp.where(is_possible, log_odds, 0.0)
    log_density = jax.nn.logsumexp(jnp.where(is_possible, powers + slack, -jnp.inf))
    # Rounding alone could lift it above one.
    return jnp.exp(jnp.minimum(log_mass - log_density, 0.0))
