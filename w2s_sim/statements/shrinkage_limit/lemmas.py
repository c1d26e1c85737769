"""The steps of the proof of shrinkage-limit (theory/shrinkage-limit.md), each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import GradientDescent, Ridge, SpectralCutoff, SpectralFinetuning
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.rounding import FEW_OPERATIONS
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.double_precision import in_double
from w2s_sim.statements.shared.quantities import label_scale
from w2s_sim.statements.shared.regression_examples import leaning_to_source
from w2s_sim.statements.shrinkage_limit.ball import loss_limit, shrinkage_limit
from w2s_sim.statements.shrinkage_limit.planar_tasks import projected_teacher, uneven_signs
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData

PAGE = "theory/shrinkage-limit.md"


def _shrinks(case: Case) -> bool:
    student = case.estimator
    return not isinstance(student, SpectralFinetuning) or student.gain_within_unit_interval


def _has_symmetric_axes(case: Case) -> bool:
    """Return whether reflections in the eigenvectors of Sigma keep the law of x."""
    law = case.task.features
    if law.sign_permutation_symmetric or law.normal_factor is not None:
        return True
    if not isinstance(law, Anisotropic) or not law.base.sign_permutation_symmetric:
        return False
    # x = A z: the reflections of z are those of x in the columns of A, if these are orthogonal.
    gram = np.asarray(law.factor, dtype=np.float64).T @ np.asarray(law.factor, dtype=np.float64)
    lengths = np.sqrt(np.diag(gram))
    return bool(np.all(np.abs(gram - np.diag(np.diag(gram))) <= FEW_OPERATIONS * np.outer(lengths, lengths)))


def _shrinks_in_the_limit(case: Case) -> bool:
    assert isinstance(case.estimator, SpectralFinetuning)
    gains = case.estimator.gain(jnp.linalg.eigvalsh(case.task.features.covariance))
    return bool(jnp.all((gains >= 0.0) & (gains <= 1.0)))


SHRINKING = Assumption("gains in [0, 1]", _shrinks)
SYMMETRIC_AXES = Assumption("features symmetric about the axes of their covariance", _has_symmetric_axes)
OUTSIDE = Assumption(
    "a target outside the ball",
    lambda case: float(shrinkage_limit(case.task)) > FEW_OPERATIONS**2 * float(case.task.source_risk),
)
LIMIT_SHRINKS = Assumption("gains of the covariance in [0, 1]", in_double(_shrinks_in_the_limit))
PROJECTION = Assumption(
    "a weak model that is a projection of the target",
    lambda case: abs(float(_weak_along_error(case.task))) <= FEW_OPERATIONS * float(case.task.source_risk),
)


def _weak_along_error(task: TransferTask) -> Float[Array, ""]:
    """Return (beta'_Q - beta_P)^T Sigma (beta'_Q - beta_Q), zero if beta'_Q - beta_P is a projection."""
    covariance = task.features.covariance
    return (task.weak_vector - task.source_vector) @ covariance @ (task.weak_vector - task.target_vector)


def stretched(dim: int) -> Anisotropic:
    """Return normal features whose standard deviations fall from 1.4 to 0.6 along the coordinates."""
    return Anisotropic(Gaussian(dim), np.diag(np.linspace(1.4, 0.6, dim)))


def _exact_labels(features: Anisotropic | None = None) -> TransferTask:
    """Return the task whose weak model leans to the source, without label noise."""
    task = leaning_to_source(0.3)
    supervisor = RegressionSupervisor(task.supervisor.vectors, 0.0)
    return TransferTask(features or task.features, task.source, task.target_prior, supervisor)


