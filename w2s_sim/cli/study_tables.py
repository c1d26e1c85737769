"""Tables of `w2s run`: the grid before a study, the results after it."""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from w2s_sim.cli.console import make_console, make_table, print_table
from w2s_sim.files.study_file import Study
from w2s_sim.runs.store import FAILURES, RESULTS

SHOWN_CELLS = 20
# Texts of the value of a parameter that a cell does not have.
MISSING = ("nan", "<NA>", "None")


def report_results(
    study: Study, results: pd.DataFrame, figures: Sequence[Path], out: Path, time_taken: str = ""
) -> None:
    """Print the results as a table, the time taken, the failures, and at the end the paths of all files."""
    _print_results(study, results)
    if time_taken:
        print(time_taken)
    failed = int(results["failed"].to_numpy().sum())
    if failed:
        first = results.loc[results["failed"] > 0].to_dict("records")[0]
        command = f"w2s replay {out} --cell {first['cell']} --replicate {first['first_failed']}"
        print(
            f"w2s: {failed:,} replicates failed and are left out of the means ({out / FAILURES}); "
            f"see one: {command}",
            file=sys.stderr,
        )
    unknown = results.loc[results["risk_information"] == "too little", "cell"].tolist()
    if unknown and study.target_relative_se is not None:
        shown = ", ".join(map(str, unknown[:SHOWN_CELLS])) + (" ..." if len(unknown) > SHOWN_CELLS else "")
        print(
            f"w2s: too little information on the risk of {len(unknown):,} cells ({shown}): rare events or a "
            "heavy tail, so that their standard errors say nothing; raise `replicates`",
            file=sys.stderr,
        )
    print(f"{out / RESULTS}: {len(results)} cells")
    for path in figures:
        print(path)


def _swept(study: Study) -> list[str]:
    """Return the keys whose values differ between cells."""
    keys = dict.fromkeys(key for cell in study.cells for key in cell.parameters)
    values = {key: {str(cell.parameters.get(key)) for cell in study.cells} for key in keys}
    return [key for key in keys if len(values[key]) > 1] or ["estimator.kind"]


def _short(key: str) -> str:
    return key.removeprefix("task.").removeprefix("estimator.")


def _of_every_method(cells: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the indices of the cells to show: all cells if they are few, else some of each method."""
    methods: dict[tuple[str, bool], list[int]] = {}
    for place, cell in enumerate(cells):
        # The kind `refine` covers two methods: a student fitted on refined labels, and the labeller itself.
        is_student = str(cell.get("estimator.num_queries", "nan")) not in MISSING
        methods.setdefault((str(cell.get("estimator.kind")), is_student), []).append(place)
    share = max(2, SHOWN_CELLS // max(len(methods), 1))
    shown: list[int] = []
    for places in methods.values():
        step = max(1.0, (len(places) - 1) / (share - 1))
        shown += [places[round(step * i)] for i in range(min(share, len(places)))]
    return sorted(shown) if len(cells) > SHOWN_CELLS else list(range(len(cells)))


def print_grid(study: Study) -> None:
    """Print the cells of a study, and the number of replicates."""
    keys = _swept(study)
    table = make_table("cell", *map(_short, keys), "weak pairs", right=("weak pairs",))
    shown = _of_every_method([cell.parameters for cell in study.cells])
    for cell in (study.cells[place] for place in shown):
        values = [str(cell.parameters.get(key, "")) for key in keys]
        table.add_row(str(cell.index), *values, str(cell.case.estimator.sample_size))
    print_table(make_console(), table)
    _print_rest(len(study.cells) - len(shown))
    total = len(study.cells) * study.replicates
    print(f"{len(study.cells):,} cells of {study.replicates:,} replicates: {total:,} in all")


def _print_results(study: Study, results: pd.DataFrame) -> None:
    keys = _swept(study)
    numbers = ("risk", "± se", "bound", "replicates")
    table = make_table("cell", *map(_short, keys), *numbers, whole=numbers, right=numbers)
    rows = results.to_dict("records")
    shown = _of_every_method([cell.parameters for cell in study.cells])
    for row in (rows[place] for place in shown):
        values = ["" if str(row.get(key)) in MISSING else str(row[key]) for key in keys]
        kind = row["bound_kind"]
        bound = f"{row['bound']:.5g} ({kind})" if math.isfinite(row["bound"]) else kind
        table.add_row(
            str(row["cell"]),
            *values,
            f"{row['risk']:.5g}",
            f"{row['risk_se']:.2g}",
            bound,
            f"{row['replicates']:,}",
        )
    print_table(make_console(), table)
    _print_rest(len(rows) - len(shown))


def _print_rest(count: int) -> None:
    if count:
        print(f"... and {count:,} more cells; some cells of every method are shown")
