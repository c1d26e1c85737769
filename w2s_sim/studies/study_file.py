"""A study in a TOML file: tasks and estimators whose lists are swept, and how often they are replicated."""

import dataclasses
import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.statements import Case
from w2s_sim.statements.parameters import Parameter, read_parameters, unknown_key
from w2s_sim.studies.estimator_table import ALIASES, build_estimator, kind_of
from w2s_sim.studies.task_table import read_task

# Keys of a task whose value is a list by itself: a list of such lists is swept, a list of numbers is not.
LIST_DEPTHS = {
    **dict.fromkeys(("source_prior", "target_prior", "contexts"), 1),
    **dict.fromkeys(("concepts", "directions", "factor", "initial"), 2),
    **dict.fromkeys(("tables", "transition", "emission", "style_tables", "content_tables"), 3),
}
LARGEST_GRID = 100_000
LARGEST_REPLICATES = 10**8
LARGEST_TOTAL = 10**10
REPLICATION = (
    Parameter("replicates", int, "of each cell", required=True, low=2, high=LARGEST_REPLICATES),
    Parameter("seed", int, "replicate i depends on (seed, i) alone", default=0, low=0, high=2**31 - 1),
    Parameter("grouped", bool, "demonstrations of a context share one concept", default=False),
)
TABLES = ("task", "estimator", "replication", "sweep")


@dataclasses.dataclass(frozen=True)
class Cell:
    """One combination of a study's values.

    Attributes:
        index: Its place in the grid.
        parameters: Every value by its dotted key ("task.noise", "estimator.ridge").
        case: The task and the estimator.
    """

    index: int
    parameters: Mapping[str, Any]
    case: Case[Any]


@dataclasses.dataclass(frozen=True)
class Study:
    """What a study file asks for.

    Attributes:
        document: The file's tables, checked.
        cells: The grid.
        replicates: Of each cell.
        seed: Of all of them.
    """

    document: Mapping[str, Any]
    cells: Sequence[Cell]
    replicates: int
    seed: int


def load_study(path: str | Path) -> Study:
    """The study in a file.

    Raises:
        InputError: Naming the file, the key and the remedy, before any work starts.
    """
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("STUDY", str(path), "a file that exists") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("STUDY", f"{path} ({error})", "a readable TOML file in UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError("STUDY", f"{path} ({error})", "a well-formed TOML file") from None
    try:
        return read_study(document)
    except InputError as error:
        raise error.located(str(path)) from None


def read_study(document: Mapping[str, Any]) -> Study:
    """The study that a document describes.

    Raises:
        InputError: Naming the key, if anything does not fit.
    """
    for key in document:
        if key not in TABLES:
            raise unknown_key(key, TABLES)
    for key in ("task", "replication"):
        _require_table(document, key)
    estimators = document.get("estimator")
    if not isinstance(estimators, list) or not estimators or not all(isinstance(e, dict) for e in estimators):
        given = "nothing" if estimators is None else repr(estimators)[:80]
        raise InputError("estimator", given, "at least one table [[estimator]]")
    zipped = _read_sweep(document.get("sweep", {}))
    numbers = _located(lambda: read_parameters(REPLICATION, document["replication"]), "replication.")
    tables = [
        {"task": document["task"], "estimator": {ALIASES.get(k, k): v for k, v in estimator.items()}}
        for estimator in estimators
    ]
    axes = [_axes(table) for table in tables]
    size = sum(_grid_size(a, zipped) for a in axes)
    if size > LARGEST_GRID:
        raise InputError("sweep", f"{size:,} cells", f"at most {LARGEST_GRID:,}: shorter lists")
    total = size * numbers["replicates"]
    if total > LARGEST_TOTAL:
        given = f"{numbers['replicates']:,} for each of {size:,} cells"
        raise InputError("replication.replicates", given, f"at most {LARGEST_TOTAL:,} in all")
    cells = []
    for position, (table, own) in enumerate(zip(tables, axes, strict=True)):
        _located(lambda table=table: kind_of(table["estimator"]), f"estimator[{position + 1}].")
        for values in _combinations(own, zipped):
            cells.append(_build_cell(len(cells), position, table, values, numbers["grouped"]))
    return Study(document, tuple(cells), numbers["replicates"], numbers["seed"])


def _require_table(document: Mapping[str, Any], key: str) -> None:
    if not isinstance(document.get(key), dict):
        given = "nothing" if key not in document else repr(document[key])[:80]
        raise InputError(key, given, f"a table [{key}]")


def _read_sweep(table: Any) -> bool:
    if not isinstance(table, dict):
        raise InputError("sweep", repr(table)[:80], "a table [sweep]")
    mode = Parameter("mode", str, "how lists are combined", choices=("grid", "zip"), default="grid")
    return _located(lambda: read_parameters((mode,), table)["mode"], "sweep.") == "zip"


def _located(read: Any, prefix: str) -> Any:
    try:
        return read()
    except InputError as error:
        raise error.located("", prefix) from None


def _axes(table: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], list[Any]]:
    """The keys whose lists are swept, with their values."""
    found: dict[tuple[str, ...], list[Any]] = {}
    for key, value in table.items():
        path = (*prefix, key)
        if isinstance(value, dict):
            found |= _axes(value, path)
        elif isinstance(value, list) and _depth(value) > LIST_DEPTHS.get(key, 0):
            if not value:
                raise InputError(".".join(path), "an empty list", "at least one value to sweep over")
            found[path] = value
    return found


def _depth(value: Any) -> int:
    if not isinstance(value, list):
        return 0
    return 1 + max((_depth(entry) for entry in value), default=0)


def _grid_size(axes: Mapping[tuple[str, ...], list[Any]], zipped: bool) -> int:
    lengths = [len(values) for values in axes.values()]
    if not zipped:
        return math.prod(lengths)
    if len(set(lengths)) > 1:
        named = ", ".join(f"{'.'.join(path)}: {len(values)}" for path, values in axes.items())
        raise InputError("sweep.mode", f"'zip' of lists of lengths {named}", "lists of one length")
    return lengths[0] if lengths else 1


def _combinations(
    axes: Mapping[tuple[str, ...], list[Any]], zipped: bool
) -> Iterator[dict[tuple[str, ...], Any]]:
    if not axes:
        yield {}
        return
    combined = zip(*axes.values(), strict=True) if zipped else itertools.product(*axes.values())
    for values in combined:
        yield dict(zip(axes, values, strict=True))


def _build_cell(
    index: int,
    position: int,
    table: Mapping[str, Any],
    values: Mapping[tuple[str, ...], Any],
    grouped: bool,
) -> Cell:
    chosen = _with_values(table, values)
    task = read_task(chosen["task"])
    estimator = _located(lambda: build_estimator(task, chosen["estimator"]), f"estimator[{position + 1}].")
    return Cell(index, dict(_flat(chosen)), Case("", task, estimator, grouped))


def _with_values(
    table: Mapping[str, Any], values: Mapping[tuple[str, ...], Any], prefix: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The table with one value in place of each list that is swept."""
    chosen = {}
    for key, value in table.items():
        path = (*prefix, key)
        chosen[key] = (
            _with_values(value, values, path) if isinstance(value, dict) else values.get(path, value)
        )
    return chosen


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
