"""Tasks with features of two variances, and surrogates that keep a share of the target in each."""

import dataclasses

import numpy as np
from jaxtyping import Array, Float

from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian
from w2s_sim.statements.optimal_surrogate.surrogate_risk import best_surrogate
from w2s_sim.statements.shared.regression_examples import target_and_source
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.supervisors import RegressionSupervisor

LEVELS = (4.0, 0.25)


def two_levels(
    *shares: float,
    dim: int = 48,
    levels: tuple[float, float] = LEVELS,
    noise: float = 0.3,
    length: float = 1.0,
    base: FeatureLaw | None = None,
) -> TransferTask:
    """Return a task whose first quarter of features has the larger variance, and whose source is zero.

    The target has the same coefficient everywhere, and the length `length` in Sigma's norm, in label units.

    Args:
        shares: What the surrogate keeps of the target's coefficients in the first quarter and in the rest;
            the target itself by default.
        dim: d, a multiple of 4.
        levels: The two variances, in squared feature units.
        noise: sigma', in label units.
        length: Length of the target.
        base: Law of the standardised features; normal by default.
    """
    counts = (dim // 4, dim - dim // 4)
    spectrum = np.repeat(levels, counts)
    target = np.full(dim, length / np.sqrt(spectrum.sum()))
    concepts = np.stack([target, np.zeros(dim)])
    kept = np.repeat(shares or (1.0, 1.0), counts)
    features = Anisotropic(base or Gaussian(dim), np.diag(np.sqrt(spectrum)))
    return target_and_source(concepts, concepts * kept, features=features, weak_noise=noise)


def taught_best(task: TransferTask, size: int) -> TransferTask:
    """Return the task with the best surrogate for n weak pairs as its weak model's first concept."""
    return with_surrogate(task, best_surrogate(task, size))


def with_surrogate(task: TransferTask, vector: Float[Array, " d"]) -> TransferTask:
    """Return the task whose weak model shows a vector for the target, with the label noise that it had."""
    weak = task.supervisor
    supervisor = RegressionSupervisor(weak.vectors.at[0].set(vector), weak.noise, weak.law)
    return dataclasses.replace(task, supervisor=supervisor)
