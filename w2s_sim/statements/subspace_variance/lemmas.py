"""The steps of the proof of subspace-variance (theory/subspace-variance.md), each as a statement."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import nonnegative
from w2s_sim.estimators import LeastSquares
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.capacity_students import (
    LEAST_SQUARES_STUDENT,
    NORMAL_FEATURES,
    SPARE,
    STUDENT_RISK,
    STUDENTS,
    share_of_bound,
)
from w2s_sim.statements.subspace_variance.teacher_variance import (
    LEAST_SQUARES_TEACHER,
    correlated,
    is_unbiased,
    lacking,
    variance_per_feature,
    with_overlap,
)
from w2s_sim.tasks.overlapping_features import capacity_task

PAGE = "theory/subspace-variance.md"
STUDENT = LeastSquares(num_weak=40)
SMALL_OVERLAP = Assumption(
    "an overlap of at most a quarter",
    lambda case: float(case.task.overlap) <= case.task.weak_dim / 4 * (1 + 1e-5),
)
MANY_LABELS = Assumption(
    "N >= 4 d_s + 1", lambda case: case.estimator.sample_size >= 4 * case.task.strong_dim + 1
)
UNBIASED = Assumption(
    "a target that both express, and exact weak labels",
    lambda case: is_unbiased(case) and float(case.task.supervisor.noise) == 0.0,
)


def _teacher_cases(preset: Preset) -> Sequence[Case[Any]]:
    tasks = {"overlap 2.5": with_overlap(2.5), "a target that both lack": lacking()}
    return [Case(name, task, STUDENT) for name, task in {**tasks, "correlated inputs": correlated()}.items()]


def _seen_variance(key: Key[Array, ""], case: Case[Any]) -> Float[Array, ""]:
    """Return the mean of ||P_s (theta - P_w beta)||^2 over several trained teachers."""
    task = case.task

    def seen(key: Key[Array, ""]) -> Float[Array, ""]:
        error = task.sample_teacher(key=key) - task.weak_projection(task.target_vector)
        return task.squared_norm(task.strong_projection(error))

    return jnp.mean(jax.vmap(seen)(jax.random.split(key, STUDENTS)))


def _seen_variance_mean(case: Case[Any]) -> Float[Array, ""]:
    return variance_per_feature(case.task) * case.task.overlap


def _half_of_teacher(case: Case[Any]) -> Float[Array, ""]:
    return 0.5 * case.task.weak_dim * variance_per_feature(case.task)


def _gain_cases(preset: Preset) -> Sequence[Case[Any]]:
    least = capacity_task(9, 4, 4, 1.0, num_true=20)
    return [
        Case("overlap 1 of 5", with_overlap(1.0), STUDENT),
        Case("overlap 1 of 4, N = 24", least, LeastSquares(num_weak=24)),
    ]


def _gain_controls(preset: Preset) -> Sequence[Control]:
    same = capacity_task(10, 4, 4, 4.0, num_true=20)
    return [Control(Case("the same features", same, STUDENT), breaks=SMALL_OVERLAP.name)]


SUBSPACE_VARIANCE_LEMMAS = (
    Statement(
        id="seen-teacher-variance",
        kind="equality",
        label_power=2,
        title="The student sees the part of the teacher's variance that lies in the overlap",
        cases=_teacher_cases,
        measure=_seen_variance,
        bound=_seen_variance_mean,
        margin=share_of_bound(_seen_variance_mean),
        support=nonnegative,
        assumptions=(LEAST_SQUARES_TEACHER, NORMAL_FEATURES, SPARE),
        page=PAGE,
    ),
    Statement(
        id="half-the-teachers-risk",
        kind="upper",
        label_power=2,
        title="With an overlap of at most a quarter, N >= 4 d_s + 1 labels halve the teacher's risk",
        cases=_gain_cases,
        measure=STUDENT_RISK,
        support=nonnegative,
        bound=_half_of_teacher,
        assumptions=(
            LEAST_SQUARES_STUDENT,
            LEAST_SQUARES_TEACHER,
            NORMAL_FEATURES,
            SPARE,
            UNBIASED,
            SMALL_OVERLAP,
            MANY_LABELS,
        ),
        controls=_gain_controls,
        page=PAGE,
    ),
)
