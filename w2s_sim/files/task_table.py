"""The `[task]` table of a TOML file, as a task of its kind."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from w2s_sim.concepts import HiddenMarkovModel, StyleContentModel
from w2s_sim.errors import InputError
from w2s_sim.files.finite_table import (
    FINITE_KEYS,
    read_categorical_task,
    read_hidden_markov_task,
    read_style_content_task,
)
from w2s_sim.files.regression_table import (
    TASK_PARAMETERS,
    WEAK_KEYS,
    WEAK_PARAMETERS,
    read_regression_task,
)
from w2s_sim.files.weak_table import WeakKeys
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

READERS: Mapping[str, Callable[[Mapping[str, Any]], TransferTask | FiniteTask]] = {
    "regression": read_regression_task,
    "categorical": read_categorical_task,
    "hmm": read_hidden_markov_task,
    "style-content": read_style_content_task,
}


@dataclasses.dataclass(frozen=True)
class TaskKeys:
    """The keys of one kind of task, as its reader takes them.

    Attributes:
        parameters: Of the `[task]` table, `kind` left out.
        weak_parameters: Of the `[task.weak]` table, of all kinds of weak model together.
        weak_keys: Which of these each kind of weak model needs, and may have.
    """

    parameters: tuple[Parameter, ...]
    weak_parameters: tuple[Parameter, ...]
    weak_keys: WeakKeys


TASK_KEYS: Mapping[str, TaskKeys] = {
    "regression": TaskKeys(tuple(p for p in TASK_PARAMETERS if p.name != "kind"), WEAK_PARAMETERS, WEAK_KEYS),
    **{
        kind: TaskKeys(keys.task_parameters, keys.weak_parameters, keys.weak_keys)
        for kind, keys in FINITE_KEYS.items()
    },
}


def task_kind(task: TransferTask | FiniteTask) -> str:
    """The `kind` of a task's table."""
    if isinstance(task, TransferTask):
        return "regression"
    if isinstance(task.source, StyleContentModel):
        return "style-content"
    return "hmm" if isinstance(task.source, HiddenMarkovModel) else "categorical"


def read_task(table: Mapping[str, Any], kinds: tuple[str, ...] = tuple(READERS)) -> TransferTask | FiniteTask:
    """The task that a `[task]` table with its `[task.weak]` describes.

    Args:
        table: The table.
        kinds: Those that may be described: the ones that a theorem speaks of.

    Raises:
        InputError: Naming the key as in the file ("task.noise"), if anything does not fit.
    """
    try:
        if "kind" not in table and "regression" not in kinds:
            raise InputError("kind", "nothing", "one of " + ", ".join(kinds))
        parameter = Parameter("kind", str, "family of concepts", choices=kinds)
        return READERS[parameter.check(table.get("kind", "regression"))](table)
    except InputError as error:
        raise error.located("", "task.") from None
