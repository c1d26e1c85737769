"""The audit of shrinkage-limit: fine-tuned students in plain NumPy, the ball by its centre and radius."""

import math

import numpy as np

from tests.audit.corners_of_finetuning import floor_tasks, paired, students_of
from tests.audit.corners_regression import rescaled, table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_regression import Regression, mean_and_error

SEED = 1803


def shrinkage_corners() -> list[Corner]:
    """Tasks of the other audits, and tasks with stretched, oblique and singular features."""
    rng = np.random.default_rng(SEED)
    corners = paired(list(floor_tasks(rng)), 30)
    outside = {"concepts": [[1.0, 0.2, 0.0], [0.0, 0.0, 0.0]], "source": [0.0, 1.0], "target": [1.0, 0.0]}
    weak = [[0.4, -0.3, 0.2], [0.0, 0.0, 0.0]]
    cut = {"num_weak": 60, "threshold": 1.0}
    for name, factor in (
        ("stretched", np.diag([3.0, 1.0, 0.1])),
        ("oblique", np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 0.2]])),
        ("singular", np.diag([2.0, 0.5, 0.0])),
    ):
        for weak_noise in (0.0, 0.5):
            task = table(rng, 3, 2, weak=weak, weak_noise=weak_noise, factor=factor.tolist(), **outside)
            corners.append(Corner(f"{name}, weak noise {weak_noise:g}", task, cut))
            corners.append(Corner(f"{name}, weak noise {weak_noise:g}, 1e-3", rescaled(task, 1e-3), cut))
            few = {"num_weak": 2, "ridge": 0.1}
            corners.append(Corner(f"{name}, weak noise {weak_noise:g}, 1e3, n=2", rescaled(task, 1e3), few))
    same = table(rng, 3, 2, weak=[[0.0] * 3] * 2, weak_noise=0.0, **outside)
    corners.append(Corner("the weak model is the source", same, {"num_weak": 5, "ridge": 0.1}))
    thin = table(rng, 1, 2, concepts=[[1.0], [0.0]], weak=[[0.7], [0.0]], source=[0, 1], target=[1, 0])
    for size, ridge in ((1, 1e-2), (5, 0.0), (60, 1e-6)):
        corners.append(Corner(f"d=1, n={size}, eta={ridge:g}", thin, {"num_weak": size, "ridge": ridge}))
    return corners


def shrinkage_truth(corner: Corner) -> Truth:
    """The risk in Sigma's norm; the distance of the centre less the radius, if it is positive."""
    _, students = students_of(corner)
    task = Regression(corner.task)
    root = task.factor.T
    errors = (students - task.target_mean) @ root.T
    source, weak = (root @ (vector - task.target_mean) for vector in (task.source_mean, task.weak_mean))
    gap = np.linalg.norm(source + weak) / 2 - np.linalg.norm(source - weak) / 2
    limit = max(float(gap), 0.0) ** 2
    measured, se = mean_and_error(np.sum(errors**2, axis=1))
    scale = max(float(source @ source), float(weak @ weak), math.sqrt(np.finfo(float).tiny))
    return Truth(measured, se, lowest=limit, highest=limit, rounding=2e-6 * scale)


AUDITS = {"shrinkage-limit": (shrinkage_corners, shrinkage_truth, "stretched, weak noise 0.5")}
