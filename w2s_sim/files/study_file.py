"""Study files: a task and estimators whose lists are swept, and the number of replicates, in TOML."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_sim.errors import InputError, shown
from w2s_sim.files.baseline_table import read_baselines
from w2s_sim.files.document import read_document, require_plain
from w2s_sim.files.figure_table import StudyFigure, read_figures
from w2s_sim.files.grid import Cell, Grid, read_grid
from w2s_sim.files.sweep import LARGEST_GRID as LARGEST_GRID
from w2s_sim.randomness import LARGEST_SEED_OF_A_FILE
from w2s_sim.statements.contract.parameters import Parameter, read_parameters, unknown_key
from w2s_sim.tasks.metric_labels import metric_names

LARGEST_REPLICATES = 10**8
LARGEST_TOTAL = 10**10
DRAWS = ("shared", "independent", "reduced")
REPLICATION = (
    Parameter(
        "replicates",
        int,
        "replicates of each cell; a maximum if target_relative_se is given (default 1048576)",
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
    Parameter(
        "seed",
        int,
        "replicate i depends on (seed, i) alone",
        default=0,
        low=0,
        high=LARGEST_SEED_OF_A_FILE,
    ),
    Parameter("grouped", bool, "demonstrations of a context share one concept", default=False),
    Parameter(
        "draws",
        str,
        "cells of a task learn from the first pairs of the same draws, from their own, or from reduced ones",
        default="shared",
        choices=DRAWS,
    ),
)
TABLES = ("task", "estimator", "replication", "baseline", "sweep", "figure")
MOST_WITH_TARGET = 2**20
MOST_FIGURES = 100


@dataclasses.dataclass(frozen=True)
class Study:
    """A study as described by its file.

    Attributes:
        document: The tables of the file, checked.
        cells: The cells of the grid.
        replicates: Number of replicates of each cell; the largest number if there is a target.
        seed: Seed of all replicates.
        target_relative_se: Ratio of standard error to risk at which sampling of a cell stops, or None.
        draws: "shared" if the cells of a task learn from the same draws, "independent" if each has its own,
            "reduced" if they learn from fewer random numbers where that is exact.
        baselines: For each cell, the cell of the same task with which it is compared; empty without a
            `[baseline]`.
        figures: Figures of the results.
    """

    document: Mapping[str, Any]
    cells: Sequence[Cell]
    replicates: int
    seed: int
    target_relative_se: float | None
    draws: str
    baselines: Mapping[int, int]
    figures: Sequence[StudyFigure]

    @functools.cached_property
    def metrics(self) -> tuple[str, ...]:
        """Names of all metrics that some cell has, `risk` first."""
        return metric_names(cell.case.task for cell in self.cells)


def load_study(path: str | Path) -> Study:
    """Read the study in a file.

    Raises:
        InputError: Naming the file, the key and the remedy, before any replicate is computed.
    """
    document = read_document(path)
    try:
        return read_study(document)
    except InputError as error:
        raise error.located(str(path)) from None


def read_study(document: Mapping[str, Any]) -> Study:
    """Read the study that a document describes.

    Raises:
        InputError: Naming the key, if a value does not fit.
    """
    for key in document:
        if key not in TABLES:
            raise unknown_key(key, TABLES)
    require_plain(document)
    for key in ("task", "replication"):
        if not isinstance(document.get(key), dict):
            given = "nothing" if key not in document else shown(document[key])
            raise InputError(key, given, f"a table [{key}]")
    figures = document.get("figure", [])
    if isinstance(figures, list) and len(figures) > MOST_FIGURES:
        raise InputError("figure", f"{len(figures):,} tables", f"at most {MOST_FIGURES}")
    numbers = _read_replication(document["replication"])
    grid = read_grid(document)
    _require_total(grid, numbers["replicates"])
    cells = grid.cells(numbers["grouped"])
    if numbers["grouped"] and all(cell.case.estimator.context_size <= 1 for cell in cells):
        given = "true, with estimators that read weak pairs one by one"
        raise InputError("replication.grouped", given, "false, or an estimator that reads contexts")
    drawn = read_figures(figures, cells)
    baselines = read_baselines(document["baseline"], cells) if "baseline" in document else {}
    target = numbers["target_relative_se"]
    return Study(
        document,
        cells,
        numbers["replicates"],
        numbers["seed"],
        target,
        numbers["draws"],
        baselines,
        drawn,
    )


def _read_replication(table: Mapping[str, Any]) -> dict[str, Any]:
    try:
        numbers = read_parameters(REPLICATION, table)
        if numbers["replicates"] is None and numbers["target_relative_se"] is None:
            raise InputError("replicates", "nothing", "a value (of each cell), or a target_relative_se")
    except InputError as error:
        raise error.located("", "replication.") from None
    if numbers["replicates"] is None:
        numbers["replicates"] = MOST_WITH_TARGET
    return numbers


def _require_total(grid: Grid, replicates: int) -> None:
    size = len(grid.kept)
    if size * replicates > LARGEST_TOTAL:
        given = f"{replicates:,} for each of {size:,} cells"
        raise InputError("replication.replicates", given, f"at most {LARGEST_TOTAL:,} in all")
