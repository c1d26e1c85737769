"""Where weak demonstrations lead, and how fast: Voronoi cells of the concepts in Sigma's norm.

The posterior settles on the winner w, the concept nearest to the weak one, beta'_*. Seen from there a loser k
has Delta = beta_k - beta_w, delta^2 = ||Delta||^2, g = beta'_* - beta_w, t = g.Delta / delta^2 < 1/2 and
sigma_eff^2 = sigma'^2 + ||g||^2 - (g.Delta)^2 / delta^2, and its posterior dies out at the rate
    (1/2) log(1 + delta^2 (1 - 2t)^2 / (4 sigma_eff^2)),  if  s = sigma^2 (1 - 2t) / (2 sigma_eff^2) <= 1.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from w2s_sim.identification.gaussian_tilting import GaussianTilt
from w2s_sim.identification.rate import identification_exponents
from w2s_sim.identification.tilting import tilting_plan
from w2s_sim.task import TransferTask


def voronoi_winner(task: TransferTask) -> Int[Array, ""]:
    """w, the concept nearest to the weak version of the intended one, of those that the source knows."""
    shifts = task.supervisor.vectors[task.target_concept] - task.source.vectors
    squares = jnp.einsum("ki,ij,kj->k", shifts, task.features.covariance, shifts)
    return jnp.argmin(jnp.where(task.source.prior > 0, squares, jnp.inf))


def seen_from_winner(task: TransferTask) -> TransferTask:
    """The same weak demonstrations, with the winner in the role of the intended concept.

    What the weak model shows for the two concepts, and the weights with which it does, change places.
    """
    winner, star = voronoi_winner(task), task.target_concept
    order = jnp.arange(task.num_concepts).at[winner].set(star).at[star].set(winner)
    return eqx.tree_at(
        lambda t: (t.target_prior, t.supervisor.vectors),
        task,
        (task.target_prior[order], task.supervisor.vectors[order]),
    )


def losers(task: TransferTask) -> Bool[Array, " K"]:
    """Whose mass dies out: inside the cell that of all but k*; outside, of k* (others may die as well)."""
    winner, star = voronoi_winner(task), task.target_concept
    concepts = jnp.arange(task.num_concepts)
    return jnp.where(winner == star, concepts != star, concepts == star)


def voronoi_pairs(
    task: TransferTask,
) -> tuple[Float[Array, " K"], Float[Array, " K"], Float[Array, " K"]]:
    """delta^2, t and sigma_eff^2 of every concept, seen from the winner; t = 0 for the winner itself."""
    winner, covariance = voronoi_winner(task), task.features.covariance
    differences = task.source.vectors - task.source.vectors[winner]
    shift = task.supervisor.vectors[task.target_concept] - task.source.vectors[winner]
    delta_squared = jnp.einsum("ki,ij,kj->k", differences, covariance, differences)
    overlaps = differences @ covariance @ shift
    safe = jnp.where(delta_squared > 0, delta_squared, 1.0)
    variance = task.supervisor.noise**2 + shift @ covariance @ shift - overlaps**2 / safe
    return delta_squared, overlaps / safe, variance


def voronoi_rates(task: TransferTask) -> tuple[Float[Array, " K"], Float[Array, " K"]]:
    """Rate of every loser in nats per demonstration (inf for the others), and its s, which must be <= 1.

    Source: theorem `voronoi-threshold`.
    """
    delta_squared, share, variance = voronoi_pairs(task)
    counts = losers(task) & (task.source.prior > 0)
    rates = 0.5 * jnp.log1p(delta_squared * (1.0 - 2.0 * share) ** 2 / (4.0 * variance))
    exponents = task.source.noise**2 * (1.0 - 2.0 * share) / (2.0 * variance)
    return jnp.where(counts, rates, jnp.inf), exponents


def voronoi_rate(task: TransferTask) -> Float[Array, ""]:
    """The smallest rate of a loser, in nats per demonstration."""
    return jnp.min(voronoi_rates(task)[0])


def only_losers_compete(task: TransferTask) -> TransferTask:
    """The task seen from the winner, in a world where the source knows none but the winner and the losers."""
    prior = task.source.prior
    known = losers(task) | (jnp.arange(task.num_concepts) == voronoi_winner(task))
    kept = jnp.where(known, prior, 0.0)
    return eqx.tree_at(lambda t: t.source.prior, seen_from_winner(task), kept / jnp.sum(kept))


def no_third_concept_interferes(task: TransferTask) -> bool:
    """Whether a concept that is neither k* nor the winner stays behind where the two are level.

    Outside the cell the posterior of k* dies out at the rate of the pair only if, under the law tilted until
    k* and the winner are level, every other concept explains the demonstrations worse. Needs concrete values.
    """
    star, winner = int(task.target_concept), int(voronoi_winner(task))
    if star == winner:
        return True
    pair = only_losers_compete(task)
    # One demonstration and even odds give the s at which the two are level.
    even = eqx.tree_at(lambda t: t.source.prior, pair, jnp.where(pair.source.prior > 0, 0.5, 0.0))
    plan = tilting_plan(even, 1)
    vectors, prior = np.asarray(task.source.vectors, np.float64), np.asarray(task.source.prior)
    tilt = plan.law
    assert isinstance(tilt, GaussianTilt)
    shift = np.append(np.asarray(tilt.directions)[star, winner], np.asarray(tilt.noise_shifts)[star, winner])
    move = np.eye(task.dim + 1) + np.outer(shift, np.append(vectors[star] - vectors[winner], 0.0))
    law = np.eye(task.dim + 1)
    law[:-1, :-1] = task.features.covariance
    law = move @ law @ move.T
    weak = np.asarray(task.supervisor.vectors, np.float64)[star]
    residuals = np.column_stack([weak - vectors, np.full(len(vectors), float(task.supervisor.noise))])
    squares = np.einsum("ki,ij,kj->k", residuals, law, residuals)
    third = (np.arange(len(vectors)) != star) & (np.arange(len(vectors)) != winner) & (prior > 0)
    return bool(np.all(squares[third] > squares[winner]))


def golden_section_rate(task: TransferTask) -> Float[Array, ""]:
    """The same rate as `voronoi_rate` by numerical minimisation of m_k(s) over [0, 1]."""
    return jnp.min(identification_exponents(only_losers_compete(task))[0])
