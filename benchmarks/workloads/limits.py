"""Limits: what a replicate needs in any case, such as its random numbers, computed by the same engine."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from benchmarks.workload import Answer, Contender
from w2s_sim.engine.replication import replicate
from w2s_sim.laws.bidiagonal import WishartSpectrum
from w2s_sim.laws.wishart import bartlett_factor
from w2s_sim.tasks.sampling import Sampling
from w2s_sim.tasks.weak_moments import WeakMoments

# Replicates that are drawn at once, as by the engine's own tiles.
LANES = 512


class Numbers(eqx.Module):
    """How many random numbers a replicate takes.

    Attributes:
        count: Number of standard normal numbers; or d, of `spectra` and `factors`.
        num_weak: n, of `spectra` and `factors`.
    """

    count: int = eqx.field(static=True)
    num_weak: int = eqx.field(static=True, default=0)


def normals(key: Key[Array, ""], case: Numbers) -> Float[Array, ""]:
    """Draw standard normal numbers. They are summed, so that none can be left out."""
    return jnp.sum(jax.random.normal(key, (case.count,)))


def older_normals(key: Key[Array, ""], case: Numbers) -> Float[Array, ""]:
    """Draw them with JAX's older counters, which take half of the hashes."""
    with jax.threefry_partitionable(False):
        return jnp.sum(jax.random.normal(key, (case.count,)))


def spectra(key: Key[Array, ""], case: Numbers) -> Float[Array, ""]:
    """Draw the chi-squared numbers of a spectrum."""
    drawn = WishartSpectrum.draw(case.count, case.num_weak, key=key)
    return jnp.sum(drawn.diagonal) + jnp.sum(drawn.beside)


def factors(key: Key[Array, ""], case: Numbers) -> Float[Array, ""]:
    """Draw Bartlett's factor."""
    width = min(case.count, case.num_weak)
    lower, noise = bartlett_factor(case.count, float(case.num_weak), width, key=key)
    return jnp.sum(lower) + jnp.sum(noise)


def moments(key: Key[Array, ""], case: Sampling) -> Float[Array, ""]:
    """Draw weak data, and sum up the moments through which fine-tuning sees them."""
    seen = WeakMoments.of(case.draw(key=key), case.task.source.coefficients)
    return jnp.sum(seen.covariance) + jnp.sum(seen.residual)


def limit(name: str, measure, numbers: eqx.Module, replicates: int, *limit_of: str) -> Contender:
    """Return the contender that draws the numbers of so many replicates."""

    def run(seed: int) -> Answer:
        replicate(measure, numbers, seed=seed, start=0, stop=replicates)
        return Answer(None)

    return Contender(name, run, replicates, role="limit", limit_of=limit_of)
