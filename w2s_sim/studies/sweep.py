"""Which keys of a study are swept, how their lists are combined, and which combinations are left out."""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.statements.parameters import Parameter, read_parameters
from w2s_sim.studies.condition import Condition, read_conditions

# Keys of a task whose value is a list by itself: a list of such lists is swept, a list of numbers is not.
LIST_DEPTHS = {
    **dict.fromkeys(("source_prior", "target_prior", "contexts", "phases"), 1),
    **dict.fromkeys(("concepts", "directions", "factor", "initial", "frequencies"), 2),
    **dict.fromkeys(("tables", "transition", "emission", "style_tables", "content_tables"), 3),
}
MODE = Parameter("mode", str, "how lists are combined", choices=("grid", "zip"), default="grid")
LARGEST_GRID = 100_000

Path = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Sweep:
    """The `[sweep]` table.

    Attributes:
        zipped: Whether lists are taken in step.
        conditions: What cells have to fulfil.
    """

    zipped: bool
    conditions: Sequence[Condition]

    def size(self, axes: Mapping[Path, list[Any]]) -> int:
        """How many combinations there are, those left out included.

        Raises:
            InputError: If lists that are taken in step have different lengths.
        """
        lengths = [len(values) for values in axes.values()]
        if not self.zipped:
            return math.prod(lengths)
        if len(set(lengths)) > 1:
            named = ", ".join(f"{'.'.join(path)}: {len(values)}" for path, values in axes.items())
            raise InputError("sweep.mode", f"'zip' of lists of lengths {named}", "lists of one length")
        return lengths[0] if lengths else 1

    def combinations(self, axes: Mapping[Path, list[Any]]) -> Iterator[dict[Path, Any]]:
        """One value for every axis, in turn."""
        if not axes:
            yield {}
            return
        combined = zip(*axes.values(), strict=True) if self.zipped else itertools.product(*axes.values())
        for values in combined:
            yield dict(zip(axes, values, strict=True))

    def keeps(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a combination is a cell."""
        return all(condition.holds(parameters) for condition in self.conditions)


def read_sweep(table: Any, keys: Sequence[str]) -> Sweep:
    """The `[sweep]` table of a study whose cells have these keys.

    Raises:
        InputError: If anything does not fit.
    """
    if not isinstance(table, dict):
        raise InputError("sweep", repr(table)[:80], "a table [sweep]")
    where = Parameter("where", str, "conditions that a cell has to fulfil")
    try:
        mode = read_parameters((MODE, where), {k: v for k, v in table.items() if k != "where"})["mode"]
    except InputError as error:
        raise error.located("", "sweep.") from None
    conditions = read_conditions(table["where"], keys) if "where" in table else ()
    return Sweep(mode == "zip", conditions)


def swept_axes(table: Mapping[str, Any], prefix: Path = ()) -> dict[Path, list[Any]]:
    """The keys whose lists are swept, with their values.

    Raises:
        InputError: If such a list is empty.
    """
    found: dict[Path, list[Any]] = {}
    for key, value in table.items():
        path = (*prefix, key)
        if isinstance(value, dict):
            found |= swept_axes(value, path)
        elif isinstance(value, list) and _depth(value) > LIST_DEPTHS.get(key, 0):
            if not value:
                raise InputError(".".join(path), "an empty list", "at least one value to sweep over")
            found[path] = value
    return found


def _depth(value: Any) -> int:
    if not isinstance(value, list):
        return 0
    return 1 + max((_depth(entry) for entry in value), default=0)


def with_values(table: Mapping[str, Any], values: Mapping[Path, Any], prefix: Path = ()) -> dict[str, Any]:
    """The table with one value in place of each list that is swept."""
    chosen = {}
    for key, value in table.items():
        path = (*prefix, key)
        chosen[key] = with_values(value, values, path) if isinstance(value, dict) else values.get(path, value)
    return chosen


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its dotted key."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
