"""The audit of the theorems about identification of regression concepts."""

import math

import numpy as np

from tests.audit.corners_finite import table_corners
from tests.audit.corners_regression import mixed_corners, point_mass_corners, table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_finite import Finite, finite_log_moment
from tests.audit.oracles_moments import gaussian_log_moment, minimum, regression_terms
from tests.audit.oracles_rare import log_tail_of_laws, log_tail_of_regression, plain_misidentification, slope
from tests.audit.oracles_regression import Regression, mean_and_error

SEED = 1301
DRAWS = 30_000


def identification_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED)
    tasks = [*point_mass_corners(rng), *mixed_corners(rng)]
    sizes = (1, 4, 16)
    corners = [
        Corner(f"{name}, n={sizes[i % 3]}", task, {"num_demonstrations": sizes[i % 3]})
        for i, (name, task) in enumerate(tasks)
    ]
    ready = {"num_demonstrations": 4, "grouped": True}
    # Half of the demonstrations are silent. The strong model is sure of the others, so that the generating
    # function by few nodes makes the moment far too low at s = 1, where the classical bound seems smallest.
    sure = table(
        rng, 2, 2, concepts=np.eye(2), weak=[[1.235, -0.235], [0.235, 0.765]], noise=0.234, weak_noise=0.0719
    )
    sure |= {"features": "rademacher", "source_prior": [0.405, 0.595], "target_prior": [1.0, 0.0]}
    return [
        *corners,
        Corner("grouped, point mass", table(rng, 3, 3), ready),
        Corner("half silent, n=1", sure, {"num_demonstrations": 1}),
    ]


def identification_truth(corner: Corner) -> Truth:
    """Contexts as they come; the classical bound of Chernoff, term by term."""
    task, size = Regression(corner.task), corner.case["num_demonstrations"]
    values = plain_misidentification(task, size, np.random.default_rng(SEED), DRAWS)
    measured, se = mean_and_error(values)
    highest = float(regression_terms(task, size).sum())
    lowest = max(0.0, measured - 5 * se - 5 / DRAWS)
    return Truth(measured, se, 1.0, DRAWS, min(lowest, highest), highest)


def name_truth(corner: Corner) -> Truth:
    """Contexts as they come, and the concept of the largest posterior; the classical bound of Chernoff."""
    task, size = Regression(corner.task), corner.case["num_demonstrations"]
    context = size if corner.case.get("grouped") else 1
    log_posterior = task.log_posterior(*task.weak_data(np.random.default_rng(SEED), DRAWS, size, context))
    measured, se = mean_and_error((np.argmax(log_posterior, axis=1) != task.star).astype(float))
    bound = float(regression_terms(task, size).sum())
    return Truth(measured, se, 1.0, DRAWS, bound, bound)


def rate_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED + 1)
    tasks = [*point_mass_corners(rng)]
    corners = [Corner(f"{name}, n=64", task, {"num_demonstrations": 64}) for name, task in tasks]
    loud = table(rng, 2, 2, concepts=[[1.0, 0.0], [-1.0, 0.0]], weak=[[1.0, 0.0], [-1.0, 0.0]])
    for noise in (0.3, 0.1, 0.02, 0.005, 0.0015):
        quiet = {**loud, "noise": noise, "weak": {**loud["weak"], "noise": 2.0}}
        corners.append(Corner(f"weak noise 2, strong {noise:g}, n=128", quiet, {"num_demonstrations": 128}))
    for i, (name, task) in enumerate(table_corners(rng)):
        size = (3, 128, 129, 512)[i % 4]
        corners.append(Corner(f"tables, {name}, n={size}", task, {"num_demonstrations": size}))
    return corners


def rate_truth(corner: Corner) -> Truth:
    """The slope by importance sampling, and the exponent, with its minimiser searched in log scale."""
    if "kind" in corner.task:
        return table_rate_truth(corner)
    task, size = Regression(corner.task), corner.case["num_demonstrations"]
    rng = np.random.default_rng(SEED)
    others = [k for k in range(len(task.concepts)) if k != task.star]
    first = log_tail_of_regression(task, task.star, others, size, rng)
    second = log_tail_of_regression(task, task.star, others, 2 * size, rng)
    measured, se = slope(first, second, size)
    known = [k for k in others if task.source[k] > 0]
    rate = min(-minimum(gaussian_log_moment(task, k, task.star))[1] for k in known)
    return Truth(measured, se, lowest=rate, highest=rate)


def table_rate_truth(corner: Corner) -> Truth:
    """The same for tables."""
    task, size = Finite(corner.task), corner.case["num_demonstrations"]
    law, rng = task.weak_law, np.random.default_rng(SEED)
    first = log_tail_of_laws(task.laws, law, task.source, task.star, size, rng)
    second = log_tail_of_laws(task.laws, law, task.source, task.star, 2 * size, rng)
    measured, se = slope(first, second, size)
    others = [k for k in np.flatnonzero(task.source > 0) if k != task.star]
    rate = min(-minimum(finite_log_moment(task.laws, law, int(k), task.star))[1] for k in others)
    return Truth(measured, se, lowest=rate, highest=rate)


def voronoi_corners() -> list[Corner]:
    """The corners of the rate, and weak concepts on a line from one concept to another."""
    rng = np.random.default_rng(SEED + 2)
    corners = [
        Corner(f"{name}, n=64", task, {"num_demonstrations": 64}) for name, task in point_mass_corners(rng)
    ]
    line = np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.0]])
    for share in (0.0, 0.2, 0.35, 0.65, 0.8, 1.0, 1.5, -1.0):
        weak = [line[0], line[1] + share * (line[0] - line[1]) + [0.0, 0.0, 0.3]]
        task = table(rng, 3, 2, concepts=line, weak=weak, weak_noise=0.6)
        corners.append(Corner(f"t={share:g}, n=128", task, {"num_demonstrations": 128}))
    return corners


def voronoi_truth(corner: Corner) -> Truth:
    """The losers' mass by importance sampling from the winner's point of view, and the closed form."""
    task, size = Regression(corner.task), corner.case["num_demonstrations"]
    rng = np.random.default_rng(SEED)
    shown, covariance = task.weak[task.star], task.covariance

    def square(vector: np.ndarray) -> float:
        return float(vector @ covariance @ vector)

    distances = [
        square(shown - beta) if p > 0 else math.inf
        for beta, p in zip(task.concepts, task.source, strict=True)
    ]
    winner = int(np.argmin(distances))
    losers = [k for k in range(len(distances)) if k != winner] if winner == task.star else [task.star]
    rates = []
    for k in losers:
        gap, shift = task.concepts[k] - task.concepts[winner], shown - task.concepts[winner]
        length = square(gap)
        if task.source[k] == 0 or length == 0:
            continue
        share = float(shift @ covariance @ gap) / length
        across = task.weak_noise**2 + square(shift) - share**2 * length
        rates.append(0.5 * math.log1p(length * (1 - 2 * share) ** 2 / (4 * across)))
    first = log_tail_of_regression(task, winner, losers, size, rng)
    second = log_tail_of_regression(task, winner, losers, 2 * size, rng)
    measured, se = slope(first, second, size)
    return Truth(measured, se, lowest=min(rates), highest=min(rates))


AUDITS = {
    "concept-identification": (identification_corners, identification_truth, "d=1, K=2, n=4"),
    "intent-inference": (identification_corners, name_truth, "d=1, K=2, n=4"),
    "identification-rate": (rate_corners, rate_truth, "d=1, K=2, n=64"),
    "voronoi-threshold": (voronoi_corners, voronoi_truth, "d=1, K=2, n=64"),
}
