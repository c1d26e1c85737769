"""Drawing the figures of a folder again from the data that lie there, without computing."""

from collections.abc import Sequence
from pathlib import Path

from w2s_sim.errors import InputError
from w2s_sim.figures.contract import PaperFigure
from w2s_sim.figures.drawing import write_drawn
from w2s_sim.figures.finding import load_figure
from w2s_sim.figures.record import FigureRecord, read_record
from w2s_sim.files.picture_keys import FORMATS, parse_formats, parse_width
from w2s_sim.plotting.paper_page import Page
from w2s_sim.plotting.style import read_style


def redraw(
    folder: Path | str,
    scripts: Sequence[str | PaperFigure] = (),
    *,
    formats: Sequence[str] = FORMATS,
    width: str | float | None = None,
    style: Path | str | None = None,
) -> list[Path]:
    """Draw the figures of a folder again from their records NAME.json; nothing is computed.

    Args:
        folder: Folder that `draw` or `w2s figures` has written.
        scripts: Scripts of your own, or figures, for records that are not those of the project's figures.
        formats: Some of "pdf", "svg" and "png".
        width: "single", "double" or a number of inches; by default, each figure keeps its width.
        style: File of matplotlib settings that has precedence over all others.

    Returns:
        The paths of the pictures.

    Raises:
        InputError: If the folder has no record, or an argument is invalid; nothing is drawn then.
    """
    folder, style = Path(folder), Path(style) if style is not None else None
    formats = parse_formats(list(formats))
    page = None if width is None else Page(parse_width(width))
    if style is not None:
        read_style(style)
    own = {figure.name: figure for figure in map(_figure, scripts)}
    records = records_in(folder)
    if not records:
        raise InputError("folder", str(folder), "a folder with figures and their data NAME.json")
    figures = [own.get(record.name) or load_figure(record.name) for record in records]
    paths = []
    for figure, record in zip(figures, records, strict=True):
        own_page = figure.page if record.width is None else Page(record.width)
        paths += write_drawn(figure, record, folder, page or own_page, formats=formats, style=style)
    return paths


def records_in(folder: Path) -> list[FigureRecord]:
    """Return the records in a folder in the order of their names; other JSON files are passed over.

    Raises:
        InputError: If a file that lies beside a picture of its name is no record of a figure.
    """
    records = []
    for path in sorted(folder.glob("*.json")):
        if any(path.with_suffix(f".{form}").exists() for form in FORMATS):
            records.append(read_record(path))
    return records


def _figure(script: str | PaperFigure) -> PaperFigure:
    return script if isinstance(script, PaperFigure) else load_figure(script)
