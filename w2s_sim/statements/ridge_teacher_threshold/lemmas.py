"""The steps of the proof of ridge-teacher-threshold (theory/ridge-teacher-threshold.md), as statements."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import Bootstrapping
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.ridge_teacher_threshold.few_features import FEW_FEATURES_LEMMAS
from w2s_sim.statements.ridge_teacher_threshold.taught_student import FRESH, PAIR, pair, teacher_of, threshold
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC, SYMMETRIC
from w2s_sim.statements.shared.quantities import label_scale, squared_error
from w2s_sim.statements.shared.regression_examples import canonical, noisy
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData

PAGE = "theory/ridge-teacher-threshold.md"
LOUD = 3.0


def _penalties(case: Case) -> Float[Array, "2"]:
    assert isinstance(case.estimator, Bootstrapping)
    return case.estimator.ridges


def _labels_true(case: Case) -> bool:
    gap = case.task.weak_vector - case.task.target_vector
    return float(jnp.max(jnp.abs(gap))) <= 1e-6 * label_scale(case.task)


def _starts_at_source(case: Case) -> bool:
    if not isinstance(case.estimator, Bootstrapping):
        return False
    gap = case.estimator.middle - case.task.source_vector
    return float(jnp.max(jnp.abs(gap))) <= 1e-6 * label_scale(case.task)


TRUE_LABELS = Assumption("true labels for the teacher", _labels_true)
SAME_START = Assumption("a teacher that starts at the source", _starts_at_source)
ABOVE = Assumption(
    "a teacher at or above the threshold",
    lambda case: float(_penalties(case)[0]) >= (1.0 - 1e-5) * float(threshold(case)),
)
LEAST_SQUARES = Assumption("a teacher without a penalty", lambda case: float(_penalties(case)[0]) == 0.0)
NORMAL = Assumption("standard normal features", lambda case: isinstance(case.task.features, Gaussian))


def stretched_along_the_way(task: TransferTask) -> TransferTask:
    """Return the task with features of variance 4 along beta_Q - beta_P, and 0.05 across."""
    way = np.asarray(task.target_vector - task.source_vector, dtype=np.float64)
    along = np.outer(way, way) / (way @ way)
    factor = 0.05**0.5 * np.eye(task.dim) + (2.0 - 0.05**0.5) * along
    law = Anisotropic(Gaussian(task.dim), factor)
    return TransferTask(law, task.source, task.target_prior, task.supervisor)


def _relative(case: Case, vector: Float[Array, " d"]) -> Float[Array, " d"]:
    return vector - case.task.source_vector


def _risk_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return R_S - (||b||^2 - 2 tr(M) u.b / d + tr(M^2) ||u||^2 / d), relative to the source; mean zero."""
    assert isinstance(case.estimator, Bootstrapping)
    task, inputs = case.task, case.estimator.inputs_of(data, 1).inputs
    wanted, taught = _relative(case, task.target_vector), _relative(case, teacher_of(data, case))
    moment = inputs.T @ inputs / inputs.shape[0]
    gain = jnp.linalg.solve(moment + _penalties(case)[1] * jnp.eye(task.dim), moment)
    mean, square = jnp.trace(gain) / task.dim, jnp.sum(gain * gain.T) / task.dim
    expected = wanted @ wanted - 2.0 * mean * taught @ wanted + square * taught @ taught
    return squared_error(task, case.estimator.fit(task.source, data, key=key)) - expected


