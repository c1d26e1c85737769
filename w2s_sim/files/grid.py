"""The grid of a study: checks of every single value, then the combinations of values that are its cells."""

import dataclasses
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.estimators import Estimator
from w2s_sim.files.estimator_table import build_estimator, with_label
from w2s_sim.files.sweep import (
    LARGEST_GRID,
    Axes,
    Sweep,
    flat,
    hashable,
    nothing_kept,
    read_sweep,
    swept_axes,
    task_list_depths,
    with_values,
)
from w2s_sim.files.task_table import kind_of_table, read_task
from w2s_sim.files.value_checks import check_estimator, check_task, estimator_tables, in_estimator, in_task
from w2s_sim.plugins import registry
from w2s_sim.statements import Case
from w2s_sim.tasks.task import Task

# Largest number of different tasks. Each takes a millisecond to build, and a few kilobytes.
MOST_TASKS = 10_000
# Largest weak data set in numbers: pairs times the numbers per pair.
LARGEST_DATA = 2 * 10**9
SIZES = ("num_weak", "num_demonstrations", "num_queries")


@dataclasses.dataclass(frozen=True)
class Cell:
    """One combination of a study's values.

    Attributes:
        index: Position of the cell in the grid.
        parameters: Every value by its dotted key ("task.noise", "estimator.ridge").
        case: The task and the estimator.
    """

    index: int
    parameters: Mapping[str, Any]
    case: Case[Any]


@dataclasses.dataclass(frozen=True)
class _Combination:
    """A choice of one value for every key of a table.

    Attributes:
        table: The values.
        parameters: The same values, by dotted key.
        identity: Key that is equal for equal tables.
    """

    table: Mapping[str, Any]
    parameters: Mapping[str, Any]
    identity: Hashable


@dataclasses.dataclass(frozen=True)
class Grid:
    """The combinations that are cells of a study, before tasks and estimators are built.

    Attributes:
        tasks: Combinations of the task's values.
        estimators: Combinations of the values of each `[[estimator]]` table.
        kept: For every cell: the position of its estimator table, of its task and of its estimator.
    """

    tasks: Sequence[_Combination]
    estimators: Sequence[Sequence[_Combination]]
    kept: Sequence[tuple[int, int, int]]

    def cells(self, grouped: bool) -> tuple[Cell, ...]:
        """Build the cells; cells with equal values share their task and estimator.

        Args:
            grouped: Whether the demonstrations of a context share one concept.

        Raises:
            InputError: Naming the key, if a combination does not fit.
        """
        self._require_sizes()
        tasks: dict[Hashable, Task[Any, Any]] = {}

        def task_of(number: int) -> Task[Any, Any]:
            combination = self.tasks[number]
            if combination.identity not in tasks:
                tasks[combination.identity] = read_task(combination.table)
            return tasks[combination.identity]

        estimators: dict[Hashable, Estimator] = {}
        known = registry().estimators

        def estimator_of(position: int, number: int, own: int) -> Estimator:
            table = self.estimators[position][own].table
            identity = (position, own, number if known[table["kind"]].of_task else None)
            if identity not in estimators:
                task = task_of(number)
                estimators[identity] = in_estimator(position, lambda: build_estimator(task, table))
            return estimators[identity]

        # Build all estimators first, each with its first task: they are quick to build, and tasks are slow.
        first: dict[tuple[int, int], int] = {}
        for position, number, own in self.kept:
            first.setdefault((position, own), number)
        for (position, own), number in first.items():
            estimator_of(position, number, own)
        cells = []
        for position, number, own in self.kept:
            parameters = {**self.tasks[number].parameters, **self.estimators[position][own].parameters}
            task = task_of(number)
            case = Case("", task, estimator_of(position, number, own).told(task), grouped)
            cells.append(Cell(len(cells), parameters, case))
        return tuple(cells)

    def _require_sizes(self) -> None:
        used = dict.fromkeys(number for _, number, _ in self.kept)
        different = len({self.tasks[number].identity for number in used})
        if different > MOST_TASKS:
            raise InputError(
                "task", f"{different:,} different tasks", f"at most {MOST_TASKS:,}: shorter lists"
            )
        for number in used:
            kind, table = kind_of_table(self.tasks[number].table), self.tasks[number].table
            in_task(lambda kind=kind, table=table: kind.require_size(table))
        pair_sizes = {
            number: kind_of_table(self.tasks[number].table).pair_size(self.tasks[number].table)
            for number in used
        }
        for position, number, own in self.kept:
            table = self.estimators[position][own].table
            given = {key: table[key] for key in SIZES if key in table}
            pairs = _num_pairs(table, given)
            if pairs * pair_sizes[number] > LARGEST_DATA:
                key = max(given, key=lambda name: given[name])
                text = f"{given[key]:,}, with {pairs:,} weak pairs of {pair_sizes[number]:,} numbers each"
                raise InputError(f"estimator[{position + 1}].{key}", text, f"at most {LARGEST_DATA:,} in all")


