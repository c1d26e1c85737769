"""Mean risks of naively fine-tuned students, without a compilation when d, n or eta change.

The risks are those of `finetuning_risk_path`, extended to targets that mix concepts: the mean of the risk
given the spectrum of S = X^T X / n, which theory/explorer.md derives.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.laws.bidiagonal import WishartSpectrum
from w2s_sim.laws.chi_square import chi_square
from w2s_sim.randomness import key_of
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.teaching.curves import Curve
from w2s_sim.teaching.live_task import LARGEST_DIM

# Numbers of weak pairs at which risks are shown.
SIZES = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
REPLICATES = 256
# A squared singular value beside which every ridge is small: the gain there is one, to rounding.
WITHOUT_RIDGE = 1e12


def naive_risks(task: TransferTask, ridge: float, sizes: tuple[int, ...] = SIZES, *, seed: int = 0) -> Curve:
    """Estimate the mean excess risk of ridge regression to the source for several numbers of weak pairs.

    Args:
        task: A task with standard normal features in at most `LARGEST_DIM` dimensions.
        ridge: eta >= 0, in squared feature units.
        sizes: Numbers n of ungrouped weak pairs.
        seed: Seed; all sizes use the same random numbers.

    Returns:
        The means over `REPLICATES` spectra, in squared label units. They are nan where least squares has no
        mean risk: at eta = 0 and |n - d| < 2.
    """
    keys = jax.random.split(key_of(seed), REPLICATES)
    numbers = jnp.asarray(sizes, float)
    risks = np.asarray(_risks(keys, numbers, float(task.dim), float(ridge), _errors_of(task)), np.float64)
    missing = (ridge == 0) & (np.abs(np.asarray(sizes) - task.dim) < 2)
    return Curve.of(np.where(missing, np.nan, risks))


def _errors_of(task: TransferTask) -> Float[np.ndarray, " 5"]:
    """Return a^2, c, b^2, the variance of the weak noise, and the spread of the weak concepts.

    The spread is the trace of the covariance of beta'_k, with k drawn from the target prior.
    """
    prior, weak = (np.asarray(part, np.float64) for part in (task.target_prior, task.supervisor.vectors))
    to_source = np.asarray(task.source_vector - task.target_vector, np.float64)
    to_weak = prior @ weak - np.asarray(task.target_vector, np.float64)
    spread = prior @ np.sum((weak - prior @ weak) ** 2, axis=1)
    noise = float(task.supervisor.noise) ** 2
    return np.array([to_source @ to_source, to_source @ to_weak, to_weak @ to_weak, noise, spread])


@jax.jit
@partial(jax.vmap, in_axes=(0, None, None, None, None))
def _risks(
    key: Key[Array, ""],
    sizes: Float[Array, " sizes"],
    dim: Float[Array, ""],
    ridge: Float[Array, ""],
    errors: Float[Array, " 5"],
) -> Float[Array, " sizes"]:
    """One replicate: the mean risk given the spectrum, for every size."""
    return jax.vmap(lambda size: _risk(key, size, dim, ridge, errors))(sizes)


def _risk(
    key: Key[Array, ""],
    size: Float[Array, ""],
    dim: Float[Array, ""],
    ridge: Float[Array, ""],
    errors: Float[Array, " 5"],
) -> Float[Array, ""]:
    """Draw the spectrum of S for n inputs in R^d inside arrays of `LARGEST_DIM`, and return the mean risk.

    The entries of the bidiagonal matrix beyond min(n, d) are `WITHOUT_RIDGE` on the diagonal and zero beside
    it: they add one each to the trace of the squared gain, and nothing to the other traces.
    """
    places = jnp.arange(LARGEST_DIM, dtype=float)
    rank = jnp.minimum(size, dim)
    is_there, has_next = places < rank, places[:-1] < rank - 1.0
    on = jnp.where(is_there, jnp.maximum(size, dim) - places, 1.0)
    beside = jnp.where(has_next, rank - 1.0 - places[:-1], 1.0)
    squares = chi_square(jnp.concatenate([on, beside]), key=key) / size
    on = jnp.where(is_there, squares[:LARGEST_DIM], WITHOUT_RIDGE)
    beside = jnp.where(has_next, squares[LARGEST_DIM:], 0.0)
    sums = WishartSpectrum(on, beside, LARGEST_DIM, 1).ridge_traces(ridge)
    kept = LARGEST_DIM * sums.kept + dim - rank
    mixed = LARGEST_DIM * sums.mixed
    taken = LARGEST_DIM * sums.taken - (LARGEST_DIM - rank)
    noise = sums.noise / size
    total = jnp.sum(jnp.where(is_there, on, 0.0)) + jnp.sum(beside)
    to_source, agreement, to_weak, variance, spread = errors
    alone = (kept * to_source + 2.0 * mixed * agreement + taken * to_weak) / dim + noise * variance
    return alone + spread * (total * size * noise + 2.0 * taken) / (dim * (size + 2.0))
