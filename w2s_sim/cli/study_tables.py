"""What `w2s run` shows of a study: its grid beforehand, its results afterwards."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from w2s_sim.studies.store import FAILURES, RESULTS
from w2s_sim.studies.study_file import Study

SHOWN_CELLS = 20
WIDTH_OF_FILES = 160


def report_results(study: Study, results: pd.DataFrame, figures: Sequence[Path], out: Path) -> None:
    """The results as a table, what failed, and where everything is."""
    _print_results(study, results)
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
    """Keys whose values differ between cells."""
    keys = dict.fromkeys(key for cell in study.cells for key in cell.parameters)
    values = {key: {str(cell.parameters.get(key)) for cell in study.cells} for key in keys}
    return [key for key in keys if len(values[key]) > 1] or ["estimator.kind"]


def _short(key: str) -> str:
    return key.removeprefix("task.").removeprefix("estimator.")


def print_grid(study: Study) -> None:
    """The cells of a study, and how many replicates they are to have."""
    keys = _swept(study)
    table = Table("cell", *map(_short, keys), "weak pairs")
    for cell in study.cells[:SHOWN_CELLS]:
        shown = [str(cell.parameters.get(key, "")) for key in keys]
        table.add_row(str(cell.index), *shown, str(cell.case.estimator.sample_size))
    _print(table)
    if len(study.cells) > SHOWN_CELLS:
        print(f"... and {len(study.cells) - SHOWN_CELLS:,} cells more")
    total = len(study.cells) * study.replicates
    print(f"{len(study.cells):,} cells of {study.replicates:,} replicates: {total:,} in all")


def _print_results(study: Study, results: pd.DataFrame) -> None:
    keys = _swept(study)
    table = Table("cell", *map(_short, keys), "risk", "± se", "bound", "replicates")
    for row in results.head(SHOWN_CELLS).to_dict("records"):
        shown = ["" if str(row.get(key)) in ("nan", "<NA>", "None") else str(row[key]) for key in keys]
        bound = f"{row['bound']:.5g} ({row['bound_kind']})" if row["bound_kind"] else ""
        table.add_row(
            str(row["cell"]),
            *shown,
            f"{row['risk']:.5g}",
            f"{row['risk_se']:.2g}",
            bound,
            f"{row['replicates']:,}",
        )
    _print(table)
    if len(results) > SHOWN_CELLS:
        print(f"... and {len(results) - SHOWN_CELLS:,} cells more")


def _print(table: Table) -> None:
    """As wide as the terminal, or as the table where there is none."""
    console = Console()
    (console if console.is_terminal else Console(width=WIDTH_OF_FILES)).print(table)
