"""Writing the output folder. Every file is written completely or not at all."""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from w2s_sim.book.pages import has_page, write_pages
from w2s_sim.errors import InputError
from w2s_sim.plotting import theorem_figures
from w2s_sim.plotting.style import to_svg
from w2s_sim.reports.page import render_page
from w2s_sim.statements import Statement
from w2s_sim.verify import Verdict
from w2s_sim.verify.battery import verdict_frame

FILE_ENDINGS = {"tightness": "", "curve": "-curve"}


def open_folder(path: Path) -> Path:
    """Create the folder if it is missing, and check that files can be written.

    Raises:
        InputError: If the folder cannot be created, or files cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise InputError("--out", f"{path} ({error.strerror})", "a folder that can be written") from None
    return path


def write_report(
    folder: Path, verdicts: Sequence[Verdict], statements: Sequence[Statement], manifest: dict[str, Any]
) -> Path:
    """Write verdicts.parquet, manifest.json, figures, pages of the book and report.html.

    figures/ID.svg shows measured / bound for every case of a theorem; figures/ID-curve.svg shows the measured
    numbers and the bound along one parameter. A figure without cases is left out. pages/ID.html is the page
    with the proof, together with the pages to which it links.

    The files of an interrupted run say that it was interrupted: the page in words, and the manifest and the
    attributes of the table under the key `partial_run`.

    Returns:
        The path of report.html.

    Raises:
        InputError: If a file cannot be written, for instance because the disk is full.
    """
    frame = verdict_frame(verdicts)
    figures = {}
    for statement in statements:
        rows = frame.loc[(frame["theorem"] == statement.id) & (frame["role"] == "theorem")]
        if not rows.empty:
            drawn = theorem_figures(rows, statement.plot_axis, statement.quantity)
            figures[statement.id] = {name: to_svg(figure) for name, figure in drawn.items()}
    # Parameters differ between cases; as JSON texts, they give the table the same columns in all runs.
    table = frame.assign(parameters=[json.dumps(parameters) for parameters in frame["parameters"]])
    if "partial_run" in manifest:
        table.attrs["partial_run"] = manifest["partial_run"]
    try:
        (folder / "figures").mkdir(exist_ok=True)
        pages = write_pages(folder / "pages", {s.page for s in statements if has_page(s.page)})
        links = {page: path.relative_to(folder).as_posix() for page, path in pages.items()}
        report = render_page(verdicts, statements, figures, manifest, links)
        _write_whole(folder / "verdicts.parquet", lambda path: table.to_parquet(path, index=False))
        _write_text(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
        for statement_id, drawn in figures.items():
            for name, svg in drawn.items():
                _write_text(folder / "figures" / f"{statement_id}{FILE_ENDINGS[name]}.svg", svg)
        _write_text(folder / "report.html", report)
    except OSError as error:
        given = f"{folder} ({error.strerror or error})"
        raise InputError("--out", given, "a folder that can be written") from None
    return folder / "report.html"


def _write_text(path: Path, text: str) -> None:
    _write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Write to a temporary file in the same folder, then replace the file in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_verdicts(folder: Path) -> pd.DataFrame:
    """Read the table of verdicts of a folder, with parameters as dictionaries."""
    frame = pd.read_parquet(folder / "verdicts.parquet")
    return frame.assign(parameters=[json.loads(text) for text in frame["parameters"]])
