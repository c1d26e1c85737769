"""The audit of bootstrap-floor: chains of models in plain NumPy, the hull by another solver."""

from typing import Any

import numpy as np

from tests.audit.corners_of_finetuning import floor_tasks
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_hull import nearest_in_hull
from tests.audit.oracles_regression import Regression, mean_and_error

SEED = 1801
DRAWS = 20_000
CHAINS: tuple[dict[str, Any], ...] = (
    {"num_weak": 60, "ridges": [0.5, 0.2]},
    {"num_weak": 20, "ridges": [0.3, 0.3, 0.3]},
    {"num_weak": 2, "ridges": [0.3, 0.1]},
    {"num_weak": 20, "ridges": [1e-3, 10.0], "inputs": "shared"},
    {"num_weak": 30, "ridges": [0.4, 0.2, 0.1], "inputs": "shared"},
)


def bootstrap_corners() -> list[Corner]:
    """Every task with a chain whose middle models lie somewhere near the concepts."""
    rng = np.random.default_rng(SEED)
    corners = []
    for i, (name, task) in enumerate(floor_tasks(rng)):
        chain = CHAINS[i % len(CHAINS)]
        concepts = np.array(task["concepts"])
        size = np.abs(concepts).max()
        middle = concepts[0] + 0.5 * size * rng.standard_normal((len(chain["ridges"]) - 1, task["dim"]))
        corners.append(Corner(f"{name}, {chain}", task, {**chain, "middle": middle.tolist()}))
    plain = dict(corners[0].task)
    for i in range(3):
        same = {"num_weak": 20, "ridges": [0.3, 0.1 * i], "middle": [plain["concepts"][0]]}
        corners.append(Corner(f"middle model on a concept, {i}", plain, same))
    return corners


def bootstrap_truth(corner: Corner) -> Truth:
    """Every model by the normal equations of ridge, from its own source; the nearest point of the hull."""
    task, case = Regression(corner.task), corner.case
    rng, size = np.random.default_rng(SEED), case["num_weak"]
    inputs, labels = task.weak_data(rng, DRAWS, size)
    starts = [*np.array(case["middle"], float), task.source_mean]
    students = np.zeros((DRAWS, task.dim))
    for model, (start, ridge) in enumerate(zip(starts, case["ridges"], strict=True)):
        if model > 0:
            inputs = inputs if case.get("inputs") == "shared" else task.inputs(rng, DRAWS, size)
            labels = np.einsum("snd,sd->sn", inputs, students)
        system = np.einsum("sni,snj->sij", inputs, inputs) / size + ridge * np.eye(task.dim)
        pull = np.einsum("sni,sn->si", inputs, labels - inputs @ start) / size
        students = start + np.linalg.solve(system, pull[..., None])[..., 0]
    measured, se = mean_and_error(np.sum((students - task.target_mean) ** 2, axis=1))
    corners = np.array([task.weak_mean, *starts])
    gap = nearest_in_hull(corners, task.target_mean, np.eye(task.dim)) - task.target_mean
    floor = float(gap @ gap)
    scale = float(np.abs(corners - task.target_mean).max()) ** 2
    return Truth(measured, se, lowest=floor, highest=floor, rounding=1e-6 * scale)


AUDITS = {
    "bootstrap-floor": (
        bootstrap_corners,
        bootstrap_truth,
        "plain, {'num_weak': 60, 'ridges': [0.5, 0.2]}",
    ),
}
