"""The `[task]` table of tasks with regression concepts."""

from typing import Any

import numpy as np

from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.files.feature_keys import FEATURE_PARAMETERS, read_features
from w2s_sim.files.noise_keys import NOISE_PARAMETERS, WEAK_NOISE_PARAMETERS, read_noise_law
from w2s_sim.laws.noise import NoiseLaw
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.supervisors import (
    RegressionSupervisor,
    biased_supervisor,
    noisy_supervisor,
)

TASK_PARAMETERS = (
    Parameter("dim", int, "number of features d", required=True, low=1),
    Parameter("num_concepts", int, "number of concepts K", required=True, low=1),
    Parameter.of(RegressionModel, "noise", "label noise sigma of the strong model", required=True),
    *NOISE_PARAMETERS,
    Parameter("source_prior", list, "alpha^P, K weights", required=True),
    Parameter("target_prior", list, "alpha^Q, K weights", required=True),
    *FEATURE_PARAMETERS,
    Parameter("concepts", list, "K rows of d numbers; e_1..e_K when left out", depth=2),
)
WEAK_PARAMETERS = (
    Parameter("kind", str, "kind of weak model", required=True, choices=("noisy", "biased", "general")),
    Parameter.of(RegressionSupervisor, "noise", "label noise sigma' of the weak model; sigma when left out"),
    Parameter("bias", float, "kappa, for kind = 'biased'"),
    Parameter(
        "scale",
        float,
        "share of its own concept that the weak model keeps, for kind = 'biased'; 1 when left out",
    ),
    Parameter("directions", list, "K unit rows u_k, for kind = 'biased'", depth=2),
    Parameter("concepts", list, "the weak model's own K rows, for kind = 'general'", depth=2),
    *WEAK_NOISE_PARAMETERS,
)
# For each kind of weak model: the keys that it requires beside its noise, and the optional keys.
WEAK_KEYS = {
    "noisy": ((), ()),
    "biased": (("bias",), ("directions", "scale")),
    "general": (("concepts",), ()),
}


def build_regression_task(values: dict[str, Any], weak: dict[str, Any]) -> TransferTask:
    """Build the task of a `[task]` table of kind "regression".

    Args:
        values: The checked values of the table.
        weak: The checked values of its `[task.weak]` table.

    Raises:
        InputError: Naming the key inside the table ("weak.noise"), if a value does not fit.
    """
    values = dict(values)
    values["features"] = read_features(values, values["dim"])
    values["law"] = read_noise_law(values)
    # Build with a placeholder weak model first, so that all other values are checked before the weak model.
    plain = regression_task(
        **values, supervisor=RegressionSupervisor(_zeros(values["num_concepts"], values["dim"]), 0.0)
    )
    return TransferTask(plain.features, plain.source, plain.target_prior, _read_supervisor(plain, weak))


def _zeros(rows: int, columns: int) -> list[list[float]]:
    return [[0.0] * columns for _ in range(rows)]


def _read_supervisor(task: TransferTask, weak: dict[str, Any]) -> RegressionSupervisor:
    weak = dict(weak)
    kind = weak["kind"]
    noise = float(task.source.noise) if weak["noise"] is None else weak["noise"]
    if weak["noise_law"] is None and weak["degrees_of_freedom"] is not None:
        expected = "noise_law = 'student-t' in the same table, or no degrees_of_freedom"
        raise InputError("weak.degrees_of_freedom", weak["degrees_of_freedom"], expected)
    law = task.source.law if weak["noise_law"] is None else _weak_law(weak)
    if kind == "noisy":
        return noisy_supervisor(task.source, noise, law)
    if kind == "biased":
        directions = None if weak["directions"] is None else np.asarray(weak["directions"], dtype=float)
        scale = 1.0 if weak["scale"] is None else weak["scale"]
        return biased_supervisor(task.source, weak["bias"], noise, directions, law, scale)
    supervisor_vectors = weak["concepts"]
    shape = (len(supervisor_vectors), len(supervisor_vectors[0]))
    if shape != tuple(task.source.vectors.shape):
        expected = f"shape {tuple(task.source.vectors.shape)} (num_concepts x dim)"
        raise InputError("weak.concepts", f"shape {shape}", expected)
    return RegressionSupervisor(supervisor_vectors, noise, law)


def _weak_law(weak: dict[str, Any]) -> NoiseLaw:
    try:
        return read_noise_law(weak)
    except InputError as error:
        raise error.located("", "weak.") from None
