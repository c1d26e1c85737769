"""The threshold for a ridge teacher with few features, whose student has all features and other inputs."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.estimators import Ridge
from w2s_sim.laws.features import Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.overlapping_features import capacity_task

PAGE = "theory/ridge-teacher-threshold.md"
# Size up to which numbers count as zero, relative to the lengths that they are made of.
NEGLIGIBLE = 1e-5


def taught_by_few_features(ridge: float) -> CapacityTask:
    """Return a task whose teacher has 3 of 8 features, 12 true pairs and a penalty; it lacks part of beta."""
    target = np.eye(8)[0] + 0.5 * np.eye(8)[7]
    return capacity_task(8, 3, 8, 3.0, noise=1.0, num_true=12, ridge=ridge, target=target)


def _scatter(task: CapacityTask) -> Float[Array, ""]:
    """Return sigma^2 + ||(I - P_w) beta||^2, the variance of true labels that weak features leave."""
    return task.noise**2 + task.squared_norm(task.target_vector - task.weak_projection(task.target_vector))


def few_features_threshold(task: CapacityTask) -> Float[Array, ""]:
    """Return (sigma^2 + ||(I - P_w) beta||^2) d_w / (n ||P_w beta||^2), the threshold of the penalty."""
    assert task.supervisor.num_true is not None
    explained = task.squared_norm(task.weak_projection(task.target_vector))
    return _scatter(task) * task.weak_dim / (task.supervisor.num_true * explained)


def loss_to_teacher(key: Key[Array, ""], case: Case[Any]) -> Float[Array, ""]:
    """Return R_S - R_T, what the student loses to its own teacher, in squared label units."""
    task, estimator = case.task, case.estimator
    teacher_key, input_key, noise_key, fit_key = jax.random.split(key, 4)
    teacher = task.sample_teacher(key=teacher_key)
    size = estimator.sample_size
    data = task.labelled_by(teacher, size, input_key=input_key, noise_key=noise_key)
    student = estimator.fit(task.source, data, key=fit_key)
    return task.metrics(student)["risk"] - task.squared_norm(teacher - task.target_vector)


def _surest_gain(case: Case[Any]) -> Float[Array, ""]:
    """Return eta^2 kappa U - 2 eta Delta / (1 + eta), for a teacher without a penalty."""
    assert isinstance(case.estimator, Ridge)
    task, eta, size = case.task, case.estimator.ridge, case.estimator.sample_size
    dim, spare = task.dim, task.supervisor.num_true - task.weak_dim - 1
    excess = _scatter(task) * task.weak_dim / spare
    length = task.squared_norm(task.weak_projection(task.target_vector)) + excess
    inverse_square = size**2 * (size - 1) / ((size - dim) * (size - dim - 1) * (size - dim - 3))
    return eta**2 * inverse_square * length - 2.0 * eta * excess / (1.0 + eta)


def _are_orthonormal(matrix: Float[Array, "d p"]) -> bool:
    gap = matrix.T @ matrix - jnp.eye(matrix.shape[1])
    return float(jnp.max(jnp.abs(gap))) <= NEGLIGIBLE


def _knows_all_features(case: Case[Any]) -> bool:
    task = case.task
    return (
        isinstance(task, CapacityTask)
        and isinstance(task.features, Gaussian)
        and task.strong_dim == task.dim
        and _are_orthonormal(task.strong_features)
        and _are_orthonormal(task.supervisor.features)
        and not bool(jnp.any(task.start))
    )


ALL_FEATURES = Assumption("a student with all features, normal and orthonormal", _knows_all_features)
RIDGE_STUDENT = Assumption("a ridge student", lambda case: isinstance(case.estimator, Ridge))
NO_PENALTY = Assumption("a teacher without a penalty", lambda case: float(case.task.supervisor.ridge) == 0.0)
TRUE_LABELS = Assumption(
    "a teacher that is trained on true labels, and passes its own on without noise",
    lambda case: case.task.supervisor.num_true is not None and float(case.task.supervisor.noise) == 0.0,
)
ENOUGH_INPUTS = Assumption(
    "N > d + 3 inputs of the student, n > d_w + 1 of the teacher",
    lambda case: (
        case.estimator.sample_size > case.task.dim + 3
        and case.task.supervisor.num_true > case.task.weak_dim + 1
    ),
)
AT_LEAST = Assumption(
    "a teacher at or above the threshold",
    lambda case: (
        float(case.task.supervisor.ridge) >= (1.0 - NEGLIGIBLE) * float(few_features_threshold(case.task))
    ),
)


def _taught(name: str, ridge: float, student: float) -> Case[Any]:
    return Case(name, taught_by_few_features(ridge), Ridge(student, num_weak=40))


def _above_cases(preset: Preset) -> Sequence[Case[Any]]:
    at = float(few_features_threshold(taught_by_few_features(0.0)))
    listed = [_taught("at the threshold, N=40", at, 0.5)]
    return listed if preset == "quick" else [*listed, _taught("thrice the threshold, N=40", 3 * at, 0.2)]


FEW_FEATURES_LEMMAS = (
    Statement(
        id="no-student-of-few-features-wins-above",
        kind="lower",
        label_power=2,
        title="No student beats a teacher of few features at or above its threshold",
        cases=_above_cases,
        measure=loss_to_teacher,
        bound=lambda case: 0.0,
        assumptions=(ALL_FEATURES, RIDGE_STUDENT, TRUE_LABELS, AT_LEAST),
        controls=lambda preset: [Control(_taught("no penalty, N=40", 0.0, 0.2), breaks=AT_LEAST.name)],
        page=PAGE,
    ),
    Statement(
        id="student-of-few-features-wins-below",
        kind="upper",
        label_power=2,
        title="A student with a small penalty beats a teacher of few features without one",
        cases=lambda preset: [_taught("eta=0.2, N=40", 0.0, 0.2)],
        measure=loss_to_teacher,
        bound=_surest_gain,
        trivial=lambda case: 0.0,
        assumptions=(ALL_FEATURES, RIDGE_STUDENT, TRUE_LABELS, NO_PENALTY, ENOUGH_INPUTS),
        page=PAGE,
    ),
)
