"""The audit of hull-regression: mixtures fitted by nonnegative least squares, on tasks of every shape."""

from typing import Any

import numpy as np
from scipy.optimize import nnls

from tests.audit.corners_regression import table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_regression import Regression, mean_and_error

SEED = 1901
DRAWS = 600
# Relative weight of the row that makes nonnegative weights sum to one.
HEAVY = 1e4
SHAPES = ((1, 1), (1, 2), (3, 2), (3, 4), (8, 4), (2, 6))
SIZES = (1, 2, 5, 20, 60)


def regression_corners() -> list[Corner]:
    """Hulls of every dimension, few and many pairs, quiet and loud noise of several laws."""
    rng = np.random.default_rng(SEED)
    laws: tuple[dict[str, Any], ...] = ({}, {"features": "rademacher"}, {"noise_law": "laplace"})
    corners = []
    for i in range(30):
        (dim, count), size = SHAPES[i % len(SHAPES)], SIZES[i % len(SIZES)]
        concepts = rng.standard_normal((count, dim))
        if i % 7 == 6:
            concepts[-1] = concepts[:-1].mean(axis=0) if count > 1 else concepts[-1]
        noise = (0.5, 0.05, 3.0)[i % 3]
        task = table(rng, dim, count, concepts=concepts, weak=concepts, noise=noise, **laws[i % 3])
        corners.append(Corner(f"{i}: d={dim}, K={count}, n={size}", task, {"num_weak": size}))
    return corners


def regression_truth(corner: Corner) -> Truth:
    """The in-sample error of the best mixture, and the noise times the rank of the concepts' differences."""
    task, size = Regression(corner.task), corner.case["num_weak"]
    inputs, labels = task.weak_data(np.random.default_rng(SEED), DRAWS, size)
    errors = []
    for x, y in zip(inputs, labels, strict=True):
        predictions = x @ task.concepts.T
        heavy = HEAVY * max(1.0, float(np.abs(predictions).max()))
        system = np.vstack([predictions, np.full(len(task.concepts), heavy)])
        weights, _ = nnls(system, np.append(y, heavy), maxiter=10_000)
        errors.append(np.sum((predictions @ (weights - task.target)) ** 2))
    measured, se = mean_and_error(np.array(errors))
    rank = int(np.linalg.matrix_rank(task.concepts[1:] - task.concepts[0])) if len(task.concepts) > 1 else 0
    bound = task.weak_noise**2 * min(size, rank)
    return Truth(measured, se, lowest=bound, highest=bound, rounding=1e-6)


AUDITS = {"hull-regression": (regression_corners, regression_truth, "3: d=3, K=4, n=20")}
