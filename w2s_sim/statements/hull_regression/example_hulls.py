"""Example tasks with unbiased weak labels: a target inside the hull, and many concepts."""

import numpy as np

from w2s_sim.statements.shared.regression_examples import CANONICAL_SOURCE, FOURTH_CONCEPT
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor


def inside_the_hull(weak_noise: float) -> TransferTask:
    """Return a task whose intended concept is the centre of the three others; the hull is a triangle."""
    concepts = np.concatenate([np.eye(3, 8), np.eye(3, 8).mean(axis=0)[None]])
    return regression_task(
        8,
        4,
        source_prior=CANONICAL_SOURCE,
        target_prior=FOURTH_CONCEPT,
        concepts=concepts.tolist(),
        supervisor=RegressionSupervisor(concepts, weak_noise),
    )


def many_unbiased() -> TransferTask:
    """Return a task with d = 20, K = 12, a uniform source prior, and unbiased weak labels."""
    return regression_task(
        20,
        12,
        source_prior=[1 / 12] * 12,
        target_prior=[0.0] * 11 + [1.0],
        supervisor=RegressionSupervisor(np.eye(12, 20), 0.5),
    )
