"""Theorem kernel-gap: how far a student stays from the best student with its features."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from w2s_sim.engine.measured import nonnegative
from w2s_sim.estimators import LeastSquares
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.kernel_gap.lemmas import KERNEL_GAP_LEMMAS, STUDENT, TARGET
from w2s_sim.statements.shared.broken_learners import RandomLength
from w2s_sim.statements.shared.capacity_students import (
    CAPACITY_GAP,
    LEAST_SQUARES_STUDENT,
    NORMAL_FEATURES,
    NUM_WEAK,
    SPARE,
    STUDENT_GAP,
    build_student,
    inflation,
    scatter_error,
    share_of_bound,
)
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.overlapping_features import capacity_task

POPULATION = Assumption("population teacher", lambda case: case.task.supervisor.num_true is None)


def terms(case: Case[Any]) -> dict[str, Float[Array, ""]]:
    """Return the parts of the mean gap, in squared label units."""
    task, teacher = case.task, case.task.population_teacher
    return {
        "what the weak features lack": task.squared_norm(
            task.strong_projection(teacher - task.target_vector)
        ),
        "scatter of the teacher": scatter_error(case, teacher),
        "noise of the weak labels": task.supervisor.noise**2 * inflation(case),
    }


def mean_gap(case: Case[Any]) -> Float[Array, ""]:
    """Return the mean gap."""
    return sum(terms(case).values(), 0.0 * case.task.noise)


def _lacking(**changes: Any) -> CapacityTask:
    return capacity_task(10, 5, 4, 2.0, **{"target": TARGET, **changes})


def cases(preset: Preset) -> Sequence[Case[Any]]:
    listed = [
        Case("least-squares teacher", _lacking(), STUDENT),
        Case("ridge teacher, noisy labels", _lacking(ridge=0.5, weak_noise=0.4), STUDENT),
    ]
    longer = [
        Case("correlated inputs", _correlated(), STUDENT),
        Case("weak features hold the strong", capacity_task(10, 5, 4, 4.0, target=TARGET), STUDENT),
        Case("N = 400", _lacking(), LeastSquares(num_weak=400)),
        Case("N = 14", _lacking(), LeastSquares(num_weak=14)),
    ]
    return listed + (longer if preset == "full" else [])


def _correlated() -> CapacityTask:
    plain = _lacking()
    stretched = np.full((10, 10), 0.3) + np.diag([3.7] * 3 + [0.7] * 7)
    return capacity_task(
        10,
        features=stretched,
        target=TARGET,
        weak_features=plain.supervisor.features,
        strong_features=plain.strong_features,
    )


def controls(preset: Preset) -> Sequence[Control]:
    few = Case("teacher of 12 true pairs", _lacking(num_true=12), STUDENT)
    return [
        Control(few, breaks=POPULATION.name, believed=Case("", _lacking(), STUDENT)),
        Control(
            Case("inputs of random length", _lacking(features=RandomLength(10)), STUDENT),
            breaks=NORMAL_FEATURES.name,
        ),
    ]


KERNEL_GAP = Statement(
    id="kernel-gap",
    kind="equality",
    label_power=2,
    title="A student stays from its ceiling by what the weak features lack",
    summary=(
        "Taught by a weak model that has learned all that its features allow, a student stays away from the "
        "best student with its own features by the part of the target that the strong features hold and the "
        "weak ones lack. More weak labels do not remove it."
    ),
    formula=(
        r"\mathbb{E}\lVert A_s\hat b-P_s\beta\rVert_\Sigma^2=\lVert P_s(\theta-\beta)\rVert_\Sigma^2"
        r"+\frac{d_s}{N-d_s-1}\bigl(\lVert(I-P_s)\theta\rVert_\Sigma^2+\sigma'^2\bigr)"
    ),
    cases=cases,
    bound=mean_gap,
    terms=terms,
    measure=STUDENT_GAP,
    support=nonnegative,
    margin=share_of_bound(mean_gap),
    assumptions=(LEAST_SQUARES_STUDENT, POPULATION, NORMAL_FEATURES, SPARE),
    lemmas=KERNEL_GAP_LEMMAS,
    controls=controls,
    parameters=(NUM_WEAK,),
    build_estimator=build_student,
    bounded_metric=CAPACITY_GAP,
    quantity="distance of the student from its ceiling (squared label units)",
    plot_axis="num_weak",
    reference="After Xue et al. 2025, arXiv 2502.00620",
    page="theory/kernel-gap.md",
)
