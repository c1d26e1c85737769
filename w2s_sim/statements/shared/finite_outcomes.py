"""Laws of the outcomes of a finite task, and assumptions about them that several theorems make."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.statements.contract.case import Assumption
from w2s_sim.tasks.finite_task import FiniteTask


def outcome_laws(task: FiniteTask) -> Float[Array, "K M"]:
    """Return p_k(o), the strong model's law of a demonstration under each concept."""
    return jnp.exp(task.source.log_outcome_probabilities())


def target_law(task: FiniteTask) -> Float[Array, " M"]:
    """Return f* = sum_k alpha^Q_k p_k, the law of a demonstration under the target prior."""
    return task.target_prior @ outcome_laws(task)


FINITE_OUTCOMES = Assumption("finitely many outcomes", lambda case: isinstance(case.task, FiniteTask))
SOURCE_COVERS_TARGET = Assumption(
    "a source prior that covers the target",
    lambda case: bool(np.all(np.asarray(case.task.source.prior)[np.asarray(case.task.target_prior) > 0] > 0)),
)
