"""The steps of the proof of naive-floor (theory/naive-floor.md), each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import GradientDescent, LabelMixing, Ridge, SpectralFinetuning
from w2s_sim.estimators.finetune import DirectFinetuning
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC
from w2s_sim.statements.shared.quantities import label_scale, naive_floor
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/naive-floor.md"
EVEN_MIXING = Assumption(
    "labels mixed at one half", lambda case: float(getattr(case.estimator, "mixing", 0.0)) == 0.5
)


def rounding_margin(case: Case) -> float:
    """Return the tolerance of a pathwise identity: rounding in this precision, amplified by the solve."""
    return 2e4 * float(jnp.finfo(case.task.source_vector.dtype).eps) * label_scale(case.task)


def _ridge_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    return [Case(f"canonical, n=60, eta={ridge:g}", task, Ridge(ridge, num_weak=60)) for ridge in (0.1, 1.0)]


def _first_order_condition(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the norm of the ridge objective's gradient at the student, by automatic differentiation."""
    assert isinstance(case.estimator, Ridge)
    ridge = case.estimator.ridge
    student = case.estimator.fit(case.task.source, data, key=key)

    def objective(coefficients: Array) -> Array:
        residual = data.labels - data.inputs @ coefficients
        return jnp.mean(residual**2) + ridge * jnp.sum((coefficients - case.task.source_vector) ** 2)

    return jnp.linalg.norm(jax.grad(objective)(student.coefficients))


def _frame(task: TransferTask) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
    """Return orthonormal u, v at 45 degrees to beta_P - beta_Q and to the bias's part orthogonal to it."""
    gap = task.source_vector - task.target_vector
    gap = gap / jnp.linalg.norm(gap)
    bias = task.weak_vector - task.target_vector
    bias = bias - (bias @ gap) * gap
    bias = bias / jnp.linalg.norm(bias)
    return (gap + bias) / 2.0**0.5, (gap - bias) / 2.0**0.5


