"""The audit of ridge-teacher-threshold: teacher and student by normal equations, the best copy on a grid."""

import math

import numpy as np

from tests.audit.corners_of_finetuning import floor_tasks
from tests.audit.corners_regression import table
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_regression import Regression

SEED = 1805
DRAWS = 20_000
BATCHES = 20
PAIRS = (
    ([0.0, 0.3], 60),
    ([0.5, 0.1], 20),
    ([1e-3, 10.0], 20),
    ([10.0, 1e-2], 8),
    ([0.3, 0.3], 2),
    ([0.2, 0.0], 30),
)


def teaching_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED)
    corners = []
    for i, (name, task) in enumerate(floor_tasks(rng)):
        ridges, size = PAIRS[i % len(PAIRS)]
        source = np.array(task["source_prior"]) @ np.array(task["concepts"])
        start = source if i % 2 else np.zeros(task["dim"])
        case = {"num_weak": size, "ridges": ridges, "middle": [start.tolist()]}
        corners.append(Corner(f"{name}, {ridges}, n={size}", task, case))
    # The teacher is the target, and nothing errs.
    clean = table(rng, 3, 2, concepts=np.eye(3)[:2], weak=np.eye(3)[:2], weak_noise=0.0)
    taught = {"num_weak": 32, "ridges": [0.0, 0.6], "middle": [[0.1, 0.5, 0.0]]}
    return [*corners, Corner("labels without noise and bias", clean, taught)]


def teaching_truth(corner: Corner) -> Truth:
    """The student's mean risk by the least of 10,001 copies of the teacher; spread over batches of draws."""
    task, case = Regression(corner.task), corner.case
    rng, size = np.random.default_rng(SEED), case["num_weak"]
    starts = [np.array(case["middle"][0], float), task.source_mean]
    inputs, labels = task.weak_data(rng, DRAWS, size)
    models = []
    for start, ridge in zip(starts, case["ridges"], strict=True):
        system = np.einsum("sni,snj->sij", inputs, inputs) / size + ridge * np.eye(task.dim)
        pull = np.einsum("sni,sn->si", inputs, labels - inputs @ start) / size
        models.append(start + np.linalg.solve(system, pull[..., None])[..., 0])
        inputs = task.inputs(rng, DRAWS, size)
        labels = np.einsum("snd,sd->sn", inputs, models[-1])
    taught = models[0] - task.source_mean
    wanted = task.target_mean - task.source_mean
    parts = np.stack(
        [
            np.sum((models[1] - task.target_mean) ** 2, axis=1),
            np.sum(taught**2, axis=1),
            taught @ wanted,
        ],
        axis=1,
    ) / (wanted @ wanted)
    shares = np.linspace(0.0, 1.0, 10_001)

    def ratio(means: np.ndarray) -> float:
        return float(means[0] / np.min(1.0 - 2.0 * shares * means[2] + shares**2 * means[1]))

    batches = [ratio(part.mean(axis=0)) for part in np.split(parts, BATCHES)]
    se = float(np.std(batches, ddof=1)) / math.sqrt(BATCHES)
    return Truth(ratio(parts.mean(axis=0)), 2.0 * se, lowest=1.0, highest=1.0, rounding=2e-3)


AUDITS = {"ridge-teacher-threshold": (teaching_corners, teaching_truth, "plain, [0.0, 0.3], n=60")}
