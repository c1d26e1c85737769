"""The audit of the theorems about fine-tuning."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tests.audit.corners_regression import corner as one
from tests.audit.corners_regression import even, rescaled, table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_exact import ridge_in_one_dimension
from tests.audit.oracles_regression import (
    Regression,
    Vector,
    fine_tuned,
    least_squares,
    mean_and_error,
    refined,
    segment_distance,
)

SEED = 1701
DRAWS = 20_000
Rng = np.random.Generator

STUDENTS: tuple[Mapping[str, Any], ...] = (
    {"num_weak": 1, "ridge": 0.3},
    {"num_weak": 2, "ridge": 1e-2},
    {"num_weak": 4, "ridge": 1e3},
    {"num_weak": 60, "ridge": 0.0},
    {"num_weak": 60, "ridge": 1e-6},
    {"num_weak": 8, "ridge": 0.0},
    {"num_weak": 7, "ridge": 0.0, "mixing": 0.5},
    {"num_weak": 60, "ridge": 0.1, "mixing": 1.0},
    {"num_weak": 60, "ridge": 0.1, "mixing": 0.0},
    {"num_weak": 60, "steps": 0, "step_size": 0.1},
    {"num_weak": 60, "steps": 1, "step_size": 0.5},
    {"num_weak": 60, "steps": 1000, "step_size": 0.01},
    {"num_weak": 60, "steps": 3, "step_size": 1.2},
    {"num_weak": 3, "steps": 2, "step_size": 0.2},
    {"num_weak": 60, "threshold": 0.0},
    {"num_weak": 60, "threshold": 1.0},
    {"num_weak": 2, "threshold": 0.5},
    {"num_weak": 4, "ridge": 0.0},
)


def blocks(rng: Rng, dim: int, **more: Any) -> dict[str, Any]:
    """A task whose source errs in its first coordinate, and whose weak model in its last."""
    concepts = np.zeros((2, dim))
    concepts[:, 0] = [1.0, -0.5]
    weak = concepts.copy()
    weak[:, -1] += 0.7
    return table(rng, dim, 2, concepts=concepts, weak=weak, **more)


def tuning_tasks(rng: Rng) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tasks in which the source errs in one block of coordinates and the weak model in another."""
    yield "plain", blocks(rng, 3)
    yield "1e-6 in label units", rescaled(blocks(rng, 3), 1e-6)
    yield "1e6 in label units", rescaled(blocks(rng, 3), 1e6)
    yield "no weak noise", blocks(rng, 3, weak_noise=0.0)
    yield "weak noise 25", blocks(rng, 3, weak_noise=25.0)
    yield "rademacher", blocks(rng, 3, features="rademacher")
    yield "uniform", blocks(rng, 3, features="uniform")
    yield "cube", blocks(rng, 3, features="cube")
    yield "laplace", blocks(rng, 3, noise_law="laplace")
    yield "source 1e-6 on the target", blocks(rng, 3, source=[1 - 1e-6, 1e-6])
    yield "source all but right", blocks(rng, 3, source=[2.0**-10, 1 - 2.0**-10])
    yield "mixed target", blocks(rng, 3, target=[0.25, 0.75], source=[0.75, 0.25])


def floor_tasks(rng: Rng) -> Iterator[tuple[str, dict[str, Any]]]:
    """Besides, weak models anywhere: beyond the source, on it, on the target, on the line of the two."""
    yield from tuning_tasks(rng)
    line = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    for share in (-1.0, 0.0, 0.5, 1.0, 2.0):
        weak = [line[0], [0.5 * share, 0.0, 0.0]]
        yield f"weak model at {share:g} of the way", table(rng, 3, 2, concepts=line, weak=weak)
    yield "source is the target", table(rng, 3, 2, source=[0.0, 1.0])
    yield "K=1", table(rng, 3, 1)
    yield "d=1", table(rng, 1, 2)
    yield "even target", table(rng, 3, 3, target=even(3), source=one(3))
    yield "anisotropic", table(rng, 3, 2, factor=np.diag([1.0, 2.0, 0.5]).tolist())
    yield "student t", table(rng, 3, 2, noise_law="student-t", degrees_of_freedom=5.0)