def _num_pairs(table: Mapping[str, Any], given: Mapping[str, int]) -> int:
    """Return the number of weak pairs of a table, before there is an estimator that knows it."""
    if table.get("context") == "fresh" and "num_queries" in given:
        return given["num_queries"] * (given["num_demonstrations"] + 1)
    if table["kind"] == "bootstrap" and table.get("inputs") != "shared":
        return given["num_weak"] * len(table["ridges"])
    return sum(given.values())


def read_grid(document: Mapping[str, Any]) -> Grid:
    """Read the grid of a document, after checking every value by itself.

    Raises:
        InputError: Naming the key, if a value does not fit.
    """
    tables = estimator_tables(document.get("estimator"))
    task_axes = swept_axes({"task": document["task"]}, task_list_depths(document["task"]))
    concepts = check_task(document["task"], task_axes)
    axes = [
        in_estimator(position, lambda table=table: check_estimator(table, concepts))
        for position, table in enumerate(tables)
    ]
    keys = [key for key, _ in flat({"task": document["task"]})]
    keys += [key for table in tables for key, _ in flat({"estimator": table})]
    sweep = read_sweep(document.get("sweep", {}), list(dict.fromkeys(keys)))
    size = sum(sweep.size({**task_axes, **own}) for own in axes)
    if size > LARGEST_GRID:
        raise InputError("sweep", f"{size:,} cells", f"at most {LARGEST_GRID:,}: shorter lists")
    sweep.require_distinct(task_axes)
    for position, own in enumerate(axes):
        named = {path[1:]: values for path, values in own.items()}
        in_estimator(position, lambda named=named: sweep.require_distinct(named))
    tasks = _combinations("task", document["task"], task_axes, sweep)
    estimators = [
        _combinations("estimator", table, own, sweep) for table, own in zip(tables, axes, strict=True)
    ]
    kept = tuple(_kept(tasks, estimators, sweep))
    if not kept:
        raise nothing_kept(sweep)
    return Grid(tasks, estimators, kept)


def _kept(
    tasks: Sequence[_Combination], estimators: Sequence[Sequence[_Combination]], sweep: Sweep
) -> Iterator[tuple[int, int, int]]:
    for position, own in enumerate(estimators):
        for number, other in sweep.pairs(len(tasks), len(own)):
            if not sweep.conditions or sweep.keeps({**tasks[number].parameters, **own[other].parameters}):
                yield position, number, other


def _combinations(name: str, table: Mapping[str, Any], axes: Axes, sweep: Sweep) -> tuple[_Combination, ...]:
    combinations = []
    for values in sweep.combinations(axes):
        chosen = {name: with_label(with_values({name: table}, values)[name])}
        identity = tuple(map(hashable, values.values()))
        combinations.append(_Combination(chosen[name], dict(flat(chosen)), identity))
    return tuple(combinations)
