"""The audit of hull-misfit: projections by another solver, concepts in every degenerate position."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.audit.corners_finite import RARE, dyadic
from tests.audit.corners_regression import corner, table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_hull import nearest_in_hull
from tests.audit.oracles_regression import Regression

SEED = 1601


def single(values: Any) -> np.ndarray:
    """Numbers that single precision holds, so that every precision speaks of the same task."""
    return np.asarray(values, np.float32).astype(np.float64)


def hull_tasks(rng: np.random.Generator) -> Iterator[tuple[str, dict[str, Any]]]:
    def task(concepts: Any, weak: Any = None, target: Any = None, **more: Any) -> dict[str, Any]:
        concepts = single(concepts)
        weak = single(concepts + 0.5 * rng.standard_normal(concepts.shape)) if weak is None else single(weak)
        target = dyadic(rng, len(concepts)) if target is None else target
        return table(
            rng, concepts.shape[1], len(concepts), concepts=concepts, weak=weak, target=target, **more
        )

    some = single(rng.standard_normal((4, 3)))
    yield "general", task(some)
    yield "K=1", task(some[:1])
    yield "d=1", task([[1.0], [-0.5], [0.25]])
    yield "d=1, weak model outside", task([[1.0], [-0.5]], [[3.0], [3.0]], corner(2))
    yield "target a corner", task(some, target=corner(4))
    yield "target 2^-20 off a corner", task(some, target=[RARE, 0.0, 0.0, 1 - RARE])
    yield "weak model inside the hull", task(some, np.tile(0.25 * some.sum(axis=0), (4, 1)))
    yield "weak model on a corner", task(some, np.tile(some[0], (4, 1)))
    yield "weak model on an edge", task(some, np.tile(0.5 * (some[0] + some[1]), (4, 1)))
    yield "weak model right", task(some, some)
    yield "weak model right, target off a corner", task(np.eye(2), np.eye(2), [0.9999995, 5e-7])
    yield "one concept twice", task(some[[0, 0, 1, 2]])
    yield "all concepts alike", task(some[[0, 0, 0]])
    yield "collinear", task([[0.0, 0.0], [1.0, 0.5], [2.0, 1.0], [-1.0, -0.5]])
    yield (
        "nearly collinear",
        task([[1.0, 0.0, 0.0], [1.0, 0.02, 0.0], [1.0, 0.01, 0.002], [1.0, -0.01, 0.01]]),
    )
    close = some[:1] + 1e-3 * rng.standard_normal((4, 3))
    yield "concepts 1e-3 apart", task(close)
    yield "concepts 1e-3 apart, weak near", task(close, close + 1e-3 * rng.standard_normal((4, 3)))
    yield (
        "concepts 1e-5 apart, weak near",
        task(1e-5 * some, 1e-5 * (some + 0.4 * rng.standard_normal((4, 3)))),
    )
    yield "one concept 1e3 away", task([[1000.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    yield "needle", task([[1000.0, 1e-3], [-1000.0, 0.0], [0.0, 1e-3]], [[0.0, 2e-3]] * 3)
    yield "1e6 in label units", task(1e6 * some, 1e6 * (some + 0.4 * rng.standard_normal((4, 3))))
    yield "more concepts than features", task(rng.standard_normal((12, 2)))
    yield "K=20", task(rng.standard_normal((20, 8)))
    yield "weak model 1e3 away", task(some, some + 1e3 * single(rng.standard_normal((1, 3))))
    yield "two concepts, 1e-3 apart, weak 1 away", task([[0.0, 0.0], [1e-3, 0.0]], [[0.3, 1.0], [0.4, 1.0]])
    yield "features stretched", task(some, factor=np.diag([2.0, 1.0, 0.5]).tolist())
    yield "features scaled alone", task(some, factor=np.diag([2.0, 2.0, 2.0]).tolist())


def hull_corners() -> list[Corner]:
    return [Corner(name, task, {}) for name, task in hull_tasks(np.random.default_rng(SEED))]


def hull_truth(corner: Corner) -> Truth:
    """Both sides of the inequality at the projection of another solver."""
    task = Regression(corner.task)
    covariance = task.covariance
    projected = nearest_in_hull(task.concepts, task.weak_mean, covariance)

    def square(vector: np.ndarray) -> float:
        return float(vector @ covariance @ vector)

    error, weak = square(projected - task.target_mean), square(task.weak_mean - task.target_mean)
    misfit = square(task.weak_mean - projected)
    reach = square(np.abs(task.concepts).max(axis=0)) + weak
    return Truth(error, lowest=weak - misfit, highest=weak - misfit, rounding=1e-13 * reach)


AUDITS = {"hull-misfit": (hull_corners, hull_truth, "general")}
