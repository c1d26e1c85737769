"""The refinement bound term by term, and the sizes beyond which it lies below the naive floor."""

import math

from jaxtyping import Array, Float

from w2s_sim.errors import InputError
from w2s_sim.estimators import ContextEstimator, Refinement
from w2s_sim.identification import identification_bound
from w2s_sim.statements.case import Case
from w2s_sim.statements.quantities import concept_diameter, naive_floor
from w2s_sim.task import TransferTask

LARGEST_CONTEXT = 4096


def num_demonstrations(case: Case) -> int:
    """n of a labeller's or a refined student's case."""
    assert isinstance(case.estimator, ContextEstimator | Refinement)
    return case.estimator.num_demonstrations


def refinement_terms(case: Case, identification: Float[Array, ""]) -> dict[str, Float[Array, ""]]:
    """Summands of D^2 eps (1 + (d+2)/(N-d-1)) + sigma^2 d/(N-d-1), in squared label units.

    Args:
        case: A labeller's case has the first term alone.
        identification: eps, a bound on E[1 - pi_n(k*)].
    """
    task = case.task
    labels = concept_diameter(task) ** 2 * identification
    if not isinstance(case.estimator, Refinement):
        return {"refined labels": labels}
    # Where N <= d + 1 the least-squares risk is infinite, and so is the bound.
    spare = case.estimator.num_queries - task.dim - 1
    inverse = 1.0 / spare if spare > 0 else math.inf
    return {
        "refined labels": labels,
        "spread of the labels": labels * (task.dim + 2) * inverse,
        "label noise": task.source.noise**2 * task.dim * inverse,
    }


def dominance_sizes(task: TransferTask) -> tuple[int, int]:
    """The fewest demonstrations n, and the queries N they need, whose bound is at most the naive floor.

    With those a refined student beats every student of theorem `naive-floor`, whatever its sample size
    and regularisation, and more queries only lower its bound. So do more demonstrations where every
    minimising s has m_k(s) < 1: the log of a term is concave in n, and once it falls it goes on falling.

    Args:
        task: A task with a point-mass target and standard Gaussian features.

    Returns:
        (n, N), with D^2 eps_n at most half the floor at n.

    Raises:
        InputError: If there is no such n: no floor, or a concept that demonstrations do not identify.
    """
    floor = float(naive_floor(task))
    diameter_squared = float(concept_diameter(task)) ** 2
    size = 1
    while size <= LARGEST_CONTEXT and floor > 0:
        labels = diameter_squared * float(identification_bound(task, size))
        if labels <= floor / 2.0:
            noise = float(task.source.noise) ** 2 * task.dim
            spare = (labels * (task.dim + 2) + noise) / (floor - labels)
            return size, task.dim + 1 + max(1, math.ceil(spare))
        size += 1
    raise InputError(
        "task",
        f"floor {floor:.6g}",
        f"a floor > 0, and a concept identified by {LARGEST_CONTEXT} demonstrations",
    )
