"""Sweeps: the keys of a study with lists, how the lists are combined, and which combinations are excluded."""

import dataclasses
import itertools
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from w2s_sim.errors import InputError, shown
from w2s_sim.files.condition import FIELD, Condition, read_conditions
from w2s_sim.files.task_table import DEFAULT_KIND
from w2s_sim.plugins import registry
from w2s_sim.statements.contract.parameters import Parameter, read_parameters

MODE = Parameter("mode", str, "how lists are combined", choices=("grid", "zip"), default="grid")
LARGEST_GRID = 100_000

Path = tuple[str, ...]
Axes = Mapping[Path, list[Any]]


@dataclasses.dataclass(frozen=True)
class Sweep:
    """How the lists of a study are combined: its `[sweep]` table.

    Attributes:
        zipped: Whether lists are combined element by element ("zip"), not as a grid.
        conditions: Conditions that cells must fulfil.
    """

    zipped: bool
    conditions: Sequence[Condition]

    def size(self, axes: Axes) -> int:
        """Return the number of combinations, including those that the conditions exclude.

        Raises:
            InputError: If lists that are combined element by element differ in length.
        """
        lengths = [len(values) for values in axes.values()]
        if not self.zipped:
            return math.prod(lengths)
        if len(set(lengths)) > 1:
            named = ", ".join(f"{'.'.join(path)}: {len(values)}" for path, values in axes.items())
            raise InputError("sweep.mode", f"'zip' of lists of lengths {named}", "lists of equal length")
        return lengths[0] if lengths else 1

    def combinations(self, axes: Axes) -> Iterator[dict[Path, Any]]:
        """Yield every combination: one value for every axis."""
        if not axes:
            yield {}
            return
        combined = zip(*axes.values(), strict=True) if self.zipped else itertools.product(*axes.values())
        for values in combined:
            yield dict(zip(axes, values, strict=True))

    def pairs(self, num_tasks: int, num_estimators: int) -> Iterator[tuple[int, int]]:
        """Return the pairs (task combination, estimator combination) of the study, by number."""
        if self.zipped and num_tasks == num_estimators:
            return zip(range(num_tasks), range(num_estimators), strict=True)
        return itertools.product(range(num_tasks), range(num_estimators))

    def require_distinct(self, axes: Axes) -> None:
        """Refuse a list of a grid that holds a value twice, because its cells would be computed twice.

        Raises:
            InputError: Naming the key.
        """
        if self.zipped:
            return
        for path, values in axes.items():
            seen: set[Hashable] = set()
            for value in values:
                frozen = hashable(value)
                if frozen in seen:
                    raise InputError(".".join(path), f"{shown(value)} twice", "every value once")
                seen.add(frozen)

    def keeps(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether a combination fulfils all conditions."""
        return all(condition.holds(parameters) for condition in self.conditions)


def read_sweep(table: Any, keys: Sequence[str]) -> Sweep:
    """Read the `[sweep]` table of a study whose cells have these keys.

    Raises:
        InputError: If a value does not fit.
    """
    if not isinstance(table, dict):
        raise InputError("sweep", shown(table), "a table [sweep]")
    where = Parameter("where", str, "conditions that a cell has to fulfil", choices=("",))
    try:
        # `read_conditions` checks the conditions; a placeholder makes their key a known key here.
        given = {key: "" if key == "where" else value for key, value in table.items()}
        mode = read_parameters((MODE, where), given)["mode"]
    except InputError as error:
        raise error.located("", "sweep.") from None
    conditions = read_conditions(table["where"], keys) if "where" in table else ()
    return Sweep(mode == "zip", conditions)


def nothing_kept(sweep: Sweep) -> InputError:
    """Return the error for a study in which no combination fulfils the conditions."""
    texts = "; ".join(condition.text for condition in sweep.conditions)
    return InputError(FIELD, f"{shown(texts)}, which leaves no cell", "conditions that some cell fulfils")


def list_depths(parameters: Iterable[Parameter]) -> dict[str, int]:
    """Return the nesting depth of the keys whose single value is a list; deeper lists are swept."""
    return {parameter.name: parameter.depth for parameter in parameters if parameter.type is list}


def task_list_depths(table: Mapping[str, Any]) -> dict[str, int]:
    """Return the list depths of a `[task]` table: of its kind, or of all kinds if its kind is unknown."""
    kinds, named = registry().tasks, table.get("kind", DEFAULT_KIND)
    read = [kinds[named]] if isinstance(named, str) and named in kinds else list(kinds.values())
    return list_depths(parameter for kind in read for parameter in (*kind.parameters, *kind.weak_parameters))


def swept_axes(
    table: Mapping[str, Any], depths: Mapping[str, int], prefix: Path = ()
) -> dict[Path, list[Any]]:
    """Return the keys whose lists are swept, with the values in the lists.

    Args:
        table: The table, which may contain tables.
        depths: Nesting depth of the keys whose single value is a list, by the last part of the key.
        prefix: Path of the table.

    Raises:
        InputError: If a list to sweep is empty.
    """
    found: dict[Path, list[Any]] = {}
    for key, value in table.items():
        path = (*prefix, key)
        if isinstance(value, dict):
            found |= swept_axes(value, depths, path)
        elif isinstance(value, list) and _depth(value) > depths.get(key, 0):
            if not value:
                raise InputError(".".join(path), "an empty list", "at least one value to sweep over")
            found[path] = value
    return found


def _depth(value: Any) -> int:
    if not isinstance(value, list):
        return 0
    return 1 + max((_depth(entry) for entry in value), default=0)


def with_values(table: Mapping[str, Any], values: Mapping[Path, Any], prefix: Path = ()) -> dict[str, Any]:
    """Return the table with the chosen value in place of each list that is swept."""
    chosen = {}
    for key, value in table.items():
        path = (*prefix, key)
        chosen[key] = with_values(value, values, path) if isinstance(value, dict) else values.get(path, value)
    return chosen


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value with its dotted key."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def hashable(value: Any) -> Hashable:
    """Convert a value of a document to a hashable value; equal values give equal results."""
    if isinstance(value, list):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return frozenset((key, hashable(entry)) for key, entry in value.items())
    return value
