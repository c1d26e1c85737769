"""Measurement of a rare event's exponent: the slope of log E_n between n and 2n demonstrations."""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from w2s_sim.identification.rate import corrected_slopes
from w2s_sim.identification.tilting import scaled_mass, tilted_context, tilting_plan
from w2s_sim.statements.contract.functionals import Functional, monotone
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

# Shares of the exponent: the margin of equality, and the largest remainder of the correction for finite n.
MARGIN = 0.02
LARGEST_REMAINDER = 0.01
# Replaces the mean if the lower end of its interval is zero, so that the logarithm is finite.
SMALLEST_MEAN = 1e-300


def tilted_pair(
    key: Key[Array, ""],
    task: TransferTask | FiniteTask,
    size: int,
    competitors: Bool[Array, " K"] | None = None,
) -> Float[Array, "2"]:
    """Return scaled replicates in [0, 1] of E_n and E_2n, from the first half and all of 2n demonstrations.

    Args:
        key: Typed PRNG key.
        task: The task.
        size: Number of demonstrations n.
        competitors: The concepts whose mean posterior mass is E_n; by default all but the intended concept.
    """
    plan = tilting_plan(task, size, competitors)
    data = tilted_context(task, plan, 2 * size, key=key)
    return jnp.stack([scaled_mass(task, plan, data[:size]), scaled_mass(task, plan, data)])


def tilted_slope(
    task: TransferTask | FiniteTask, size: int, competitors: Bool[Array, " K"] | None = None
) -> Functional:
    """Return the functional `slope_of_means` for the replicates of `tilted_pair`."""
    plan = tilting_plan(task, size, competitors)
    return slope_of_means(size, float(plan.log_unit(size) - plan.log_unit(2 * size)))


def is_long_enough(
    task: TransferTask | FiniteTask, size: int, rate: float, competitors: Bool[Array, " K"] | None = None
) -> bool:
    """Return whether the slope from n to 2n, without the effect of lattices, is close to the rate.

    Args:
        task: A task whose minimiser is inside (0, 1).
        size: Number of demonstrations n.
        rate: The rate I, in nats.
        competitors: As in `tilted_pair`.
    """
    _, smooth = corrected_slopes(task, size, competitors)
    return _is_near(smooth, rate)


def shows_no_lattice(
    task: TransferTask | FiniteTask, size: int, rate: float, competitors: Bool[Array, " K"] | None = None
) -> bool:
    """Return whether a lattice, or near-lattice, of log-odds does not move the slope away from the rate.

    If even the slope without the lattice is not close, the context is too short, and the result is True.

    Args:
        task: A task whose minimiser is inside (0, 1).
        size: Number of demonstrations n.
        rate: The rate I, in nats.
        competitors: As in `tilted_pair`.
    """
    exact, smooth = corrected_slopes(task, size, competitors)
    return _is_near(exact, rate) or not _is_near(smooth, rate)


def _is_near(slope: float, rate: float) -> bool:
    return abs(slope - rate) < LARGEST_REMAINDER * rate


def slope_of_means(size: int, log_ratio_of_units: float = 0.0) -> Functional:
    """Return the functional (log E_n - log E_2n - (1/2) log 2) / n, in nats per demonstration.

    The term (1/2) log 2 corrects for a prefactor n^{-1/2} of E_n.

    Args:
        size: Number of demonstrations n.
        log_ratio_of_units: Log of the unit of the first replicate divided by the unit of the second.
    """

    def slope(means: Float[np.ndarray, "2"]) -> float:
        first, second = (math.log(max(float(mean), SMALLEST_MEAN)) for mean in means)
        return (log_ratio_of_units + first - second - 0.5 * math.log(2.0)) / size

    return monotone(slope)
