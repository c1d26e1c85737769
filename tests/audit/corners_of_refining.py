"""The audit of the theorems about refined labellers and students."""

import math

import numpy as np

from tests.audit.corners_finite import chain_corners, mixed_table_corners, table_corners
from tests.audit.corners_regression import mixed_corners, point_mass_corners, rescaled, table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_exact import design_constants, posterior_moments
from tests.audit.oracles_finite import Finite, finite_terms, mean_posterior
from tests.audit.oracles_moments import regression_terms
from tests.audit.oracles_regression import Regression, mean_and_error, refined

SEED = 1501
DRAWS = 20_000


def risk_corners() -> list[Corner]:
    """Labellers in every corner, and students of few and of many queries in some."""
    rng = np.random.default_rng(SEED)
    corners = []
    sizes = (1, 4, 16)
    for i, (name, task) in enumerate(point_mass_corners(rng)):
        size = sizes[i % 3]
        corners.append(Corner(f"{name}, labeller, n={size}", task, {"num_demonstrations": size}))
    long = table(rng, 2, 2, concepts=[[1000.0, 0.0], [0.0, 0.0]], weak=[[1000.0, 0.0], [0.0, 0.0]])
    near = table(rng, 2, 2, concepts=[[0.8, 0.1], [0.0, 0.3]], weak=[[0.8, 0.1], [0.1, 0.3]])
    for name, task, size, queries in (
        ("one concept 1e3 away", long, 2, 60),
        ("one concept 1e3 away", long, 8, 60),
        ("two near concepts", near, 2, 6),
        ("two near concepts, 1e-6 in label units", rescaled(near, 1e-6), 2, 60),
        ("three concepts", table(rng, 3, 3), 4, 60),
        ("d=1", table(rng, 1, 2, concepts=[[1.0], [-0.5]]), 1, 5),
        ("K=20", table(rng, 6, 20), 16, 60),
    ):
        ready = {"num_demonstrations": size, "num_queries": queries}
        corners.append(Corner(f"{name}, student, n={size}, N={queries}", task, ready))
    for key, value in (("labels", "mean"), ("context", "fresh")):
        ready = {"num_demonstrations": 4, "num_queries": 12, key: value}
        corners.append(Corner(f"student, {key} {value}", table(rng, 3, 3), ready))
    left_out = {"num_demonstrations": 2, "num_queries": 12, "context": "leave-one-out"}
    corners.append(Corner("student, leave-one-out", table(rng, 3, 3), left_out))
    few = {"num_demonstrations": 2, "num_queries": 4}
    corners.append(Corner("student, N = d + 1", table(rng, 3, 3), few))
    return corners


def risk_truth(corner: Corner) -> Truth:
    """Without sampling where two concepts allow it; the bound from classical Chernoff terms."""
    task, size = Regression(corner.task), corner.case["num_demonstrations"]
    queries, rng = corner.case.get("num_queries"), np.random.default_rng(SEED)
    squares = np.sum((task.concepts - task.concepts[task.star]) ** 2, axis=1)
    reach = float(squares.max())
    spare = math.inf if queries is None else queries - task.dim - 1
    fit_noise = 0.0 if queries is None else task.noise**2 * task.dim / spare
    grown = 1.0 if queries is None else 1.0 + (task.dim + 2) / spare
    highest = reach * float(regression_terms(task, size).sum()) * grown + fit_noise
    plain = (task.base, task.law[0], task.weak_law[0]) == ("gaussian", "normal", "normal")
    simple = corner.case.get("context", "shared") == "shared" and corner.case.get("labels", "draw") == "draw"
    if len(squares) == 2 and plain and simple and np.all(task.source > 0):
        first, second = posterior_moments(task, size)
        measured, se = reach * second + fit_noise, 0.0
        if queries is not None:
            constant, error = design_constants(task, queries, rng, DRAWS)
            measured += reach * (first - second) * constant
            se = reach * (first - second) * error
        return Truth(measured, se, reach * grown, 0, min(measured - 5 * se, highest), highest)
    students = refined(task, rng, DRAWS, corner.case)
    measured, se = mean_and_error(np.sum((students - task.target_mean) ** 2, axis=1))
    lowest = measured - 5 * se - 5 * reach * grown / DRAWS
    return Truth(measured, se, reach * grown, DRAWS, min(lowest, highest), highest)


def collapse_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED + 1)
    corners = []
    sizes = (1, 8, 64)
    for i, (name, task) in enumerate([*mixed_corners(rng), *list(point_mass_corners(rng))]):
        size = sizes[i % 3]
        corners.append(Corner(f"{name}, labeller, n={size}", task, {"num_demonstrations": size}))
    two = table(rng, 3, 3, target=[0.2, 0.0, 0.8])
    for more in ({}, {"labels": "mean"}, {"context": "fresh"}, {"context": "fresh", "labels": "mean"}):
        ready = {"num_demonstrations": 16, "num_queries": 8, **more}
        corners.append(Corner(f"student, {more}", two, ready))
    grouped = {"num_demonstrations": 16, "grouped": True}
    corners.append(Corner("grouped", two, grouped))
    for spread in (1e-3, 1.0, 300.0):
        concepts = spread * rng.standard_normal((3, 2))
        task = table(rng, 2, 3, concepts=concepts, weak=concepts, target=[0.1, 0.0, 0.9])
        corners.append(Corner(f"concepts of size {spread:g}", task, {"num_demonstrations": 32}))
    return corners


