"""The audit of anchor-identifiability: contexts drawn and counted in NumPy, anchors of every strength."""

import numpy as np

from tests.audit.corners_finite import dyadic, tables
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_finite import Finite
from tests.audit.oracles_regression import mean_and_error

SEED = 2201
DRAWS = 20_000


def anchored(rng: np.random.Generator, count: int, strength: float) -> np.ndarray:
    """One context of `count` anchors and three shared symbols: the anchors have the given probability."""
    laws = np.zeros((count, 1, count + 3))
    laws[:, 0, :count] = strength * np.eye(count)
    laws[:, 0, count:] = (1.0 - strength) * dyadic(rng, count, 3)
    return laws


def anchor_corners() -> list[Corner]:
    """One to five concepts, rare and certain anchors, few and many contexts, longer contexts."""
    rng = np.random.default_rng(SEED)
    corners = []
    strengths, sizes = (0.5, 0.125, 1.0, 2.0**-7), (2, 7, 40, 120)
    for i in range(24):
        count, strength, size = 1 + i % 5, strengths[i % 4], sizes[i % 3 + (i % 2)]
        views = 2 + (i % 3 == 2)
        strong, weak = anchored(rng, count, 0.5), anchored(rng, count, strength)
        target = dyadic(rng, count) if i % 4 else np.eye(count)[0]
        task = tables(rng, strong, weak, target=target)
        numbers = {"num_weak": max(size, views), "views": views, "grouped": True}
        corners.append(Corner(f"{i}: K={count}, anchors {strength:g}, n={size}", task, numbers))
    for name, weak in (
        ("an anchor that is never shown", anchored(rng, 3, 0.0)),
        ("an anchor that another shows", dyadic(rng, 3, 1, 6)),
    ):
        task = tables(rng, anchored(rng, 3, 0.5), weak, target=[0.25, 0.25, 0.5])
        corners.append(Corner(name, task, {"num_weak": 20, "views": 2, "grouped": True}))
    return corners


def anchor_truth(corner: Corner) -> Truth:
    """Frequencies behind the anchors, in many data sets; the error by the closed form."""
    task, views = Finite(corner.task), corner.case["views"]
    size, rng = corner.case["num_weak"] // views, np.random.default_rng(SEED)
    count = len(task.laws)
    m = task.target * task.weak[range(count), range(count)]
    inverse = np.array(
        [sum(((1 - c) ** (size - j) - (1 - c) ** size) / j for j in range(1, size + 1)) for c in m]
    )
    spread = (1 - np.sum(task.weak**2, axis=1)) * inverse / (views - 1)
    exact = float(np.sum(spread + (1 - m) ** size * np.sum((task.laws - task.weak) ** 2, axis=1)))
    draws = min(DRAWS, 4_000_000 // (size * views * task.weak.shape[1]))
    concepts = rng.choice(count, p=task.target, size=(draws, size))
    cumulative = np.cumsum(task.weak, axis=1)[:, :-1][concepts][:, :, None]
    outcomes = (rng.uniform(size=(draws, size, views, 1)) >= cumulative).sum(axis=-1)
    errors = np.zeros(draws)
    for k in range(count):
        rest = (outcomes[:, :, 1:, None] == np.arange(task.weak.shape[1])).sum(axis=2)
        behind = np.sum((outcomes[:, :, 0] == k)[..., None] * rest, axis=1)
        total = behind.sum(axis=1, keepdims=True)
        estimate = np.where(total > 0, behind / np.maximum(total, 1), task.laws[k])
        errors += np.sum((estimate - task.weak[k]) ** 2, axis=1)
    measured, se = mean_and_error(errors)
    return Truth(measured, se, 2.0 * count, draws, exact, exact, rounding=1e-6)


AUDITS = {"anchor-identifiability": (anchor_corners, anchor_truth, "13: K=4, anchors 0.125, n=40")}
