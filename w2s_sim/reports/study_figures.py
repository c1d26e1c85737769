"""Drawing the figures of a study from its results."""

import tempfile
from pathlib import Path

import pandas as pd

from w2s_sim.errors import InputError
from w2s_sim.files.figure_table import SAMPLE_SIZE, StudyFigure
from w2s_sim.files.study_file import Study
from w2s_sim.plotting.panels import save_figure
from w2s_sim.plotting.paper_page import Page
from w2s_sim.plotting.study import study_figure
from w2s_sim.plotting.style import figure_style
from w2s_sim.runs.freshness import figure_mark
from w2s_sim.tasks.metric_labels import metric_label


def draw_figures(study: Study, results: pd.DataFrame, folder: Path, style: Path | None = None) -> list[Path]:
    """Write figures/NAME.png, NAME.svg and NAME.csv (the plotted numbers) for every figure of a study.

    A figure may ask for other formats.

    Args:
        study: A study as from `load_study`.
        results: Its table of results, one row per cell.
        folder: The folder of the results.
        style: File of matplotlib settings that has precedence over all others.

    Returns:
        The path of the first picture of each figure.

    Raises:
        InputError: If a figure cannot be written; earlier figures are complete, and no file is partly
            written.
    """
    tasks = list({id(cell.case.task): cell.case.task for cell in study.cells}.values())
    paths = []
    for figure in study.figures:
        label = metric_label(figure.y, tasks)
        try:
            mark = figure_mark(study, figure, folder)
            with figure_style(style):
                paths.append(_draw(figure, results, label, folder / "figures", mark))
        except OSError as error:
            given = f"{folder / 'figures'} ({error.strerror or error}), for figure {figure.name!r}"
            raise InputError("--out", given, "a folder that can be written; the results are kept") from None
    return paths


def _draw(figure: StudyFigure, results: pd.DataFrame, label: str, folder: Path, mark: str) -> Path:
    if figure.x == SAMPLE_SIZE:
        # An estimator that uses no weak pairs has no place on this axis, and is drawn as a horizontal line.
        results = results.assign(**{SAMPLE_SIZE: results[SAMPLE_SIZE].where(results[SAMPLE_SIZE] > 0)})
    picture, numbers = study_figure(
        results,
        x=figure.x,
        y=figure.y,
        colour=figure.colour,
        panel=figure.panel,
        log_x=figure.log_x,
        log_y=figure.log_y,
        x_label=figure.x_label,
        y_label=figure.y_label or label,
        title=figure.title,
        order=figure.order,
        page=None if figure.width is None else Page(figure.width),
    )
    folder.mkdir(parents=True, exist_ok=True)
    # Draw in a temporary folder and move complete files, so that a full disk leaves the earlier figures as
    # they are.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".drawing-") as aside:
        first = save_figure(picture, numbers, Path(aside), figure.name, mark, figure.formats)
        # The pictures are moved last: they record from what all files were drawn.
        for path in sorted(Path(aside).iterdir(), key=lambda path: path.suffix != ".csv"):
            path.replace(folder / path.name)
    return folder / first.name
