"""A study in a TOML file: tasks and estimators whose lists are swept, and how often they are replicated."""

import dataclasses
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.statements import Case
from w2s_sim.statements.parameters import Parameter, read_parameters, unknown_key
from w2s_sim.studies.estimator_table import ALIASES, AnyTask, build_estimator, kind_of
from w2s_sim.studies.figure_table import StudyFigure, read_figures
from w2s_sim.studies.sweep import LARGEST_GRID, flat, read_sweep, swept_axes, with_values
from w2s_sim.studies.task_table import read_task

LARGEST_REPLICATES = 10**8
LARGEST_TOTAL = 10**10
REPLICATION = (
    Parameter(
        "replicates",
        int,
        "of each cell; with target_relative_se: at most (default 1048576)",
        low=2,
        high=LARGEST_REPLICATES,
    ),
    Parameter(
        "target_relative_se",
        float,
        "sampling of a cell stops when the standard error of its risk is this share of the risk",
        low=1e-6,
        high=1.0,
    ),
    Parameter("seed", int, "replicate i depends on (seed, i) alone", default=0, low=0, high=2**31 - 1),
    Parameter("grouped", bool, "demonstrations of a context share one concept", default=False),
)
TABLES = ("task", "estimator", "replication", "sweep", "figure")
MOST_WITH_TARGET = 2**20


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
        replicates: Of each cell; with a target, at most.
        seed: Of all of them.
        target_relative_se: Standard error over risk at which a cell is precise enough, or None.
        figures: What is drawn of the results.
    """

    document: Mapping[str, Any]
    cells: Sequence[Cell]
    replicates: int
    seed: int
    target_relative_se: float | None
    figures: Sequence[StudyFigure]


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
    numbers = _located(lambda: _read_replication(document["replication"]), "replication.")
    tables = [
        {"task": document["task"], "estimator": {ALIASES.get(k, k): v for k, v in estimator.items()}}
        for estimator in estimators
    ]
    sweep = read_sweep(document.get("sweep", {}), list(dict.fromkeys(k for t in tables for k, _ in flat(t))))
    axes = [swept_axes(table) for table in tables]
    size = sum(map(sweep.size, axes))
    if size > LARGEST_GRID:
        raise InputError("sweep", f"{size:,} cells", f"at most {LARGEST_GRID:,}: shorter lists")
    total = size * numbers["replicates"]
    if total > LARGEST_TOTAL:
        given = f"{numbers['replicates']:,} for each of {size:,} cells"
        raise InputError("replication.replicates", given, f"at most {LARGEST_TOTAL:,} in all")
    cells = []
    task_of = _task_reader()
    for position, (table, own) in enumerate(zip(tables, axes, strict=True), start=1):
        _located(lambda table=table: kind_of(table["estimator"]), f"estimator[{position}].")
        for values in sweep.combinations(own):
            chosen = with_values(table, values)
            parameters = dict(flat(chosen))
            if not sweep.keeps(parameters):
                continue
            task = task_of(chosen["task"])
            estimator = _located(
                lambda task=task, chosen=chosen: build_estimator(task, chosen["estimator"]),
                f"estimator[{position}].",
            )
            cells.append(Cell(len(cells), parameters, Case("", task, estimator, numbers["grouped"])))
    if not cells:
        raise InputError("sweep.where", "conditions that leave no cell", "conditions that some cell fulfils")
    figures = read_figures(document.get("figure", []), cells)
    target = numbers["target_relative_se"]
    return Study(document, tuple(cells), numbers["replicates"], numbers["seed"], target, figures)


def _read_replication(table: Mapping[str, Any]) -> dict[str, Any]:
    numbers = read_parameters(REPLICATION, table)
    if numbers["replicates"] is None:
        if numbers["target_relative_se"] is None:
            raise InputError("replicates", "nothing", "a value (of each cell), or a target_relative_se")
        numbers["replicates"] = MOST_WITH_TARGET
    return numbers


def _task_reader() -> Callable[[Mapping[str, Any]], AnyTask]:
    """Reads the table of a task once, however many cells share it."""
    read: dict[str, AnyTask] = {}

    def task_of(table: Mapping[str, Any]) -> AnyTask:
        text = repr(table)
        if text not in read:
            read[text] = read_task(table)
        return read[text]

    return task_of


def _require_table(document: Mapping[str, Any], key: str) -> None:
    if not isinstance(document.get(key), dict):
        given = "nothing" if key not in document else repr(document[key])[:80]
        raise InputError(key, given, f"a table [{key}]")


def _located(read: Any, prefix: str) -> Any:
    try:
        return read()
    except InputError as error:
        raise error.located("", prefix) from None
