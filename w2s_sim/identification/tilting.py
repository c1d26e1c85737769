"""Rare-event simulation of misidentification by exponential tilting.

After n demonstrations the posterior mass of the wrong concepts is of order exp(-n I): naive sampling would
wait for an event of that probability. Importance sampling draws demonstrations from laws under which the
event is common, and reweights them. Under the tilt towards a competitor k with exponent s, one demonstration
has the density (p_k / p_*)^s / m_k(s) relative to its own law. One competitor is drawn per context, with
probability proportional to its Chernoff term
    T_k = (alpha^P_k / alpha^P_*)^{s_k} m_k(s_k)^n,    eps_n = sum_k T_k,
and all n demonstrations are drawn from its tilted law. With r_k = pi_n(k) / pi_n(k*) the mixture has the
density sum_k r_k^{s_k} / eps_n, so that
    E[1 - pi_n(k*)] = eps_n E_tilted[(1 - pi_n(k*)) / sum_k r_k^{s_k}],
and the ratio inside the expectation lies in [0, 1], because 1 - pi_n(k*) <= sum_k min(1, r_k). This ratio is
the scaled replicate, of moderate size however small the probability. Proofs: theory/identification-rate.md.

The tilted laws of one demonstration are in `gaussian_tilting` and `finite_tilting`.

Source: Siegmund 1976 (Ann. Statist. 4, "Importance sampling in the Monte Carlo study of sequential tests").
"""

from collections.abc import Callable
from functools import partial, singledispatch
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from w2s_sim.errors import InputError
from w2s_sim.identification.chernoff import classical_log_chernoff_terms
from w2s_sim.identification.finite_tilting import FiniteTilt
from w2s_sim.identification.gaussian_tilting import GaussianTilt, pick
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import ConceptTask, WeakData


@runtime_checkable
class TiltedLaw(Protocol):
    """Laws of one demonstration tilted towards every concept, a pytree."""

    @property
    def log_moments(self) -> Float[Array, " K"]:
        """log m_k(s_k) of one demonstration, in nats."""
        ...

    def draw(
        self,
        task: Any,
        competitor: Int[Array, ""],
        levels: Float[Array, " n"],
        input_key: Key[Array, ""],
        noise_key: Key[Array, ""],
    ) -> WeakData:
        """Draw demonstrations from the tilt towards a competitor, from levels uniform on [0, 1) and keys."""
        ...


@singledispatch
def tilted_law_of(task: ConceptTask) -> Callable[[Float[Array, " K"]], TiltedLaw]:
    """Return the function s -> laws tilted by s_k; `@tilted_law_of.register(MyTask)` adds another kind.

    Raises:
        InputError: If the tilted laws have no closed form, or none is registered.
    """
    raise InputError("task", type(task).__name__, "a task with registered tilted laws")


@tilted_law_of.register(TransferTask)
def _(task: TransferTask) -> Callable[[Array], TiltedLaw]:
    GaussianTilt.require(task)
    return partial(GaussianTilt.of, task)


@tilted_law_of.register(FiniteTask)
def _(task: FiniteTask) -> Callable[[Array], TiltedLaw]:
    return partial(FiniteTilt.of, task)


class TiltingPlan(eqx.Module):
    """Quantities that all tilted replicates share, computed once.

    Attributes:
        log_terms: Log Chernoff term log T_k, in nats; -inf for k* and other concepts that do not compete.
        exponents: Tilting exponents s_k in [0, 1].
        law: Tilted laws of one demonstration.
        num_demonstrations: n >= 1.
    """

    log_terms: Float[Array, " K"]
    exponents: Float[Array, " K"]
    law: TiltedLaw
    num_demonstrations: int = eqx.field(static=True)

    @property
    def log_bound(self) -> Float[Array, ""]:
        """Log of eps_n, the unit of the scaled replicates, in nats."""
        return jax.nn.logsumexp(self.log_terms)

    @property
    def largest_log_moment(self) -> Float[Array, ""]:
        """Largest log moment max_k log m_k(s_k) over the competitors, in nats."""
        return jnp.max(jnp.where(self.log_terms > -jnp.inf, self.law.log_moments, -jnp.inf))

    def log_unit(self, num_demonstrations: int) -> Float[Array, ""]:
        """Log of the unit eps_n max_k m_k(s_k)^{N-n} for N >= n demonstrations, in nats."""
        return self.log_bound + (num_demonstrations - self.num_demonstrations) * self.largest_log_moment