def paired(tasks: list[tuple[str, dict[str, Any]]], count: int) -> list[Corner]:
    """Every student with a task of its own, and on."""
    corners = []
    for i in range(count):
        name, task = tasks[i % len(tasks)]
        student = STUDENTS[(i + i // len(tasks)) % len(STUDENTS)]
        grouped = {"grouped": True} if i % 5 == 4 else {}
        corners.append(Corner(f"{name}, {said(student)}", task, {**student, **grouped}))
    return corners


def said(student: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value:g}" for key, value in student.items())


def floor_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED)
    corners = paired(list(floor_tasks(rng)), 36)
    for i in range(6):
        near = table(rng, 3, 2, source=[0.3001, 0.6999], target=[0.3, 0.7])
        still = {"num_weak": 5, "steps": 0, "step_size": 0.1}
        corners.append(Corner(f"source near the target, nothing learned, {i}", near, still))
    thin = table(rng, 1, 2, concepts=[[1.0], [0.0]], weak=[[1.0], [0.3]], source=[0.9, 0.1])
    for size, ridge in ((1, 1e-6), (2, 1e-6), (3, 1e-8), (1, 1e-2), (5, 0.0)):
        corners.append(Corner(f"d=1, n={size}, eta={ridge:g}", thin, {"num_weak": size, "ridge": ridge}))
    return corners


def students_of(corner: Corner) -> tuple[Regression, Vector]:
    task, size = Regression(corner.task), corner.case["num_weak"]
    context = size if corner.case.get("grouped") else 1
    rng = np.random.default_rng(SEED)
    return task, fine_tuned(task, *task.weak_data(rng, DRAWS, size, context), corner.case)


def floor_truth(corner: Corner) -> Truth:
    """Students, or for ridge in one dimension an integral; the distance from the segment."""
    task = Regression(corner.task)
    floor = segment_distance(task)
    plain = (task.dim, task.base, task.weak_law[0], task.target.max()) == (1, "gaussian", "normal", 1.0)
    if plain and "ridge" in corner.case and "mixing" not in corner.case:
        measured = ridge_in_one_dimension(task, corner.case["num_weak"], corner.case["ridge"])
        return Truth(measured, lowest=floor, highest=floor, rounding=1e-6 * scale_of(task))
    task, students = students_of(corner)
    measured, se = mean_and_error(np.sum((students - task.target_mean) ** 2, axis=1))
    return Truth(measured, se, lowest=floor, highest=floor, rounding=1e-6 * scale_of(task))


def scale_of(task: Regression) -> float:
    """What squared errors are differences of: single precision rounds these."""
    vectors = np.stack([task.source_mean, task.target_mean, task.weak_mean])
    return float(np.sum(vectors**2, axis=1).max())


def tax_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED + 1)
    corners = paired(list(tuning_tasks(rng)), 33)
    wide = blocks(rng, 3)
    wide["weak"]["concepts"] = [[1.0, 0.1, 0.0], [-0.5, 0.1, 0.4]]
    corners.append(Corner("content of two coordinates", wide, {"num_weak": 12, "ridge": 0.3}))
    tilted = blocks(rng, 3)
    tilted["weak"]["concepts"] = [[1.0, 0.0, 0.0], [0.5, 0.0, 0.4]]
    corners.append(Corner("bias in style too", tilted, {"num_weak": 12, "ridge": 0.3}))
    return corners


def tax_truth(corner: Corner) -> Truth:
    """Root mean squares of the two blocks of errors."""
    task, students = students_of(corner)
    errors = students - task.target_mean
    source, weak = task.source_mean - task.target_mean, task.weak_mean - task.target_mean
    style = np.abs(source) > 1e-5 * np.abs(source).max()
    measured, variance = 0.0, 0.0
    for part, unit in ((errors[:, style], source @ source), (errors[:, ~style], weak @ weak)):
        mean, se = mean_and_error(np.sum(part**2, axis=1) / float(unit))
        measured += math.sqrt(mean)
        variance += (0.5 * se / math.sqrt(mean)) ** 2 if mean > 0 else 0.0
    return Truth(measured, math.sqrt(2.0 * variance), lowest=1.0, highest=1.0, rounding=1e-5)


def lunch_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED + 2)
    tasks = list(floor_tasks(rng))
    ridges = ((60, 0.0), (8, 0.0), (2, 0.1), (1, 1e3), (60, 1e-6), (4, 0.0))
    corners = []
    for i, (name, task) in enumerate(tasks):
        size, ridge = ridges[i % len(ridges)]
        corners.append(Corner(f"{name}, n={size}, eta={ridge:g}", task, {"num_weak": size, "ridge": ridge}))
    for i in range(6):
        exact = {"num_weak": 60, "ridge": 0.0}
        for noise in (0.0, 1e-6):
            task = table(rng, 3, 2, noise=0.5, weak_noise=noise)
            corners.append(Corner(f"weak noise {noise:g}, least squares, {i}", task, exact))
    for size in (1, 16):
        ready = {"num_weak": 12, "num_demonstrations": size}
        corners.append(Corner(f"refined, n={size}", tasks[0][1], ready))
        corners.append(Corner(f"refined, 1e-6 in label units, n={size}", tasks[1][1], ready))
    return corners


