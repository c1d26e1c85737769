"""The steps of the proof of kernel-gap (theory/kernel-gap.md) and its form in sample, as statements."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import LeastSquares, Ridge
from w2s_sim.laws.feature_maps import MappedFeatures, PolynomialMap
from w2s_sim.laws.features import UniformCube
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.overlapping_features import capacity_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/kernel-gap.md"
TARGET = [1.0, 0.4, 0.3, 0.5, 0.4, 0.0, 0.3, 0.4, 0.3, 0.2]
STUDENT = LeastSquares(num_weak=40)


def _curved(**numbers: Any) -> CapacityTask:
    """Return a task with features 1, z, z^2, z^3 of one uniform z: what a model lacks depends on the rest."""
    select = jnp.eye(4)
    law = MappedFeatures(UniformCube(1), PolynomialMap(1, 3))
    matrices = {"weak_features": select, "strong_features": select[:, :2]}
    return capacity_task(4, features=law, **{"target": [0.0, 1.0, 0.5, 0.5], **matrices, **numbers})


def _pythagoras_cases(preset: Preset) -> Sequence[Case[Any]]:
    return [
        Case("normal inputs", capacity_task(10, 5, 4, 2.0, target=TARGET), STUDENT),
        Case("features of a curve", _curved(), STUDENT),
    ]


def _excess_beside_gap(key: Key[Array, ""], data: WeakData, case: Case[Any]) -> Float[Array, ""]:
    """Return (risk - gap) of one student: the risk of the best student."""
    metrics = case.task.metrics(case.estimator.fit(case.task.source, data, key=key))
    return metrics["risk"] - metrics["ceiling_gap"]


def _ceiling_risk(case: Case[Any]) -> Float[Array, ""]:
    return case.task.squared_norm(case.task.ceiling - case.task.target_vector)


def _size(case: Case[Any]) -> float:
    return float(case.task.squared_norm(case.task.target_vector))


def _kernel_cases(preset: Preset) -> Sequence[Case[Any]]:
    task = capacity_task(10, 5, 4, 2.0, target=TARGET, ridge=0.5)
    return [
        Case("normal inputs", task, Ridge(0.2, num_weak=12)),
        Case("features of a curve", _curved(ridge=0.1), Ridge(0.2, num_weak=12)),
    ]


def _smoother(features: Float[Array, "N p"], ridge: Float[Array, ""]) -> Float[Array, "N N"]:
    """Return K (K + N ridge I)^{-1} for the Gram matrix K of the features."""
    gram = features @ features.T
    return jnp.linalg.solve(gram + len(gram) * ridge * jnp.eye(len(gram)), gram)


def _distance_from_kernel_form(key: Key[Array, ""], case: Case[Any]) -> Float[Array, ""]:
    """Return the largest difference of (student - ceiling) and -S_s (I - S_w) y on the inputs of both."""
    task, size = case.task, case.estimator.sample_size
    assert isinstance(case.estimator, Ridge)
    input_key, noise_key = jax.random.split(key)
    inputs = task.features.sample(size, key=input_key)
    labels = inputs @ task.target_vector + task.noise * jax.random.normal(noise_key, (size,))
    seen = inputs @ task.strong_features

    def predictions(taught: Float[Array, " N"]) -> Float[Array, " N"]:
        return seen @ case.estimator.fit(task.source, WeakData(seen, taught), key=key).coefficients

    taught = inputs @ task.supervisor.fit(inputs, labels)
    weak = _smoother(inputs @ task.supervisor.features, task.supervisor.ridge)
    strong = _smoother(seen, case.estimator.ridge)
    difference = predictions(taught) - predictions(labels)
    return jnp.max(jnp.abs(difference + strong @ (labels - weak @ labels)))


KERNEL_GAP_LEMMAS = (
    Statement(
        id="gap-is-the-excess",
        kind="equality",
        pathwise=True,
        label_power=2,
        title="A student's risk is the gap plus the risk of the best student (Pythagoras)",
        cases=_pythagoras_cases,
        measure=FromWeakData(_excess_beside_gap),
        bound=_ceiling_risk,
        margin=lambda case: 2e-3 * _size(case),
        page=PAGE,
    ),
    Statement(
        id="in-sample-kernels",
        kind="equality",
        pathwise=True,
        label_power=1,
        title="On the inputs that all three learn from, the difference from the ceiling is -S_s (I - S_w) y",
        cases=_kernel_cases,
        measure=_distance_from_kernel_form,
        bound=lambda case: 0.0,
        margin=lambda case: 5e4 * float(jnp.finfo(case.task.noise.dtype).eps) * (_size(case) ** 0.5 + 0.5),
        page=PAGE,
    ),
)
