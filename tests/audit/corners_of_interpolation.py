"""The audit of optimal-surrogate: least squares by the pseudo-inverse, the limit in the axes of Sigma."""

import numpy as np

from tests.audit.corners_regression import rescaled, table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_regression import Regression, least_norm, mean_and_error, root_of_level

SEED = 1804
DRAWS = 3000
DIM = 48


def interpolation_corners() -> list[Corner]:
    """Spectra of several shapes, with surrogates, units and noises of all sizes."""
    rng = np.random.default_rng(SEED)
    axes, _ = np.linalg.qr(rng.standard_normal((DIM, DIM)))
    spectra = {
        "equal": np.ones(DIM),
        "two variances": np.repeat([4.0, 0.25], [12, 36]),
        "falling": 1.0 / np.arange(1, DIM + 1),
        "one large": np.where(np.arange(DIM) == 0, 400.0, 1.0),
        "a hundredth": np.full(DIM, 0.01),
        "none in four": np.where(np.arange(DIM) < 4, 0.0, 1.0),
    }
    corners = []
    for i, (name, spectrum) in enumerate(spectra.items()):
        turned = axes if i % 2 else np.eye(DIM)
        factor = (turned * np.sqrt(spectrum)) @ turned.T
        for noise in (0.0, 0.5, 20.0):
            more = {"factor": factor.tolist(), "weak_noise": noise}
            task = table(rng, DIM, 2, concepts=rng.standard_normal((2, DIM)) / 7, **more)
            scale = (1.0, 1e-3, 1e3)[i % 3]
            for size in (24, 30):
                said = f"{name}, weak noise {noise:g}, n={size}"
                corners.append(Corner(said, rescaled(task, scale), {"num_weak": size}))
    plain = table(rng, 8, 2)
    corners += [Corner(f"d=8, n={size}", plain, {"num_weak": size}) for size in (1, 4, 8, 60)]
    return corners


def interpolation_truth(corner: Corner) -> Truth:
    """The mean risk of the shortest step that fits the labels; the formula by bisection for tau."""
    task, size = Regression(corner.task), corner.case["num_weak"]
    inputs, labels = task.weak_data(np.random.default_rng(SEED), DRAWS, size)
    students = task.source_mean + least_norm(inputs, labels - inputs @ task.source_mean)
    errors = (students - task.target_mean) @ task.factor
    measured, se = mean_and_error(np.sum(errors**2, axis=1))
    spectrum, axes = np.linalg.eigh(task.covariance)
    spectrum = np.maximum(spectrum, 0.0)
    wanted, shown = ((vector - task.source_mean) @ axes for vector in (task.target_mean, task.weak_mean))
    tau = root_of_level(spectrum, size)
    kept = spectrum / (spectrum + tau)
    omega = float(np.sum(kept**2) / np.sum(kept * (1 - kept)))
    lost = float(np.sum(spectrum * ((1 - kept) * shown) ** 2)) + task.weak_noise**2
    limit = float(np.sum(spectrum * (wanted - kept * shown) ** 2)) + omega * lost
    scale = float(np.sum(spectrum * (wanted**2 + shown**2)))
    return Truth(measured, se, lowest=limit, highest=limit, rounding=1e-4 * scale)


AUDITS = {
    "optimal-surrogate": (
        interpolation_corners,
        interpolation_truth,
        "two variances, weak noise 0.5, n=24",
    ),
}