def lunch_truth(corner: Corner) -> Truth:
    """The larger of two mean squared errors, of the same students from the same data."""
    task = Regression(corner.task)
    if "num_demonstrations" in corner.case:
        sizes = {
            "num_demonstrations": corner.case["num_demonstrations"],
            "num_queries": corner.case["num_weak"],
        }
        students = refined(task, np.random.default_rng(SEED), DRAWS, sizes)
    else:
        task, students = students_of(corner)
    targets = (task.target_mean, 2.0 * task.weak_mean - task.target_mean)
    worlds = [mean_and_error(np.sum((students - target) ** 2, axis=1)) for target in targets]
    error = float(np.sum((task.weak_mean - task.target_mean) ** 2))
    measured, se = max(worlds)
    return Truth(measured, se, lowest=error, highest=error, rounding=1e-6 * scale_of(task))


def continuum_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED + 3)
    spreads = (0.5, 1e-3, 1e3, 0.05)
    sizes = (1, 2, 3, 8, 60)
    corners = []
    for i, (name, task) in enumerate(floor_tasks(rng)):
        spread, size = spreads[i % 4] * task["noise"] / 0.5, sizes[i % 5]
        ready = {"num_demonstrations": size, "spread": spread}
        corners.append(Corner(f"{name}, n={size}, tau={spread:g}", task, ready))
    for i in range(6):
        task = table(rng, 3, 2, weak=100.0 * rng.standard_normal((2, 3)))
        ready = {"num_demonstrations": 5, "spread": 1e-6}
        corners.append(Corner(f"tau=1e-6, weak model far, {i}", task, ready))
    for size, queries in ((1, 8), (16, 7), (4, 60), (4, 5)):
        ready = {"num_demonstrations": size, "spread": 0.5, "num_queries": queries}
        corners.append(Corner(f"student, n={size}, N={queries}", blocks(rng, 3), ready))
    thin = table(rng, 1, 2, concepts=[[1.0], [0.0]], weak=[[1.0], [0.3]], source=[0.9, 0.1])
    for spread in (0.1, 100.0, 1e3):
        corners.append(Corner(f"d=1, n=1, tau={spread:g}", thin, {"num_demonstrations": 1, "spread": spread}))
    return corners


def continuum_truth(corner: Corner) -> Truth:
    """The conjugate posterior of a Gaussian prior, from its precision."""
    task, size = Regression(corner.task), corner.case["num_demonstrations"]
    rng, spread, floor = np.random.default_rng(SEED), corner.case["spread"], segment_distance(task)
    queries = corner.case.get("num_queries")
    rounding = 1e-6 * scale_of(task)
    if task.dim == 1 and queries is None and task.base == "gaussian" and task.target.max() == 1.0:
        measured = ridge_in_one_dimension(task, size, task.noise**2 / (size * spread**2))
        return Truth(measured, lowest=floor, highest=floor, rounding=rounding)
    inputs, labels = task.weak_data(rng, DRAWS, size)
    precision = np.einsum("sni,snj->sij", inputs, inputs) / task.noise**2 + np.eye(task.dim) / spread**2
    pull = np.einsum("sni,sn->si", inputs, labels - inputs @ task.source_mean) / task.noise**2
    students = task.source_mean + np.linalg.solve(precision, pull[..., None])[..., 0]
    if queries is not None:
        roots = np.linalg.cholesky(np.linalg.inv(precision))
        concepts = students[:, None] + np.einsum(
            "sij,sqj->sqi", roots, rng.standard_normal((DRAWS, queries, task.dim))
        )
        asked = task.inputs(rng, DRAWS, queries)
        answers = np.einsum("sqd,sqd->sq", asked, concepts)
        students = least_squares(asked, answers + task.noise * rng.standard_normal(answers.shape))
    measured, se = mean_and_error(np.sum((students - task.target_mean) ** 2, axis=1))
    return Truth(measured, se, lowest=floor, highest=floor, rounding=rounding)


AUDITS = {
    "naive-floor": (floor_corners, floor_truth, "plain, num_weak=1, ridge=0.3"),
    "alignment-tax": (tax_corners, tax_truth, "plain, num_weak=1, ridge=0.3"),
    "no-free-lunch": (lunch_corners, lunch_truth, "plain, n=60, eta=0"),
    "continuum-floor": (continuum_corners, continuum_truth, "plain, n=1, tau=0.5"),
}