def _excess_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||u||^2 - u.b - (sigma'^2/n - lambda ||b||^2/d) tr S (S + lambda I)^{-2}; mean zero."""
    assert isinstance(case.estimator, Bootstrapping)
    task, inputs = case.task, case.estimator.inputs_of(data, 0).inputs
    wanted, taught = _relative(case, task.target_vector), _relative(case, teacher_of(data, case))
    moment = inputs.T @ inputs / inputs.shape[0]
    inverse = jnp.linalg.solve(moment + _penalties(case)[0] * jnp.eye(task.dim), jnp.eye(task.dim))
    difference = task.supervisor.noise**2 / inputs.shape[0] - _penalties(case)[0] * wanted @ wanted / task.dim
    return taught @ taught - taught @ wanted - difference * jnp.trace(inverse @ moment @ inverse)


def _loss(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return R_S - R_T, what the student loses to its teacher."""
    task = case.task
    error = teacher_of(data, case) - task.target_vector
    return squared_error(task, case.estimator.fit(task.source, data, key=key)) - error @ error


def _surest_gain(case: Case) -> Float[Array, ""]:
    """Return -(2 eta Delta / (1 + eta) - eta^2 kappa U) for a teacher without a penalty, normal features."""
    task, eta = case.task, _penalties(case)[1]
    assert isinstance(case.estimator, Bootstrapping)
    size, dim = case.estimator.num_weak, task.dim
    way = task.target_vector - task.source_vector
    excess = task.supervisor.noise**2 * dim / (size - dim - 1)
    inverse_square = size**2 * (size - 1) / ((size - dim) * (size - dim - 1) * (size - dim - 3))
    return eta**2 * inverse_square * (way @ way + excess) - 2.0 * eta * excess / (1.0 + eta)


def _some_cases(preset: Preset) -> Sequence[Case]:
    task = noisy(LOUD)
    penalties = ((0.3, 0.3), (1.0, 0.1)) if preset == "quick" else ((0.0, 0.3), (0.3, 0.3), (1.0, 0.1))
    return [Case(f"lambda={t:g}, eta={s:g}", task, pair(task, t, s)) for t, s in penalties]


def _above_cases(preset: Preset) -> Sequence[Case]:
    task = noisy(LOUD)
    at = float(threshold(Case("", task, pair(task, 1.0, 1.0))))
    listed = [
        Case("at the threshold", task, pair(task, at, 0.3)),
        Case("twice the threshold", task, pair(task, 2.0 * at, 0.1)),
    ]
    return listed if preset == "quick" else [*listed, Case("eta=3", task, pair(task, at, 3.0))]


def _above_controls(preset: Preset) -> Sequence[Control]:
    task = noisy(LOUD)
    return [Control(Case("a fifth of the threshold", task, pair(task, 0.2, 0.3)), breaks=ABOVE.name)]


def _stretched_controls(preset: Preset) -> Sequence[Control]:
    task = stretched_along_the_way(noisy(LOUD))
    return [Control(Case("stretched features", task, pair(task, 0.0, 0.3)), breaks=ISOTROPIC.name)]


def _biased_controls(preset: Preset) -> Sequence[Control]:
    task = canonical()
    return [Control(Case("biased labels", task, pair(task, 0.0, 0.3)), breaks=TRUE_LABELS.name)]


def _margin(case: Case) -> float:
    return 0.05 * label_scale(case.task) ** 2


RIDGE_TEACHER_THRESHOLD_LEMMAS = (
    Statement(
        id="risk-given-the-teacher",
        kind="equality",
        label_power=2,
        title="The mean risk of the student through two traces",
        cases=_some_cases,
        measure=FromWeakData(_risk_gap),
        bound=lambda case: 0.0,
        margin=_margin,
        assumptions=(PAIR, FRESH, ISOTROPIC, SYMMETRIC),
        controls=_stretched_controls,
        page=PAGE,
    ),
    Statement(
        id="teacher-excess",
        kind="equality",
        label_power=2,
        title="The excess length of a ridge teacher changes sign at the threshold",
        cases=_some_cases,
        measure=FromWeakData(_excess_gap),
        bound=lambda case: 0.0,
        margin=_margin,
        assumptions=(PAIR, SAME_START, TRUE_LABELS, ISOTROPIC, SYMMETRIC),
        controls=_biased_controls,
        page=PAGE,
    ),
    Statement(
        id="no-student-wins-above",
        kind="lower",
        label_power=2,
        title="No student beats a teacher at or above the threshold",
        cases=_above_cases,
        measure=FromWeakData(_loss),
        bound=lambda case: 0.0,
        assumptions=(PAIR, FRESH, SAME_START, TRUE_LABELS, ISOTROPIC, SYMMETRIC, ABOVE),
        controls=_above_controls,
        page=PAGE,
    ),
    Statement(
        id="small-ridge-wins-below",
        kind="upper",
        label_power=2,
        title="A student with a small penalty beats a teacher without one",
        cases=lambda preset: [Case("eta=0.1", noisy(LOUD), pair(noisy(LOUD), 0.0, 0.1))],
        measure=FromWeakData(_loss),
        bound=_surest_gain,
        trivial=lambda case: 0.0,
        assumptions=(PAIR, FRESH, SAME_START, TRUE_LABELS, NORMAL, LEAST_SQUARES),
        page=PAGE,
    ),
    *FEW_FEATURES_LEMMAS,
)
