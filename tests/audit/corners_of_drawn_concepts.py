"""The audit of dmmse-limit: both strong models in plain NumPy, and the mean determinant by expansion."""

import math
from itertools import combinations
from typing import Any

import numpy as np

from tests.audit.corners_regression import table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_regression import Regression, mean_and_error

SEED = 2601
DRAWS = 800
CASES: tuple[dict[str, Any], ...] = (
    {"num_demonstrations": 1, "num_concepts": 1, "spread": 0.5},
    {"num_demonstrations": 2, "num_concepts": 8, "spread": 0.1},
    {"num_demonstrations": 4, "num_concepts": 16, "spread": 0.1},
    {"num_demonstrations": 3, "num_concepts": 4, "spread": 1.0},
    {"num_demonstrations": 8, "num_concepts": 2, "spread": 0.05},
)


def drawn_corners() -> list[Corner]:
    """Tasks of several sizes and units, with unbiased weak labels of the strong model's noise."""
    rng = np.random.default_rng(SEED)
    corners = []
    for i in range(25):
        dim, unit = (1, 2, 3, 8, 5)[i % 5], (1.0, 1e-3, 1e3)[i % 3]
        concepts = unit * rng.standard_normal((2, dim))
        law: dict[str, Any] = ({}, {"features": "rademacher"}, {"features": "uniform"})[(i // 2) % 3]
        task = table(rng, dim, 2, concepts=concepts, weak=concepts, noise=0.5 * unit, **law)
        case = dict(CASES[(i // 5 + i) % 5])
        case["spread"] *= unit
        corners.append(Corner(f"{i}: d={dim}, unit {unit:g}, n={case['num_demonstrations']}", task, case))
    # Float32 has no numbers between 60,000 and 60,000.004: the drawn concepts are nearer to one another.
    far = table(rng, 1, 2, concepts=[[60_000.0], [0.0]], weak=[[60_000.0], [0.0]], noise=15_000.0)
    near = {"num_demonstrations": 2, "num_concepts": 3, "spread": 0.002}
    return [*corners, Corner("spread below the resolution of the concepts", far, near)]


def drawn_truth(corner: Corner) -> Truth:
    """Posterior means over all drawn concepts, ridge by its normal equations, and the bound from minors."""
    task, case = Regression(corner.task), corner.case
    size, count, spread = case["num_demonstrations"], case["num_concepts"], case["spread"]
    rng, noise = np.random.default_rng(SEED), task.noise
    totals = np.zeros(DRAWS)
    for draw in range(DRAWS):
        vectors = task.source_mean + spread * rng.standard_normal((count, task.dim))
        inputs = task.inputs(rng, size)
        labels = inputs @ vectors[0] + noise * rng.standard_normal(size)
        for i in range(size):
            seen, x = inputs[:i], inputs[i]
            scores = -np.sum((labels[:i] - vectors @ seen.T) ** 2, axis=1) / (2 * noise**2)
            weights = np.exp(scores - scores.max())
            precision = np.eye(task.dim) / spread**2 + seen.T @ seen / noise**2
            pull = np.linalg.solve(precision, seen.T @ (labels[:i] - seen @ task.source_mean)) / noise**2
            gap = x @ (weights @ vectors / weights.sum() - task.source_mean - pull)
            totals[draw] += gap**2 / (noise**2 + x @ np.linalg.solve(precision, x))
    measured, se = mean_and_error(totals)
    bound = 2 * math.log1p(sum(_excess_terms(task, (spread / noise) ** 2, size)) / count)
    return Truth(measured, se, lowest=bound * (1 - 1e-4), highest=bound * (1 + 1e-4), rounding=1e-5)


def _excess_terms(task: Regression, scale: float, size: int) -> list[float]:
    """c^j n!/(n-j)! times the sum of the principal minors of order j, for j = 1..min(n, d)."""
    terms = []
    for order in range(1, min(size, task.dim) + 1):
        subsets = [list(subset) for subset in combinations(range(task.dim), order)]
        minors = sum(float(np.linalg.det(task.covariance[np.ix_(each, each)])) for each in subsets)
        terms.append(scale**order * math.perm(size, order) * minors)
    return terms


AUDITS = {"dmmse-limit": (drawn_corners, drawn_truth, "1: d=2, unit 0.001, n=2")}
