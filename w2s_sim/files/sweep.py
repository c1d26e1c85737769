"""Which keys of a study are swept, how their lists are combined, and which combinations are left out."""

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
    """The `[sweep]` table.

    Attributes:
        zipped: Whether lists are taken in step.
        conditions: What cells have to fulfil.
    """

    zipped: bool
    conditions: Sequence[Condition]

    def size(self, axes: Axes) -> int:
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

    def combinations(self, axes: Axes) -> Iterator[dict[Path, Any]]:
        """One value for every axis, in turn."""
        if not axes:
            yield {}
            return
        combined = zip(*axes.values(), strict=True) if self.zipped else itertools.product(*axes.values())
        for values in combined:
            yield dict(zip(axes, values, strict=True))

    def pairs(self, num_tasks: int, num_estimators: int) -> Iterator[tuple[int, int]]:
        """Which combination of a task's values meets which one of an estimator's, by number."""
        if self.zipped and num_tasks == num_estimators:
            return zip(range(num_tasks), range(num_estimators), strict=True)
        return itertools.product(range(num_tasks), range(num_estimators))

    def require_distinct(self, axes: Axes) -> None:
        """Refuse a list of a grid that holds a value twice: its cells would be computed twice.

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
        """Whether a combination is a cell."""
        return all(condition.holds(parameters) for condition in self.conditions)


def read_sweep(table: Any, keys: Sequence[str]) -> Sweep:
    """The `[sweep]` table of a study whose cells have these keys.

    Raises:
        InputError: If anything does not fit.
    """
    if not isinstance(table, dict):
        raise InputError("sweep", shown(table), "a table [sweep]")
    where = Parameter("where", str, "conditions that a cell has to fulfil", choices=("",))
    try:
        # Its own reader checks the conditions; here their key counts as known.
        given = {key: "" if key == "where" else value for key, value in table.items()}
        mode = read_parameters((MODE, where), given)["mode"]
    except InputError as error:
        raise error.located("", "sweep.") from None
    conditions = read_conditions(table["where"], keys) if "where" in table else ()
    return Sweep(mode == "zip", conditions)


def nothing_kept(sweep: Sweep) -> InputError:
    """The complaint when no combination fulfils the conditions."""
    texts = "; ".join(condition.text for condition in sweep.conditions)
    return InputError(FIELD, f"{shown(texts)}, which leaves no cell", "conditions that some cell fulfils")


def list_depths(parameters: Iterable[Parameter]) -> dict[str, int]:
    """The keys whose value is a list by itself: a list of such lists is swept, a list of numbers is not."""
    return {parameter.name: parameter.depth for parameter in parameters if parameter.type is list}


def task_list_depths(table: Mapping[str, Any]) -> dict[str, int]:
    """The same for a `[task]` table: of its kind, or of all kinds if it names none that there is."""
    kinds, named = registry().tasks, table.get("kind", DEFAULT_KIND)
    read = [kinds[named]] if isinstance(named, str) and named in kinds else list(kinds.values())
    return list_depths(parameter for kind in read for parameter in (*kind.parameters, *kind.weak_parameters))


def swept_axes(
    table: Mapping[str, Any], depths: Mapping[str, int], prefix: Path = ()
) -> dict[Path, list[Any]]:
    """The keys whose lists are swept, with their values.

    Args:
        table: The table, with tables inside.
        depths: How deep the lists are that are values by themselves, by the last part of their key.
        prefix: Of the keys.

    Raises:
        InputError: If such a list is empty.
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


def hashable(value: Any) -> Hashable:
    """A value of a document that can be a key: the same for equal values."""
    if isinstance(value, list):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return frozenset((key, hashable(entry)) for key, entry in value.items())
    return value
