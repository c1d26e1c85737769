"""The audit of bregman-misfit: projections by exponentiated gradient, on tables and chains of all kinds."""

import numpy as np

from tests.audit.corners_finite import chain_corners, mixed_table_corners, table_corners
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_finite import Finite, divergence

SEED = 2001
STEPS = 40_000


def bregman_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED)
    tasks = [*mixed_table_corners(rng), *table_corners(rng), *list(chain_corners(rng))[::4]]
    return [Corner(name, task, {}) for name, task in tasks]


def projected(laws: np.ndarray, weak: np.ndarray) -> tuple[np.ndarray, float]:
    """The mixture of least divergence from the weak law, and a bound on its distance from the minimum."""
    laws = laws[~np.any((laws > 0) & (weak == 0), axis=1)]
    weights, gap = np.full(len(laws), 1.0 / len(laws)), np.inf
    log_weak = np.log(np.where(weak > 0, weak, 1.0))
    for _ in range(STEPS):
        mixture = weights @ laws
        logs = np.log(np.where(mixture > 0, mixture, 1.0)) - log_weak * (mixture > 0)
        slopes = laws @ logs
        gap = mixture @ logs - slopes.min()
        if gap < 1e-15:
            break
        weights = weights * np.exp(slopes.min() - slopes)
        weights /= weights.sum()
    return weights @ laws, gap


def bregman_truth(corner: Corner) -> Truth:
    """Both sides of the inequality; the gap of the oracle's own projection is allowed for."""
    task = Finite(corner.task)
    weak, target = task.weak_law, task.target @ task.laws
    student, gap = projected(task.laws[task.source > 0], weak)
    bound = divergence(target, weak) - divergence(student, weak)
    return Truth(
        divergence(target, student), lowest=bound, highest=bound, rounding=1e-12 + 10.0 * max(gap, 0.0) ** 0.5
    )


AUDITS = {"bregman-misfit": (bregman_corners, bregman_truth, "even target")}
