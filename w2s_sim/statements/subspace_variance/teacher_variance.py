"""The variance of a least-squares teacher, and example tasks of subspace-variance."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.overlapping_features import capacity_task

LEAST_SQUARES_TEACHER = Assumption(
    "a teacher by least squares", lambda case: float(case.task.supervisor.ridge) == 0.0
)


def variance_per_feature(task: CapacityTask) -> Float[Array, ""]:
    """Return (sigma^2 + ||beta - P_w beta||^2) / (n - d_w - 1), the teacher's variance per weak feature."""
    if task.supervisor.num_true is None:
        return jnp.zeros_like(task.noise)
    missing = task.target_vector - task.weak_projection(task.target_vector)
    scatter = task.noise**2 + task.squared_norm(missing)
    return scatter / (task.supervisor.num_true - task.weak_dim - 1)


def with_overlap(overlap: float, **changes: Any) -> CapacityTask:
    """Return the task of the examples: d = 10, d_w = 5, d_s = 4, n = 20, sigma = 0.5."""
    return capacity_task(10, 5, 4, overlap, **{"num_true": 20, **changes})


def lacking(overlap: float = 2.0) -> CapacityTask:
    """Return a task whose target neither model can express, and neither part in the span of the other."""
    target = np.array([1.0, 0.4, 0.3, 0.5, 0.4, 0.0, 0.3, 0.4, 0.3, 0.2])
    return with_overlap(overlap, target=target, weak_noise=0.3)


def correlated() -> CapacityTask:
    """Return a task with correlated inputs and features in general position."""
    draws = np.random.default_rng(6)
    factor = draws.normal(size=(10, 10)) / 10**0.5
    return capacity_task(
        10,
        features=factor @ factor.T + 0.1 * np.eye(10),
        weak_features=draws.normal(size=(10, 5)),
        strong_features=draws.normal(size=(10, 4)),
        target=draws.normal(size=10),
        num_true=20,
    )


def is_unbiased(case: Case[Any]) -> bool:
    """Return whether both models can express the target, to rounding."""
    task, size = case.task, float(case.task.squared_norm(case.task.target_vector))
    projections = (task.weak_projection(task.target_vector), task.ceiling)
    return all(
        float(task.squared_norm(task.target_vector - projection)) <= 1e-9 * size for projection in projections
    )
