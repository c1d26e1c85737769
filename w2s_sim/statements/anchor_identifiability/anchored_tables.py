"""Example tasks whose concepts have anchors, and pairs of weak models that look alike."""

import numpy as np

from w2s_sim.concepts import CategoricalModel
from w2s_sim.concepts.finite import smoothed
from w2s_sim.statements.shared.finite_examples import TABLES_PRIOR
from w2s_sim.tasks.finite_task import FiniteTask

CONTEXTS = [0.4, 0.6]
TARGET = [0.4, 0.3, 0.2, 0.1]
# Label probabilities (in tenths) of four concepts for two inputs. The anchors of the first three are symbols
# on the first input, the anchor of the last one is the first symbol on the second.
ANCHORED = np.array(
    [
        [[5, 0, 0, 5], [0, 4, 4, 2]],
        [[0, 6, 0, 4], [0, 2, 5, 3]],
        [[0, 0, 4, 6], [0, 5, 2, 3]],
        [[0, 0, 0, 10], [5, 2, 1, 2]],
    ]
)
# The weak model shows the anchors of each concept alone as well, and otherwise what it likes.
WEAK = np.array(
    [
        [[3, 0, 0, 7], [0, 2, 2, 6]],
        [[0, 8, 0, 2], [0, 4, 2, 4]],
        [[0, 0, 5, 5], [0, 1, 6, 3]],
        [[0, 0, 0, 10], [3, 3, 3, 1]],
    ]
)


def anchored_task(target_prior: list[float] = TARGET, *, share: float = 0.0) -> FiniteTask:
    """Return a task with anchored concepts and a weak model of its own laws, which keeps the anchors.

    Args:
        target_prior: Target prior alpha^Q.
        share: Share of the weak labels that are replaced by uniform ones; the anchors are then lost.
    """
    source = CategoricalModel(TABLES_PRIOR, ANCHORED / 10.0, CONTEXTS)
    weak = CategoricalModel(TABLES_PRIOR, WEAK / 10.0, CONTEXTS)
    return FiniteTask(source, target_prior, smoothed(weak, share))


def two_faces(weights: list[float], laws: list[list[float]]) -> FiniteTask:
    """Return a task with one input, and weak concepts of the given laws; the strong ones show themselves."""
    count, size = np.shape(laws)
    strong = np.eye(count, size)[:, None, :]
    weak = np.asarray(laws)[:, None, :]
    prior = [1.0 / count] * count
    return FiniteTask(CategoricalModel(prior, strong, [1.0]), weights, CategoricalModel(prior, weak, [1.0]))


def alike_in_pairs() -> tuple[FiniteTask, FiniteTask]:
    """Return two tasks without anchors and with one law of pairs: moments 0.5 and 0.34."""
    even = two_faces([0.5, 0.5], [[0.8, 0.2], [0.2, 0.8]])
    return even, two_faces([0.64, 0.36], [[0.725, 0.275], [0.1, 0.9]])


def alike_in_singles() -> tuple[FiniteTask, FiniteTask]:
    """Return two tasks with anchors and with one law of single labels, (1/8, 3/8, 1/2)."""
    even = two_faces([0.5, 0.5], [[0.25, 0.0, 0.75], [0.0, 0.75, 0.25]])
    return even, two_faces([0.25, 0.75], [[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]])
