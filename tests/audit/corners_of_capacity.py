"""The audit of subspace-variance and kernel-gap: teachers and students by normal equations in NumPy."""

from typing import Any

import numpy as np

from tests.audit.judging import Corner, Truth
from tests.audit.oracles_regression import mean_and_error

SEED, DRAWS = 2207, 20_000
# (d, d_w, d_s, n, N)
SIZES = ((6, 3, 2, 20, 20), (5, 1, 3, 12, 25), (4, 4, 2, 25, 15), (3, 1, 1, 10, 12), (1, 1, 1, 9, 9))


def _task(rng: np.random.Generator, sizes: tuple[int, ...], scale: float, **weak: Any) -> dict[str, Any]:
    dim, weak_dim, strong_dim, num_true, _ = sizes
    return {
        "kind": "capacity",
        "dim": dim,
        "noise": 0.5 * scale,
        "target": (scale * rng.standard_normal(dim)).tolist(),
        "factor": (np.eye(dim) + 0.3 * rng.standard_normal((dim, dim))).tolist(),
        "strong_features": rng.standard_normal((dim, strong_dim)).tolist(),
        "weak": {
            "weak_features": rng.standard_normal((dim, weak_dim)).tolist(),
            "num_true": num_true,
            **weak,
        },
    }


def trained_corners() -> list[Corner]:
    """Tasks of all sizes in three label units, and odd ones: no noise, equal spans, a ridge, other inputs."""
    rng = np.random.default_rng(SEED)
    corners = [
        Corner(f"d = {sizes[0]}, labels x {scale:g}", _task(rng, sizes, scale), {"num_weak": sizes[4]})
        for scale in (1.0, 1e-3, 1e3)
        for sizes in SIZES
    ]
    plain = corners[0]
    same = {**plain.task, "strong_features": plain.task["weak"]["weak_features"]}
    odd = {
        "the same features": same,
        "no noise": {**plain.task, "noise": 0.0},
        "noise alone": {**plain.task, "target": [0.0] * 6},
        "noisy weak labels": {**plain.task, "weak": {**plain.task["weak"], "noise": 0.7}},
        "scaled features": {
            **plain.task,
            "strong_features": (1e3 * np.array(same["strong_features"])).tolist(),
        },
        "a ridge": {**plain.task, "weak": {**plain.task["weak"], "ridge": 0.5}},
        "signs": {**plain.task, "features": "rademacher"},
    }
    corners += [Corner(name, task, plain.case) for name, task in odd.items()]
    return [*corners, Corner("too few labels", plain.task, {"num_weak": 4})]


def population_corners() -> list[Corner]:
    """The same with infinitely many true pairs: a ridge is then allowed."""
    corners = []
    for corner in trained_corners():
        weak = {key: value for key, value in corner.task["weak"].items() if key != "num_true"}
        corners.append(Corner(corner.name, {**corner.task, "weak": weak}, corner.case))
    return corners


def students(corner: Corner) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Independent students as vectors of x, the target, the best student, and a root of the covariance."""
    rng, task, weak = np.random.default_rng(SEED + 1), corner.task, corner.task["weak"]
    dim, size = task["dim"], corner.case["num_weak"]
    factor, target = np.array(task["factor"]), np.array(task["target"])
    strong, seen = np.array(task["strong_features"]), np.array(weak["weak_features"])
    covariance = factor @ factor.T
    ridge = weak.get("ridge", 0.0) * np.eye(seen.shape[1])
    if "num_true" in weak:
        inputs = rng.standard_normal((DRAWS, weak["num_true"], dim)) @ factor.T
        labels = inputs @ target + task["noise"] * rng.standard_normal(inputs.shape[:2])
        teachers = _fitted(inputs @ seen, labels) @ seen.T
    else:
        own = np.linalg.solve(seen.T @ covariance @ seen + ridge, seen.T @ covariance @ target)
        teachers = np.broadcast_to(seen @ own, (DRAWS, dim))
    inputs = rng.standard_normal((DRAWS, size, dim)) @ factor.T
    labels = np.einsum("snd,sd->sn", inputs, teachers)
    labels = labels + weak.get("noise", 0.0) * rng.standard_normal(labels.shape)
    best = strong @ np.linalg.solve(strong.T @ covariance @ strong, strong.T @ covariance @ target)
    return _fitted(inputs @ strong, labels) @ strong.T, target, best, factor


def _fitted(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    system = np.einsum("sni,snj->sij", features, features)
    return np.linalg.solve(system, np.einsum("sni,sn->si", features, labels)[..., None])[..., 0]


def _truth(errors: np.ndarray, corner: Corner) -> Truth:
    size = float(np.sum(np.square(corner.task["target"])))
    return Truth(*mean_and_error(np.sum(errors**2, axis=1)), rounding=1e-5 * size)


def risk_truth(corner: Corner) -> Truth:
    """Mean squared error of the students' predictions."""
    vectors, target, _, factor = students(corner)
    return _truth((vectors - target) @ factor, corner)


def gap_truth(corner: Corner) -> Truth:
    """Mean squared difference from the predictions of the best student."""
    vectors, _, best, factor = students(corner)
    return _truth((vectors - best) @ factor, corner)


AUDITS = {
    "subspace-variance": (trained_corners, risk_truth, "d = 6, labels x 1"),
    "kernel-gap": (population_corners, gap_truth, "d = 6, labels x 0.001"),
}