def _outside(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return max(0, (b - beta_P)^T (b - beta'_Q)): zero in the ball and on its surface."""
    task = case.task
    student = case.estimator.fit(task.source, data, key=key).coefficients
    return jnp.maximum((student - task.source_vector) @ (student - task.weak_vector), 0.0)


def _ball_cases(preset: Preset) -> Sequence[Case]:
    # The axes of these features are oblique in every sense: the lemma is about each sample, for every law.
    oblique = Anisotropic(Gaussian(8), np.eye(8) + 0.5 * np.eye(8, k=1))
    ridge = Case("oblique features, ridge 0.3", _exact_labels(oblique), Ridge(0.3, num_weak=60))
    cut = Case("oblique features, cutoff", _exact_labels(oblique), SpectralCutoff(0.8, num_weak=60))
    return [ridge] if preset == "quick" else [ridge, cut]


def _ball_controls(preset: Preset) -> Sequence[Control]:
    steps = GradientDescent(1, 3.0, num_weak=60)
    return [Control(Case("one step of length 3", _exact_labels(), steps), breaks=SHRINKING.name)]


def _off_diagonal(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return u^T M v for the axes u and v of the largest and the smallest variance, for eta > 0."""
    assert isinstance(case.estimator, Ridge)
    moment = data.inputs.T @ data.inputs / data.inputs.shape[0]
    gain = jnp.linalg.solve(moment + case.estimator.ridge * jnp.eye(len(moment)), moment)
    _, axes = jnp.linalg.eigh(case.task.features.covariance)
    return axes[:, -1] @ gain @ axes[:, 0]


def _turned_cases(preset: Preset) -> Sequence[Case]:
    turned = projected_teacher(0.5, spread=0.01, turn=0.4)
    return [Case("axes turned, n=60", turned, Ridge(0.1, num_weak=60))]


def _off_diagonal_controls(preset: Preset) -> Sequence[Control]:
    case = Case("one pair of two oblique inputs", uneven_signs(), Ridge(1e-5, num_weak=1))
    return [Control(case, breaks=SYMMETRIC_AXES.name)]


def _mean_student(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return <b_1 - beta_Q, b_2 - beta_Q>_Sigma of independent students: unbiased for the mean's risk."""
    students = jax.vmap(lambda k: case.fit(key=k).coefficients)(jax.random.split(key))
    first, second = students - case.task.target_vector
    return first @ case.task.features.covariance @ second


@jax.jit
def _best_projection(case: Case) -> Float[Array, ""]:
    """Return min over 20,001 directions e of ||f - (u . e) e||^2, in the plane of f and u."""
    task = case.task
    root = jnp.linalg.cholesky(task.features.covariance).T
    wanted = root @ (task.target_vector - task.source_vector)
    shown = root @ (task.weak_vector - task.source_vector)
    first = shown / jnp.linalg.norm(shown)
    across = wanted - (wanted @ first) * first
    second = across / jnp.linalg.norm(across)
    angles = jnp.linspace(0.0, jnp.pi, 20_001)[:, None]
    directions = jnp.cos(angles) * first + jnp.sin(angles) * second
    students = (directions @ shown)[:, None] * directions
    return jnp.min(jnp.sum((students - wanted) ** 2, axis=1))


@jax.jit
def _population_risk(case: Case) -> Float[Array, ""]:
    """Return the risk of beta_P + g(Sigma) (beta'_Q - beta_P), the student of infinitely many weak labels."""
    task, student = case.task, case.estimator
    assert isinstance(student, SpectralFinetuning)
    covariance = task.features.covariance
    step = student.filter_matrix(covariance, 1.0) @ covariance @ (task.weak_vector - task.source_vector)
    error = task.source_vector + step - task.target_vector
    return error @ covariance @ error


def _population_cases(preset: Preset) -> Sequence[Case]:
    half = projected_teacher(0.5, spread=0.01)
    turned = projected_teacher(0.5, spread=0.01, turn=0.3)
    return [
        Case("cutoff, attained", half, SpectralCutoff(0.1, num_weak=1)),
        Case("early stopping, 20 steps of 0.5", half, GradientDescent(20, 0.5, num_weak=1)),
        Case("ridge 0.1", half, Ridge(0.1, num_weak=1)),
        Case("ridge 0.1, axes turned", turned, Ridge(0.1, num_weak=1)),
    ]


def _population_controls(preset: Preset) -> Sequence[Control]:
    half = projected_teacher(0.5, spread=0.01)
    step = GradientDescent(1, 1.2, num_weak=1)
    return [Control(Case("one step of length 1.2", half, step), breaks=LIMIT_SHRINKS.name)]


def _teacher_cases(preset: Preset) -> Sequence[Case]:
    losses = (0.1, 0.5, 0.9) if preset == "quick" else (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)
    student = SpectralCutoff(0.1, num_weak=60)
    return [Case(f"loss {loss:g}", projected_teacher(loss, spread=0.25), student) for loss in losses]


def _teacher_controls(preset: Preset) -> Sequence[Control]:
    case = Case("weak model leans to the source", leaning_to_source(0.3), Ridge(1.0, num_weak=60))
    return [Control(case, breaks=PROJECTION.name)]


SHRINKAGE_LIMIT_LEMMAS = (
    Statement(
        id="student-in-ball",
        kind="equality",
        label_power=2,
        title="From exact labels every student is in the ball, sample by sample",
        cases=_ball_cases,
        measure=FromWeakData(_outside, lambda case: (0.0, float("inf"))),
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5 * label_scale(case.task) ** 2,
        pathwise=True,
        assumptions=(SHRINKING,),
        controls=_ball_controls,
        page=PAGE,
    ),
    Statement(
        id="mean-filter-keeps-axes",
        kind="equality",
        title="E[M] is diagonal in the axes of the covariance",
        cases=_turned_cases,
        measure=FromWeakData(_off_diagonal),
        bound=lambda case: 0.0,
        margin=lambda case: 0.02,
        support=lambda case: (-0.5, 0.5),
        assumptions=(SYMMETRIC_AXES,),
        controls=_off_diagonal_controls,
        page=PAGE,
    ),
    Statement(
        id="mean-above-limit",
        kind="lower",
        label_power=2,
        title="The mean student alone is above the limit (Jensen)",
        cases=_turned_cases,
        measure=_mean_student,
        bound=lambda case: shrinkage_limit(case.task),
        trivial=lambda case: 0.0,
        assumptions=(SHRINKING, SYMMETRIC_AXES),
        page=PAGE,
    ),
    Statement(
        id="projections-fill-the-sphere",
        kind="equality",
        label_power=2,
        title="The limit, against projections of the weak model on 20,001 directions",
        cases=lambda preset: [
            *_teacher_cases("quick")[:1],
            Case("weak model leans to the source", leaning_to_source(0.3), Ridge(1.0, num_weak=60)),
        ],
        exact=_best_projection,
        bound=lambda case: shrinkage_limit(case.task),
        margin=lambda case: 1e-5 * label_scale(case.task) ** 2,
        page=PAGE,
    ),
    Statement(
        id="loss-of-a-projected-teacher",
        kind="equality",
        label_power=2,
        title="For a teacher that is a projection, the limit in terms of its loss",
        cases=_teacher_cases,
        exact=lambda case: shrinkage_limit(case.task),
        bound=lambda case: loss_limit(case.task.source_risk, case.task.weak_risk),
        margin=lambda case: 1e-5 * label_scale(case.task) ** 2,
        assumptions=(PROJECTION,),
        controls=_teacher_controls,
        page=PAGE,
    ),
    Statement(
        id="student-of-the-population",
        kind="lower",
        label_power=2,
        title="The student of infinitely many weak labels",
        cases=_population_cases,
        exact=_population_risk,
        bound=lambda case: shrinkage_limit(case.task),
        trivial=lambda case: 0.0,
        scale=lambda case: case.task.source_risk,
        assumptions=(LIMIT_SHRINKS,),
        controls=_population_controls,
        page=PAGE,
    ),
)
