"""Assumptions about a weak model that is unbiased, and whose label noise is the noise that it states."""

import numpy as np

from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.statements.shared.broken_learners import UnderstatedNoise

# Length, relative to the concepts, up to which the weak model counts as unbiased.
SAME_VECTOR = 1e-6


def _is_unbiased(case: Case) -> bool:
    task = case.task
    mixture = np.asarray(task.target_prior @ task.source.vectors)
    error = float(np.linalg.norm(np.asarray(task.weak_vector) - mixture))
    return error <= SAME_VECTOR * float(np.linalg.norm(task.source.vectors))


UNBIASED = Assumption("an unbiased weak model", _is_unbiased)
STATED = Assumption(
    "label noise of the stated variance", lambda case: not isinstance(case.task.supervisor, UnderstatedNoise)
)
