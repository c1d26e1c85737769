"""Theorem subspace-variance: the risk of a student through the overlap of its features with the teacher's."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from jaxtyping import Array, Float

from w2s_sim.engine.measured import nonnegative
from w2s_sim.estimators import LeastSquares, Ridge
from w2s_sim.statements.contract.case import Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.broken_learners import RandomLength, TeachersOwnInputs
from w2s_sim.statements.shared.capacity_students import (
    CAPACITY_RISK,
    FRESH_INPUTS,
    LEAST_SQUARES_STUDENT,
    NORMAL_FEATURES,
    NUM_WEAK,
    SPARE,
    STUDENT_RISK,
    build_student,
    inflation,
    scatter_error,
    share_of_bound,
)
from w2s_sim.statements.subspace_variance.lemmas import STUDENT, SUBSPACE_VARIANCE_LEMMAS
from w2s_sim.statements.subspace_variance.teacher_variance import (
    LEAST_SQUARES_TEACHER,
    correlated,
    lacking,
    variance_per_feature,
    with_overlap,
)
from w2s_sim.tasks.overlapping_features import capacity_task


def terms(case: Case[Any]) -> dict[str, Float[Array, ""]]:
    """Return the parts of the student's mean risk, in squared label units."""
    task, spread = case.task, inflation(case)
    target, explained = task.target_vector, task.weak_projection(task.target_vector)
    per_feature, overlap = variance_per_feature(task), task.overlap
    return {
        "what the strong features lack": task.squared_norm(target - task.ceiling),
        "what the weak features lack": task.squared_norm(task.strong_projection(target - explained)),
        "scatter of the population teacher": scatter_error(case, explained),
        "noise of the weak labels": task.supervisor.noise**2 * spread,
        "the teacher's variance in the overlap": per_feature * overlap,
        "the teacher's variance outside it": per_feature * (task.weak_dim - overlap) * spread,
    }


def student_risk(case: Case[Any]) -> Float[Array, ""]:
    """Return the student's mean risk."""
    return sum(terms(case).values(), 0.0 * case.task.noise)


def cases(preset: Preset) -> Sequence[Case[Any]]:
    listed = [
        Case("overlap 1", with_overlap(1.0), STUDENT),
        Case("overlap 2.5", with_overlap(2.5), STUDENT),
        Case("a target that both lack", lacking(), STUDENT),
        Case("correlated inputs", correlated(), STUDENT),
    ]
    longer = [
        Case("overlap 4, the weak features hold the strong", with_overlap(4.0), STUDENT),
        Case("the same features", capacity_task(10, 4, 4, 4.0, num_true=20), STUDENT),
        Case("N = 14", with_overlap(2.5), LeastSquares(num_weak=14)),
        Case("one feature each", capacity_task(3, 1, 1, 1.0, num_true=12), STUDENT),
        Case("population teacher", with_overlap(2.0, num_true=None, weak_noise=0.3), STUDENT),
    ]
    return listed + (longer if preset == "full" else [])


def _own_inputs() -> TeachersOwnInputs:
    """Return the task of overlap 1, whose student learns from the inputs of the teacher's 20 true pairs."""
    task = with_overlap(1.0)
    fields = {field.name: getattr(task, field.name) for field in dataclasses.fields(task)}
    return TeachersOwnInputs(**fields)


def controls(preset: Preset) -> Sequence[Control]:
    return [
        Control(
            Case("inputs of random length", with_overlap(2.5, features=RandomLength(10)), STUDENT),
            breaks=NORMAL_FEATURES.name,
        ),
        Control(
            Case("ridge teacher", with_overlap(2.5, ridge=1.0), STUDENT), breaks=LEAST_SQUARES_TEACHER.name
        ),
        Control(
            Case("the teacher's own inputs", _own_inputs(), LeastSquares(num_weak=20)),
            breaks=FRESH_INPUTS.name,
        ),
        Control(
            Case("ridge student", with_overlap(2.5), Ridge(1.0, num_weak=40)),
            breaks=LEAST_SQUARES_STUDENT.name,
        ),
    ]


SUBSPACE_VARIANCE = Statement(
    id="subspace-variance",
    kind="equality",
    label_power=2,
    title="A student keeps the teacher's variance in the overlap alone",
    summary=(
        "If teacher and student fit by least squares in features of their own, the student's mean risk is "
        "known exactly: it keeps the part of the teacher's variance that lies in the overlap of both spans, "
        "and the rest falls as the number of weak labels grows."
    ),
    formula=(
        r"\mathbb{E}\lVert A_s\hat b-\beta\rVert_\Sigma^2=\lVert\beta-P_s\beta\rVert_\Sigma^2"
        r"+\lVert P_s(I-P_w)\beta\rVert_\Sigma^2+v\,d_{s\wedge w}"
        r"+\frac{d_s}{N-d_s-1}\bigl(\lVert(I-P_s)P_w\beta\rVert_\Sigma^2+\sigma'^2"
        r"+v\,(d_w-d_{s\wedge w})\bigr),\quad "
        r"v=\frac{\sigma^2+\lVert\beta-P_w\beta\rVert_\Sigma^2}{n-d_w-1}"
    ),
    cases=cases,
    bound=student_risk,
    terms=terms,
    measure=STUDENT_RISK,
    support=nonnegative,
    margin=share_of_bound(student_risk),
    assumptions=(LEAST_SQUARES_STUDENT, LEAST_SQUARES_TEACHER, NORMAL_FEATURES, SPARE, FRESH_INPUTS),
    lemmas=SUBSPACE_VARIANCE_LEMMAS,
    controls=controls,
    parameters=(NUM_WEAK,),
    build_estimator=build_student,
    bounded_metric=CAPACITY_RISK,
    quantity="risk of the student (squared label units)",
    plot_axis="num_weak",
    reference="After Dong et al. 2025, arXiv 2502.05075",
    page="theory/subspace-variance.md",
)