def collapse_truth(corner: Corner) -> Truth:
    """Risk in Sigma's norm; the bound from classical Chernoff terms against the nearest concept."""
    task, size = Regression(corner.task), corner.case["num_demonstrations"]
    covariance = task.covariance

    def squares(vectors: np.ndarray) -> np.ndarray:
        return np.einsum("ki,ij,kj->k", vectors, covariance, vectors)

    distances = np.where(task.source > 0, squares(task.concepts - task.weak_mean), math.inf)
    nearest = int(np.argmin(distances))
    errors = squares(task.concepts - task.target_mean)
    left = task.concepts[nearest] - task.target_mean
    pulls = np.maximum(-(task.concepts - task.concepts[nearest]) @ covariance @ left, 0.0)
    terms = regression_terms(task, size, nearest)
    lowest = float(errors[nearest] - 2.0 * np.sum(np.where(pulls > 0, pulls * terms, 0.0)))
    students = refined(task, np.random.default_rng(SEED), DRAWS, corner.case)
    measured, se = mean_and_error(squares(students - task.target_mean))
    reach = float(errors.max())
    highest = measured + 5 * se + 5 * reach / DRAWS
    # Vectors in float32: a square of a small difference of large ones has lost digits.
    length, gap = np.abs(task.concepts).max(), math.sqrt(errors[nearest])
    rounding = float(4.0 * np.finfo(np.float32).eps * length * gap)
    return Truth(measured, se, reach, DRAWS, lowest, max(highest, lowest), rounding)


def transfer_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED + 2)
    regression = [*mixed_corners(rng), *list(point_mass_corners(rng))[::3]]
    finite = [*mixed_table_corners(rng), *list(table_corners(rng))[::4], *list(chain_corners(rng))[17:20]]
    sizes = (1, 4, 16)
    corners = [
        Corner(f"{name}, n={sizes[i % 3]}", task, {"num_demonstrations": sizes[i % 3], "grouped": True})
        for i, (name, task) in enumerate([*regression, *finite])
    ]
    mixed = table(rng, 3, 3, target=[0.5, 0.25, 0.25])
    corners.append(Corner("ungrouped", mixed, {"num_demonstrations": 4, "grouped": False}))
    return corners


def transfer_truth(corner: Corner) -> Truth:
    """Mean posteriors concept by concept; eps_n(k) from classical Chernoff terms."""
    size, rng = corner.case["num_demonstrations"], np.random.default_rng(SEED)
    finite = Finite(corner.task) if "kind" in corner.task else None
    task = finite or Regression(corner.task)
    shown = np.flatnonzero(task.target > 0)
    mean, variance, bound = np.zeros(len(task.target)), np.zeros(len(task.target)), 0.0
    for k in shown:
        weight = task.target[k]
        if finite is not None:
            part, errors = mean_posterior(finite, finite.weak[k], size, rng, DRAWS)
        else:
            part, errors = _mean_posterior(corner, int(k), size, rng)
        mean += weight * part
        variance += (weight * errors) ** 2
        bound += 2.0 * weight * min(1.0, _misidentification(corner, finite, int(k), size))
    measured, se = float(np.abs(mean - task.target).sum()), float(np.sqrt(variance).sum())
    lowest = measured - 5 * se - 10 / DRAWS
    return Truth(measured, se, 2.0, DRAWS, min(lowest, bound), bound)


def _mean_posterior(
    corner: Corner, concept: int, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    task = Regression(corner.task)
    task.target = np.eye(len(task.target))[concept]
    posterior = np.exp(task.log_posterior(*task.weak_data(rng, DRAWS, size)))
    return posterior.mean(axis=0), posterior.std(axis=0, ddof=1) / math.sqrt(DRAWS)


def _misidentification(corner: Corner, finite: Finite | None, concept: int, size: int) -> float:
    """eps_n(k), one where the source excludes the concept."""
    if finite is not None:
        if finite.source[concept] == 0:
            return 1.0
        return float(finite_terms(finite.laws, finite.weak[concept], finite.source, concept, size)[0].sum())
    task = Regression(corner.task)
    if task.source[concept] == 0:
        return 1.0
    task.target = np.eye(len(task.target))[concept]
    return float(regression_terms(task, size).sum())


AUDITS = {
    "refinement-risk": (risk_corners, risk_truth, "two near concepts, student, n=2, N=6"),
    "mixture-collapse": (collapse_corners, collapse_truth, "weak concept beyond the border, labeller, n=8"),
    "grouped-transfer": (transfer_corners, transfer_truth, "even target, n=1"),
}
