"""Drawing figures into a folder: pictures, the data NAME.json and the caption NAME.txt."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from w2s_sim.errors import InputError
from w2s_sim.figures.contract import PaperFigure
from w2s_sim.figures.data import computed_record, kept_record
from w2s_sim.figures.finding import figure_names, load_figure
from w2s_sim.figures.record import FigureRecord, write_record
from w2s_sim.files.picture_keys import FORMATS, parse_formats, parse_width
from w2s_sim.plotting.paper_page import Page
from w2s_sim.plotting.saving import write_figure
from w2s_sim.plotting.style import GREY, figure_style, read_style

DRAFT = "draft"


def draw(
    names: Sequence[str | PaperFigure] = (),
    out: Path | str = "w2s-figures",
    *,
    formats: Sequence[str] = FORMATS,
    width: str | float | None = None,
    style: Path | str | None = None,
    fast: bool = False,
    cache: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Draw figures, and write each as NAME.FORMAT with its data NAME.json and its caption NAME.txt.

    Args:
        names: Names of figures, paths of scripts of your own, or figures; all figures of the project by
            default.
        out: Folder of the files; created if it does not exist.
        formats: Some of "pdf", "svg" and "png".
        width: "single" (3.25 inches), "double" (6.75) or a number of inches; by default, the width of each
            figure.
        style: File of matplotlib settings that has precedence over all others.
        fast: Whether drafts with few replicates suffice; "draft" is written on them.
        cache: Whether data that are kept may be used, and new ones are kept.
        tell: Called with a line on each figure.

    Returns:
        The paths of the pictures.

    Raises:
        InputError: If an argument is invalid; nothing is computed then.
    """
    folder, style = Path(out), Path(style) if style is not None else None
    page = None if width is None else Page(parse_width(width))
    formats = parse_formats(list(formats))
    if style is not None:
        read_style(style)
    given = names or figure_names()
    figures = [figure if isinstance(figure, PaperFigure) else load_figure(figure) for figure in given]
    _require_distinct(figures)
    _require_writable(folder)
    paths = []
    for figure in figures:
        record = kept_record(figure, fast, folder) if cache else None
        tell(f"{figure.name}: {'computing' if record is None else 'drawing from kept data'}")
        if record is None:
            record = computed_record(figure, fast, keep=cache)
        paths += write_drawn(figure, record, folder, page or figure.page, formats=formats, style=style)
    return paths


def write_drawn(
    figure: PaperFigure,
    record: FigureRecord,
    folder: Path,
    page: Page,
    *,
    formats: Sequence[str] = FORMATS,
    style: Path | None = None,
) -> list[Path]:
    """Draw a figure from a record, and write pictures, data and caption; return the paths of the pictures."""
    with figure_style(style):
        picture = drawn(figure, record, page)
        paths = write_figure(picture, folder, figure.name, formats)
    caption = figure.caption_of(record.frames)
    if record.fast:
        caption = f"Draft with few replicates. {caption}"
    (folder / f"{figure.name}.txt").write_text(f"{caption}\n", encoding="utf-8")
    write_record(record.model_copy(update={"width": page.width}), folder / f"{figure.name}.json")
    return paths


def drawn(figure: PaperFigure, record: FigureRecord, page: Page) -> Figure:
    """Return the picture of a record, drawn for a page; drafts say that they are drafts."""
    with figure_style():
        picture = figure.draw(record.frames, page)
        if record.fast:
            picture.text(
                0.5, 0.5, DRAFT, fontsize=30.0, color=GREY, alpha=0.25, rotation=30, ha="center", va="center"
            )
    return picture


def figure_script(figure: PaperFigure) -> None:
    """Draw a figure whose script is run by Python, into the folder of the first argument.

    The default folder is `gallery` beside the script. `w2s figures` has more options.
    """
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else figure.script.parent / "gallery"
    for path in draw(
        [figure], folder, formats=("svg", "png"), tell=lambda line: print(line, file=sys.stderr)
    ):
        print(f"wrote {path}")


def _require_distinct(figures: Sequence[PaperFigure]) -> None:
    names = [figure.name for figure in figures]
    for name in names:
        if names.count(name) > 1:
            raise InputError("figure", f"{name!r} {names.count(name)} times", "figures of different names")


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".w2s-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError("--out", f"{folder} ({error.strerror})", "a folder that can be written") from None
