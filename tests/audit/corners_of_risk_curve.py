"""The audit of the exact risk curve of ridge to the source."""

import numpy as np

from tests.audit.corners_of_finetuning import SEED, scale_of, students_of
from tests.audit.corners_regression import table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_curve import risk_curve
from tests.audit.oracles_regression import mean_and_error


def curve_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED + 4)
    corners = []
    sizes = ((20, 40, 0.3), (1, 40, 0.0), (1, 40, 0.1), (2, 8, 0.02), (40, 20, 0.5), (20, 4, 0.0))
    more = (
        (30, 20, 1e3),
        (10, 60, 1e-6),
        (8, 16, 0.0),
        (20, 40, 0.0),
        (20, 20, 0.5),
        (20, 1, 1.0),
        (6, 6, 0.0),
    )
    for dim, size, ridge in (*sizes, *more):
        task = table(rng, dim, 2)
        corners.append(Corner(f"d={dim}, n={size}, eta={ridge:g}", task, {"num_weak": size, "ridge": ridge}))
    tasks = [
        ("rademacher, d=3, n=2", table(rng, 3, 2, features="rademacher", weak_noise=0.0), 2, 0.02),
        ("rademacher, d=10, n=20", table(rng, 10, 2, features="rademacher"), 20, 1.0),
        ("uniform, d=10, n=20", table(rng, 10, 2, features="uniform"), 20, 1.0),
        ("uniform, d=1, n=4", table(rng, 1, 2, features="uniform"), 4, 0.5),
        ("no weak noise", table(rng, 10, 2, weak_noise=0.0), 20, 1.0),
        ("loud weak noise", table(rng, 10, 2, weak_noise=25.0), 20, 1.0),
        ("1e-6 in label units", table(rng, 10, 2, scale=1e-6), 20, 1.0),
        ("1e6 in label units", table(rng, 10, 2, scale=1e6), 20, 1.0),
        ("student t of 5", table(rng, 10, 2, noise_law="student-t", degrees_of_freedom=5.0), 20, 1.0),
        ("laplace", table(rng, 10, 2, noise_law="laplace"), 20, 1.0),
        ("K=1", table(rng, 10, 1), 20, 1.0),
        ("mixed target", table(rng, 10, 2, target=[0.5, 0.5]), 20, 1.0),
        ("source is the target", table(rng, 10, 2, source=[0.0, 1.0]), 20, 1.0),
        ("weak model is the source", table(rng, 10, 1, weak_noise=0.0), 20, 1.0),
    ]
    corners += [Corner(name, task, {"num_weak": size, "ridge": ridge}) for name, task, size, ridge in tasks]
    still = corners[-1]
    still.task["weak"]["concepts"] = still.task["concepts"]
    return corners


def curve_truth(corner: Corner) -> Truth:
    """Students; the curve of Gaussian features in 60 digits, and near it for others."""
    task, students = students_of(corner)
    size = corner.case["num_weak"]
    measured, se = mean_and_error(np.sum((students - task.target_mean) ** 2, axis=1))
    curve = risk_curve(task, size, corner.case["ridge"])
    way = task.weak_mean - task.source_mean
    near = 0.0 if task.base == "gaussian" else (float(way @ way) + task.weak_noise**2) / size
    rounding = 1e-6 * scale_of(task)
    return Truth(measured, se, lowest=curve - near, highest=curve + near, rounding=rounding)


AUDITS = {"naive-risk-curve": (curve_corners, curve_truth, "d=20, n=40, eta=0.3")}
