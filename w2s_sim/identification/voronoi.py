"""Limit of the posterior and its rate: Voronoi cells of the concepts in Sigma's norm.

The posterior concentrates on the winner w, the concept nearest to the weak concept beta'_*. Relative to the
winner, a loser k has Delta = beta_k - beta_w, delta^2 = ||Delta||^2, g = beta'_* - beta_w,
t = g.Delta / delta^2 < 1/2 and sigma_eff^2 = sigma'^2 + ||g||^2 - (g.Delta)^2 / delta^2. Its posterior mass
decays at the rate
    (1/2) log(1 + delta^2 (1 - 2t)^2 / (4 sigma_eff^2)),  if  s = sigma^2 (1 - 2t) / (2 sigma_eff^2) <= 1.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from w2s_sim.identification.competitors import Competitors
from w2s_sim.identification.moments import has_gaussian_moments, in_noise_units
from w2s_sim.identification.rate import TIED, identification_exponents
from w2s_sim.tasks.regression_task import TransferTask

# Tolerance of the dimensionless number 1 - 2t at 0, because of float32 rounding.
ROUNDING = 1e-6


def voronoi_winner(task: TransferTask) -> Int[Array, ""]:
    """Winner w: among concepts of positive source prior, the one nearest to the weak version of k*."""
    shifts = (task.supervisor.vectors[task.target_concept] - task.source.vectors) / task.source.noise
    squares = jnp.einsum("ki,ij,kj->k", shifts, task.features.covariance, shifts)
    return jnp.argmin(jnp.where(task.source.prior > 0, squares, jnp.inf))


def seen_from_winner(task: TransferTask) -> TransferTask:
    """Return a task with the same weak demonstrations and the winner as the intended concept.

    The weak vectors and target weights of k* and the winner are swapped.
    """
    winner, star = voronoi_winner(task), task.target_concept
    order = jnp.arange(task.num_concepts).at[winner].set(star).at[star].set(winner)
    return eqx.tree_at(
        lambda t: (t.target_prior, t.supervisor.vectors),
        task,
        (task.target_prior[order], task.supervisor.vectors[order]),
    )


def losers(task: TransferTask) -> Bool[Array, " K"]:
    """Mask of the losers: all but k* if k* wins; otherwise only k*, although other mass can vanish too."""
    winner, star = voronoi_winner(task), task.target_concept
    concepts = jnp.arange(task.num_concepts)
    return jnp.where(winner == star, concepts != star, concepts == star)


def voronoi_pairs(
    task: TransferTask,
) -> tuple[Float[Array, " K"], Float[Array, " K"], Float[Array, " K"]]:
    """Return delta^2, t and sigma_eff^2 of every concept relative to the winner, for which t = 0."""
    delta_squared, share, variance = _pairs_in_noise_units(task)
    unit = task.source.noise**2
    return delta_squared * unit, share, variance * unit


def _pairs_in_noise_units(
    task: TransferTask,
) -> tuple[Float[Array, " K"], Float[Array, " K"], Float[Array, " K"]]:
    winner = task.source.vectors[voronoi_winner(task)]
    shift = task.supervisor.vectors[task.target_concept] - winner
    pairs = jax.vmap(partial(in_noise_units, task), (0, None))
    return pairs(task.source.vectors - winner, shift)


def _counted_losers(task: TransferTask) -> Bool[Array, " K"]:
    return losers(task) & (task.source.prior > 0)


def voronoi_rates(task: TransferTask) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Rates of the losers in nats per demonstration (inf for others), valid only if their s <= 1; and s.

    Source: theorem `voronoi-threshold`.
    """
    delta_squared, share, variance = _pairs_in_noise_units(task)
    rates = 0.5 * jnp.log1p(delta_squared * (1.0 - 2.0 * share) ** 2 / (4.0 * variance))
    exponents = (1.0 - 2.0 * share) / (2.0 * variance)
    return jnp.where(_counted_losers(task), rates, jnp.inf), exponents


def voronoi_rate(task: TransferTask) -> Float[Array, ""]:
    """Smallest rate of a loser, in nats per demonstration."""
    return jnp.min(voronoi_rates(task)[0])


def is_off_the_border(task: TransferTask) -> bool:
    """Whether every loser is farther from the weak concept than the winner. Needs concrete values."""
    _, share, _ = _pairs_in_noise_units(task)
    return bool(jnp.all((1.0 - 2.0 * share > ROUNDING) | ~_counted_losers(task)))


def nearest_losers_are_inside(task: TransferTask) -> bool:
    """Whether s < 1 for the losers whose mass decays most slowly. Needs concrete values.

    If the closed-form s exceeds 1, the rate is the rate at s = 1, below the closed form. Such a loser can
    decay more slowly than a loser with a smaller closed-form rate.
    """
    delta_squared, share, variance = _pairs_in_noise_units(task)
    _, exponents = voronoi_rates(task)
    s = jnp.minimum(exponents, 1.0)
    rates = 0.5 * jnp.log1p(s * delta_squared * ((1.0 - 2.0 * share) - s * variance))
    rates = jnp.where(_counted_losers(task), rates, jnp.inf)
    nearest = rates <= (1.0 + TIED) * jnp.min(rates)
    return bool(jnp.all((exponents < 1.0) | ~nearest))


def only_losers_compete(task: TransferTask) -> TransferTask:
    """Return the task relative to the winner, with source prior restricted to the winner and the losers."""
    prior = task.source.prior
    known = losers(task) | (jnp.arange(task.num_concepts) == voronoi_winner(task))
    kept = jnp.where(known, prior, 0.0)
    return eqx.tree_at(lambda t: t.source.prior, seen_from_winner(task), kept / jnp.sum(kept))


def no_third_concept_interferes(task: TransferTask) -> bool:
    """Whether every third concept is less likely than k* and the winner where these two are equally likely.

    Outside the cell, the posterior mass of k* decays at the rate of the pair only if, under the law tilted so
    that k* and the winner are equally likely, every other concept explains the demonstrations worse. Needs
    concrete values.
    """
    star = int(task.target_concept)
    if star == int(voronoi_winner(task)) or not has_gaussian_moments(task):
        return True
    pair = Competitors.of(seen_from_winner(task), losers(task))
    # If the source excludes the intended concept, there is no pair to compare.
    return all(
        pair.law.tilted_pair(star, float(pair.exponents[0]), third).mean[1] < 0.0
        for third in (pair.bystanders if pair.concepts else ())
    )


def numerical_rate(task: TransferTask) -> Float[Array, ""]:
    """Compute the rate of `voronoi_rate` by numerical minimisation of m_k(s) over [0, 1]."""
    return jnp.min(identification_exponents(only_losers_compete(task))[0])
