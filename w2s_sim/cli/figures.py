"""`w2s figures` and `w2s redraw`."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from w2s_sim.cli.arguments import Figures, Redraw
from w2s_sim.errors import InputError
from w2s_sim.figures import draw, redraw
from w2s_sim.files.picture_keys import FORMATS, parse_formats, parse_width
from w2s_sim.files.study_file import read_study
from w2s_sim.plotting.style import read_style
from w2s_sim.plugins import brought_in
from w2s_sim.reports.study_figures import draw_figures
from w2s_sim.runs.store import MANIFEST, RESULTS, Store


def run_figures(arguments: Figures) -> int:
    """Draw the figures, and print the paths of the pictures."""
    paths = draw(
        arguments.names,
        arguments.out,
        formats=parse_formats(arguments.format),
        width=arguments.width,
        style=arguments.style,
        fast=arguments.fast,
        cache=not arguments.no_cache,
        tell=lambda line: print(line, file=sys.stderr, flush=True),
    )
    return _print(paths)


def run_redraw(arguments: Redraw) -> int:
    """Draw the figures of a folder again, and print the paths of the pictures."""
    if (arguments.folder / MANIFEST).is_file():
        with brought_in(*arguments.plugins):
            return _print(_redraw_study(arguments))
    formats = FORMATS if arguments.format is None else parse_formats(arguments.format)
    return _print(
        redraw(
            arguments.folder,
            arguments.scripts,
            formats=formats,
            width=arguments.width,
            style=arguments.style,
        )
    )


def _redraw_study(arguments: Redraw) -> list[Path]:
    changes: dict[str, Any] = {}
    if arguments.width is not None:
        changes["width"] = parse_width(arguments.width)
    if arguments.format is not None:
        changes["formats"] = parse_formats(arguments.format)
    if arguments.style is not None:
        read_style(arguments.style)
    folder = arguments.folder
    Store(folder).require_plugins()
    study = read_study(Store(folder).kept_study())
    if not study.figures:
        raise InputError("folder", f"{folder}, whose study has no [[figure]]", "a study with figures")
    if not (folder / RESULTS).is_file():
        raise InputError("folder", f"{folder}, without {RESULTS}", "a study that has been run to its end")
    figures = tuple(dataclasses.replace(figure, **changes) for figure in study.figures)
    results = pd.read_parquet(folder / RESULTS)
    return draw_figures(dataclasses.replace(study, figures=figures), results, folder, arguments.style)


def _print(paths: Sequence[Path]) -> int:
    for path in paths:
        print(path)
    return 0
