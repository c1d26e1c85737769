"""The figures that a study asks for, drawn from its results and written beside them."""

import tempfile
from pathlib import Path

import pandas as pd

from w2s_sim.errors import InputError
from w2s_sim.files.figure_table import SAMPLE_SIZE, StudyFigure
from w2s_sim.files.study_file import Study
from w2s_sim.plotting.panels import save_figure
from w2s_sim.plotting.study import study_figure
from w2s_sim.runs.freshness import figure_mark
from w2s_sim.tasks.metric_labels import metric_label


def draw_figures(study: Study, results: pd.DataFrame, folder: Path) -> list[Path]:
    """Write figures/NAME.png, NAME.svg and NAME.csv, the numbers drawn, for every figure of a study.

    Args:
        study: As from `load_study`.
        results: Its table, one row per cell.
        folder: The one that holds the results.

    Returns:
        The paths of the PNG files.

    Raises:
        InputError: If a figure cannot be written; those before it are whole, and no file is half of one.
    """
    tasks = list({id(cell.case.task): cell.case.task for cell in study.cells}.values())
    paths = []
    for figure in study.figures:
        label = metric_label(figure.y, tasks)
        try:
            mark = figure_mark(study, figure, folder)
            paths.append(_draw(figure, results, label, folder / "figures", mark))
        except OSError as error:
            given = f"{folder / 'figures'} ({error.strerror or error}), for figure {figure.name!r}"
            raise InputError("--out", given, "a folder that can be written; the results are kept") from None
    return paths


def _draw(figure: StudyFigure, results: pd.DataFrame, label: str, folder: Path, mark: str) -> Path:
    if figure.x == SAMPLE_SIZE:
        # An estimator that consumes no weak pairs has no place on that axis: it is a level across it.
        results = results.assign(**{SAMPLE_SIZE: results[SAMPLE_SIZE].where(results[SAMPLE_SIZE] > 0)})
    picture, numbers = study_figure(
        results,
        x=figure.x,
        y=figure.y,
        colour=figure.colour,
        panel=figure.panel,
        log_x=figure.log_x,
        log_y=figure.log_y,
        y_label=label,
    )
    folder.mkdir(parents=True, exist_ok=True)
    # Drawn aside and moved when it is whole, so that a full disk leaves the figures of an earlier run.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".drawing-") as aside:
        save_figure(picture, numbers, Path(aside), figure.name, mark)
        # The SVG file last: it says what all three were drawn from.
        for path in sorted(Path(aside).iterdir()):
            path.replace(folder / path.name)
    return folder / f"{figure.name}.png"
