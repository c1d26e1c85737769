"""Checks of every single value of a study before values are combined, so that errors are found at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from w2s_sim.errors import InputError, shown
from w2s_sim.files.estimator_table import (
    kind_of,
    numbers_of,
    require_concepts,
    require_needed_keys,
    with_full_names,
    with_label,
)
from w2s_sim.files.sweep import Axes, list_depths, swept_axes
from w2s_sim.files.task_limits import require_task_value
from w2s_sim.files.task_table import (
    DEFAULT_KIND,
    kind_parameter,
    task_parameters,
    weak_parameters,
)
from w2s_sim.plugins import registry
from w2s_sim.statements.contract.parameters import Parameter, read_parameters, unknown_key

ReadT = TypeVar("ReadT")


def estimator_tables(given: Any) -> list[dict[str, Any]]:
    """Return the `[[estimator]]` tables, with full names of keys."""
    if not isinstance(given, list) or not given or not all(isinstance(table, dict) for table in given):
        shown_given = "nothing" if given is None else shown(given)
        raise InputError("estimator", shown_given, "at least one table [[estimator]]")
    return [
        in_estimator(position, lambda table=table: with_full_names(table))
        for position, table in enumerate(given)
    ]


def check_estimator(table: Mapping[str, Any], concepts: str) -> Axes:
    """Check every single value of an `[[estimator]]` table, and return the lists that are swept.

    Args:
        table: The table as in the file, with full names of keys.
        concepts: The kind of the task.

    Raises:
        InputError: Naming the key inside the table, if a value does not fit.
    """
    kind = kind_of(table)
    require_concepts(kind, concepts)
    own = numbers_of(table)
    parameters = registry().estimators[kind].parameters
    axes = swept_axes(own, list_depths(parameters))
    with_label(table)
    _check_values(parameters, own, axes)
    require_needed_keys(table)
    return {("estimator", *path): values for path, values in axes.items()}


def check_task(table: Mapping[str, Any], axes: Axes) -> str:
    """Check every single value of a `[task]` table, and return its kind.

    Args:
        table: The table as in the file.
        axes: The keys of the table that are swept.

    Raises:
        InputError: Naming the key, if a value does not fit.
    """
    kinds = table.get("kind", DEFAULT_KIND)
    kinds = kinds if isinstance(kinds, list) else [kinds]
    named = kind_parameter()
    for kind in kinds:
        in_task(lambda kind=kind: named.check(kind))
    if len(set(kinds)) > 1:
        raise InputError("task.kind", shown(kinds), "one kind of concepts, because kinds differ in keys")
    own = {path[1:]: values for path, values in axes.items()}
    parameters = task_parameters(kinds[0])
    names = [parameter.name for parameter in parameters]
    if weak_parameters(kinds[0]):
        names.append("weak")
    for key in table:
        if key not in names:
            raise unknown_key(key, names).located("", "task.")
    plain = {key: value for key, value in table.items() if key != "weak"}
    in_task(lambda: _check_values(parameters, plain, own))
    if "weak" in table:
        in_task(lambda: _check_weak(table, kinds[0], own))
    return kinds[0]


def _check_weak(table: Mapping[str, Any], kind: str, axes: Axes) -> None:
    # A list of weak models is swept as a whole; lists inside its tables are not swept.
    several = isinstance(table.get("weak"), list)
    parameters = weak_parameters(kind)
    for weak in table["weak"] if several else [table["weak"]]:
        if not isinstance(weak, dict):
            raise InputError("weak", shown(weak), "a table [task.weak]")
        own = {} if several else {path[1:]: values for path, values in axes.items() if path[0] == "weak"}
        try:
            _check_values(parameters, weak, own)
        except InputError as error:
            raise error.located("", "weak.") from None


def _check_values(parameters: Sequence[Parameter], table: Mapping[str, Any], axes: Axes) -> None:
    """Check every value of a table, also in lists that are swept, against its parameter."""
    read_parameters(parameters, {key: axes.get((key,), [value])[0] for key, value in table.items()})
    for parameter in parameters:
        if parameter.name in table:
            for value in axes.get((parameter.name,), [table[parameter.name]]):
                parameter.check(value)
                require_task_value(parameter.name, value)


def in_estimator(position: int, read: Callable[[], ReadT]) -> ReadT:
    """Call a reader of an `[[estimator]]` table; its errors name the table by position."""
    try:
        return read()
    except InputError as error:
        raise error.located("", f"estimator[{position + 1}].") from None


def in_task(read: Callable[[], ReadT]) -> ReadT:
    """Call a reader of the `[task]` table, and add "task." to the key of any `InputError`."""
    try:
        return read()
    except InputError as error:
        raise error.located("", "task.") from None
