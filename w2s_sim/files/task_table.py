"""The `[task]` table of a TOML file: reading a task, and the keys of each kind."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.files.toml_text import key_line
from w2s_sim.files.weak_table import read_weak, weak_table
from w2s_sim.plugins import TaskKind, registry
from w2s_sim.statements.contract.parameters import Parameter, read_parameters, unknown_key
from w2s_sim.tasks.task import Task

# The kind of a table without the key `kind`.
DEFAULT_KIND = "regression"


def kind_parameter(kinds: tuple[str, ...] = ()) -> Parameter:
    """Return the key `kind` of a `[task]` table: a choice among some kinds, or among all."""
    choices = kinds or tuple(registry().tasks)
    return Parameter("kind", str, "family of concepts", choices=choices, default=DEFAULT_KIND)


def task_kind(task: Task[Any, Any]) -> str:
    """Return the `kind` of a task's table.

    Raises:
        InputError: If files cannot describe such a task.
    """
    return registry().kind_of(task).name


def read_task(table: Mapping[str, Any], kinds: tuple[str, ...] = ()) -> Task[Any, Any]:
    """Read the task that a `[task]` table with its `[task.weak]` describes.

    Args:
        table: The table.
        kinds: The kinds that are accepted, such as those that a theorem covers; all when left out.

    Raises:
        InputError: Naming the key as in the file ("task.noise"), if a value does not fit.
    """
    try:
        if "kind" not in table and kinds and DEFAULT_KIND not in kinds:
            raise InputError("kind", "nothing", "one of " + ", ".join(kinds))
        name = kind_parameter(kinds).check(table.get("kind", DEFAULT_KIND))
        return _read(table, registry().tasks[name])
    except InputError as error:
        raise error.located("", "task.") from None


def _read(table: Mapping[str, Any], kind: TaskKind) -> Task[Any, Any]:
    scalars = {key: value for key, value in table.items() if key not in ("weak", "kind")}
    values = read_parameters(kind.parameters, scalars)
    if kind.weak_parameters:
        weak = read_weak(weak_table(table, kind.weak_keys), kind.weak_parameters, kind.weak_keys)
    else:
        if "weak" in table:
            raise unknown_key("weak", [parameter.name for parameter in kind.parameters])
        weak = {}
    return kind.build(values, weak)


def task_parameters(kind: str) -> tuple[Parameter, ...]:
    """Return the keys of a `[task]` table of one kind in a study, with `kind` and with their limits."""
    own = registry().tasks[kind]
    return (kind_parameter(), *(_limited(own, parameter, "") for parameter in own.parameters))


def weak_parameters(kind: str) -> tuple[Parameter, ...]:
    """Return the keys of the `[task.weak]` table of a task kind in a study, with their limits."""
    own = registry().tasks[kind]
    return tuple(_limited(own, parameter, "weak.") for parameter in own.weak_parameters)


def _limited(kind: TaskKind, parameter: Parameter, prefix: str) -> Parameter:
    return dataclasses.replace(parameter, **kind.limits.get(prefix + parameter.name, {}))


def kind_of_table(table: Mapping[str, Any]) -> TaskKind:
    """Return the kind of a `[task]` table whose `kind` has been checked."""
    return registry().tasks[table.get("kind", DEFAULT_KIND)]


def example_tasks(kind: str) -> tuple[str, ...]:
    """Return example `[task]` tables of a kind, with every key explained; the usual one is first."""
    own = registry().tasks[kind]
    return (own.example or "\n".join(_example_lines(own)) + "\n", *own.further_examples)


def _example_lines(kind: TaskKind) -> Iterator[str]:
    yield "[task]"
    yield f'kind = "{kind.name}"'
    yield from map(key_line, kind.parameters)
    if kind.weak_parameters:
        yield from ("", "[task.weak]", *map(key_line, kind.weak_parameters))