def tilting_plan(
    task: ConceptTask,
    num_demonstrations: int,
    competitors: Bool[Array, " K"] | None = None,
) -> TiltingPlan:
    """Compute the tilting plan to simulate the posterior mass of the competitors.

    Args:
        task: A task with Gaussian features of any covariance, or with finitely many outcomes; any weak
            model and target prior. Each demonstration has its own draw of the concept.
        num_demonstrations: n >= 1.
        competitors: Mask of the concepts whose mass is simulated; by default all but the intended concept.

    Raises:
        InputError: If features are not Gaussian: their tilted law has no closed form.
    """
    law_at = tilted_law_of(task)
    log_terms, exponents = classical_log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    if competitors is not None:
        log_terms = jnp.where(competitors, log_terms, -jnp.inf)
    return TiltingPlan(log_terms, exponents, law_at(exponents), num_demonstrations)


def tilted_context(
    task: ConceptTask,
    plan: TiltingPlan,
    num_demonstrations: int,
    competitor: Int[Array, ""] | None = None,
    *,
    key: Key[Array, ""],
) -> WeakData:
    """Draw independent demonstrations from the law tilted towards one competitor.

    Args:
        task: The task.
        plan: The tilting plan of the task.
        num_demonstrations: Number of demonstrations N.
        competitor: Index of the competitor; by default drawn in proportion to the plan's Chernoff terms.
        key: Typed PRNG key.
    """
    level_key, *keys = jax.random.split(key, 3)
    # Draw all uniforms in one call: every call of the generator is slow to compile.
    levels = jax.random.uniform(level_key, (num_demonstrations + 1,))
    if competitor is None:
        competitor = pick(jax.nn.softmax(plan.log_terms), levels[0])
    return plan.law.draw(task, competitor, levels[1:], keys[0], keys[1])


def tilted_replicate(task: ConceptTask, plan: TiltingPlan, *, key: Key[Array, ""]) -> Float[Array, ""]:
    """Draw a scaled replicate in [0, 1] with mean E[sum of pi_n over the competitors] / eps_n."""
    data = tilted_context(task, plan, plan.num_demonstrations, key=key)
    return scaled_mass(task, plan, data)


def scaled_mass(task: ConceptTask, plan: TiltingPlan, data: WeakData) -> Float[Array, ""]:
    """Posterior mass of the competitors after a tilted context, reweighted and divided by the plan's unit.

    The context may be longer than the plan's n. After N demonstrations the mixture has the density
    sum_k r_k^{s_k} m_k^{n-N} / eps_n. The ratio of mass to density is at most eps_n max_k m_k^{N-n}, the unit
    for N demonstrations.

    Args:
        task: The task.
        plan: The tilting plan of the task.
        data: N >= n demonstrations from `tilted_context`.
    """
    log_posterior = task.source.log_posterior(data.inputs, data.labels)
    competes = plan.log_terms > -jnp.inf
    log_mass = jax.nn.logsumexp(jnp.where(competes, log_posterior, -jnp.inf))
    log_odds = jnp.where(competes, log_posterior - log_posterior[task.target_concept], 0.0)
    further = data.labels.shape[0] - plan.num_demonstrations
    slack = further * (plan.largest_log_moment - plan.law.log_moments)
    # Contexts that k excludes have density zero under the tilt towards k, also at s_k = 0.
    is_possible = competes & (log_odds > -jnp.inf)
    powers = plan.exponents * jnp.where(is_possible, log_odds, 0.0)
    log_density = jax.nn.logsumexp(jnp.where(is_possible, powers + slack, -jnp.inf))
    # Without rounding, the ratio is at most one.
    return jnp.exp(jnp.minimum(log_mass - log_density, 0.0))
