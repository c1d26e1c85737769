"""The `[task]` table of capacity tasks: reading, writing, and limits."""

from collections.abc import Mapping
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.files.feature_keys import FEATURE_PARAMETERS, feature_keys, read_features
from w2s_sim.plugins.kinds import Tables
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.overlapping_features import capacity_task
from w2s_sim.tasks.ridge_teacher import RidgeTeacher

# Largest number of entries of the true pairs that train one teacher, and of a matrix of features.
LARGEST_TRAINING, LARGEST_MATRIX = 2**24, 10**6

CAPACITY_PARAMETERS = (
    Parameter("dim", int, "number of coordinates d of the inputs x", required=True, low=1),
    Parameter("strong_dim", int, "number of strong features p_s", low=1),
    Parameter("overlap", float, "capacity overlap of both features, from 1 to min(p_w, p_s)", low=1),
    Parameter.of(CapacityTask, "noise", "noise sigma of the true labels", required=True),
    Parameter("target", list, "beta, d numbers; the first coordinate when left out"),
    *FEATURE_PARAMETERS,
    Parameter("strong_features", list, "d rows of p_s numbers, in place of numbers of features", depth=2),
    Parameter("start", list, "the strong model before alignment, p_s numbers; 0 when left out"),
)
CAPACITY_WEAK_PARAMETERS = (
    Parameter("dim", int, "number of weak features p_w", low=1),
    Parameter("weak_features", list, "d rows of p_w numbers, in place of a number of features", depth=2),
    Parameter("num_true", int, "true pairs that train the teacher; left out: infinitely many", low=1),
    Parameter.of(RidgeTeacher, "ridge", "the teacher's penalty lambda", default=0.0),
    Parameter.of(RidgeTeacher, "noise", "noise of the weak labels", default=0.0),
)


def build_capacity_task(values: dict[str, Any], weak: dict[str, Any]) -> CapacityTask:
    """Build the task of a `[task]` table of kind "capacity".

    Args:
        values: The checked values of the table.
        weak: The checked values of its `[task.weak]` table.

    Raises:
        InputError: Naming the key inside the table ("weak.weak_features"), if a value does not fit.
    """
    values = dict(values)
    values["features"] = read_features(values, values["dim"])
    return capacity_task(
        **values,
        weak_dim=weak["dim"],
        weak_features=weak["weak_features"],
        num_true=weak["num_true"],
        ridge=weak["ridge"],
        weak_noise=weak["noise"],
    )


def capacity_tables(task: CapacityTask) -> Tables:
    """Return the `[task]` and `[task.weak]` tables of a capacity task, with the matrices of both models.

    Raises:
        InputError: If case files cannot describe the task.
    """
    if type(task) is not CapacityTask or type(task.supervisor) is not RidgeTeacher:
        given = f"{type(task).__name__}, {type(task.supervisor).__name__}"
        raise InputError("task", given, "a task that case files can describe")
    teacher = task.supervisor
    table = {
        "kind": "capacity",
        "dim": task.dim,
        "noise": task.noise,
        "target": task.target_vector,
        **feature_keys(task.features),
        "strong_features": task.strong_features,
        "start": task.start,
    }
    weak = {
        "weak_features": teacher.features,
        **({} if teacher.num_true is None else {"num_true": teacher.num_true}),
        "ridge": teacher.ridge,
        "noise": teacher.noise,
    }
    return table, weak


def capacity_pair_size(table: Mapping[str, Any]) -> int:
    """Return the numbers in memory per weak pair: its input, of which a learner sees no more features."""
    return table["dim"]


def require_capacity_size(table: Mapping[str, Any]) -> None:
    """Refuse a capacity task that takes too much memory.

    Raises:
        InputError: Naming the key inside the table.
    """
    dim, weak = table["dim"], table.get("weak") or {}
    for key, size in (("strong_dim", table.get("strong_dim", 1)), ("weak.dim", weak.get("dim", 1))):
        if dim * size > LARGEST_MATRIX:
            raise InputError(
                key, f"{size:,} with dim = {dim:,}", f"dim x {key} of at most {LARGEST_MATRIX:,}"
            )
    pairs = weak.get("num_true") or 1
    if pairs * dim > LARGEST_TRAINING:
        given = f"{pairs:,} with dim = {dim:,}"
        raise InputError("weak.num_true", given, f"num_true x dim of at most {LARGEST_TRAINING:,}")