def _mean_filter(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return u^T M v for the orthonormal frame (u, v): zero on average if E[M] is a multiple of I."""
    assert isinstance(case.estimator, SpectralFinetuning)
    inputs = data.inputs
    moment = inputs.T @ inputs / inputs.shape[0]
    first, second = _frame(case.task)
    return first @ case.estimator.filter_matrix(moment, inputs.shape[0]) @ moment @ second


def _filter_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    ridge = Case("canonical, ridge, n=60", task, Ridge(0.3, num_weak=60))
    descent = Case("canonical, gradient descent, n=60", task, GradientDescent(20, 0.05, num_weak=60))
    return [ridge] if preset == "quick" else [ridge, descent]


def _filter_controls(preset: Preset) -> Sequence[Control]:
    task = canonical_task()
    first, second = (np.asarray(vector, dtype=np.float64) for vector in _frame(task))
    gap = (first + second) / 2.0**0.5
    features = Anisotropic(Gaussian(task.dim), np.eye(task.dim) + np.outer(gap, gap))
    tilted = TransferTask(features, task.source, task.target_prior, task.supervisor)
    return [
        Control(Case("anisotropic features", tilted, Ridge(0.3, num_weak=60)), breaks="isotropic features")
    ]


def _off_segment(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return (b - beta_P)^T v, where v is the unit vector orthogonal to the segment in the target's plane."""
    task = case.task
    direction = task.weak_vector - task.source_vector
    direction = direction / jnp.linalg.norm(direction)
    across = task.target_vector - task.source_vector
    across = across - (across @ direction) * direction
    across = across / jnp.linalg.norm(across)
    student = case.estimator.fit(task.source, data, key=key)
    return (student.coefficients - task.source_vector) @ across


def _mean_student(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return (b_1 - beta_Q)^T (b_2 - beta_Q) for independent students: unbiased for ||E b - beta_Q||^2."""
    # One batch of two, not two fits in a row: in float64 XLA's CPU runtime (jaxlib 0.10) hangs when a program
    # contains two eigendecompositions that could run concurrently.
    students = jax.vmap(lambda k: case.fit(key=k).coefficients)(jax.random.split(key))
    first, second = students - case.task.target_vector
    return first @ second


def _doubling_deviation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the distance of a student of doubled data from the one of mixed labels.

    Every input stands twice in the doubled data: with its weak label, and with the source's prediction.
    """
    source, mixing = case.task.source, case.estimator
    assert isinstance(mixing, LabelMixing)
    assert isinstance(mixing.student, DirectFinetuning)
    own = source.predict(data.inputs)
    doubled = WeakData(
        jnp.concatenate([data.inputs, data.inputs]), jnp.concatenate([data.labels.astype(own.dtype), own])
    )
    estimator = mixing.student.with_sample_size(2 * mixing.sample_size)
    students = [e.fit(source, d, key=key) for e, d in ((estimator, doubled), (mixing, data))]
    return jnp.linalg.norm(students[0].coefficients - students[1].coefficients)


def _mixing_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    ridge = Case("canonical, eta=0.1, n=60", task, LabelMixing(Ridge(0.1, num_weak=60), 0.5))
    least_squares = Case("canonical, eta=0, n=60", task, LabelMixing(Ridge(0.0, num_weak=60), 0.5))
    return [ridge] if preset == "quick" else [ridge, least_squares]


def _mixing_controls(preset: Preset) -> Sequence[Control]:
    mixing = LabelMixing(Ridge(0.1, num_weak=60), 0.4)
    return [Control(Case("mixing 0.4", canonical_task(), mixing), breaks=EVEN_MIXING.name)]


def _nearest_on_segment(case: Case) -> Float[Array, ""]:
    """Return the squared distance by brute force: the minimum over 20,001 points of the segment."""
    task = case.task
    shares = jnp.linspace(0.0, 1.0, 20_001)[:, None]
    points = task.source_vector + shares * (task.weak_vector - task.source_vector)
    return jnp.min(jnp.sum((points - task.target_vector) ** 2, axis=1))


NAIVE_FLOOR_LEMMAS = (
    Statement(
        id="first-order-condition",
        kind="equality",
        label_power=1,
        title="The student minimises the ridge objective",
        cases=_ridge_cases,
        measure=FromWeakData(_first_order_condition),
        bound=lambda case: 0.0,
        margin=rounding_margin,
        page=PAGE,
    ),
    Statement(
        id="mean-filter-is-scalar",
        kind="equality",
        title="E[M] is a multiple of the identity",
        cases=_filter_cases,
        measure=FromWeakData(_mean_filter),
        bound=lambda case: 0.0,
        margin=lambda case: 0.02,
        support=lambda case: (-0.5, 0.5),
        assumptions=(ISOTROPIC,),
        controls=_filter_controls,
        page=PAGE,
    ),
    Statement(
        id="mean-on-segment",
        kind="equality",
        label_power=1,
        title="The mean student lies on the segment",
        cases=_filter_cases,
        measure=FromWeakData(_off_segment),
        bound=lambda case: 0.0,
        margin=lambda case: 0.02 * label_scale(case.task),
        assumptions=(ISOTROPIC,),
        page=PAGE,
    ),
    Statement(
        id="mean-student",
        kind="lower",
        label_power=2,
        title="The mean student alone is above the floor (Jensen)",
        cases=_ridge_cases,
        measure=_mean_student,
        bound=lambda case: naive_floor(case.task),
        trivial=lambda case: 0.0,
        assumptions=(ISOTROPIC,),
        page=PAGE,
    ),
    Statement(
        id="doubling-is-mixing",
        kind="equality",
        label_power=1,
        title="Data labelled by both models teach what labels mixed at 1/2 teach",
        cases=_mixing_cases,
        measure=FromWeakData(_doubling_deviation),
        bound=lambda case: 0.0,
        margin=rounding_margin,
        assumptions=(EVEN_MIXING,),
        controls=_mixing_controls,
        page=PAGE,
    ),
    Statement(
        id="segment-distance",
        kind="equality",
        label_power=2,
        title="Closed form of the distance to the segment",
        cases=lambda preset: _ridge_cases(preset)[:1],
        exact=_nearest_on_segment,
        bound=lambda case: naive_floor(case.task),
        margin=lambda case: 1e-5 * label_scale(case.task) ** 2,
        page=PAGE,
    ),
)
