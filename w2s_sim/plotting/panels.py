"""Figures of one or more panels with a few curves each: measured values with error bars, and theory."""

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from jaxtyping import ArrayLike
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from w2s_sim.plotting.looks import SERIES, THEORIES, Look, Values, draw_line, draw_measured
from w2s_sim.plotting.marks import legend_below, legends_of_panels, mark_leaving
from w2s_sim.plotting.paper_page import (
    POINTS_PER_INCH,
    Page,
    axis_width,
    label_axes,
    letters_in,
    make_room,
    title_panels,
)
from w2s_sim.plotting.saving import write_figure
from w2s_sim.plotting.style import BLACK, GREY, figure_style
from w2s_sim.plotting.ticks import mark_values, set_plain_ticks

Scale = Literal["linear", "log", "log2", "symlog2"]
# Height of a line of text, as a multiple of its letters, and the margin around texts in inches.
LINE, MARGIN = 1.25, 0.04


@dataclasses.dataclass(frozen=True)
class Curve:
    """One curve of a panel.

    Attributes:
        label: Name in the legend.
        x: Positions.
        y: Values.
        se: Monte Carlo standard errors of measured values; None for theory, which is drawn dashed.
        look: Colour, marker and dashes; None for the next look of the measured or theoretical curves.
        joined: Whether a line joins the measured points.
        named: Whether the label appears in the legend, or only in the table of numbers.
    """

    label: str
    x: Values
    y: Values
    se: Values | None = None
    look: Look | None = None
    joined: bool = True
    named: bool = True


@dataclasses.dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Title of the panel.
        x_label: Horizontal quantity with its unit.
        y_label: Vertical quantity with its unit.
        curves: Measured and theoretical curves.
        x_scale: Scale of the horizontal axis; "log2" and "symlog2" have ticks at the measured positions, and
            "symlog2" can show 0.
        y_scale: Scale of the vertical axis.
        x_limits: Ends of the horizontal axis; None for an end that follows from the data.
        y_limits: Ends of the vertical axis; None for an end that follows from the data.
        x_ticks: Tick labels of the horizontal axis by position, "" for a tick without a label; None for the
            ticks of the scale.
        remark: Text in the middle of the panel, such as the reason why it is empty.
    """

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    x_limits: tuple[float | None, float | None] = (None, None)
    y_limits: tuple[float | None, float | None] = (None, None)
    x_ticks: Mapping[float, str] | None = None
    remark: str = ""


def panels_figure(
    panels: Sequence[Panel],
    page: Page | None = None,
    *,
    title: str = "",
    note: str = "",
    legend: Sequence[str] | Literal["common", "own"] = "common",
    height: float | None = None,
    most_columns: int = 3,
) -> Figure:
    """Draw panels side by side as far as the page allows.

    Args:
        panels: The panels, from left to right, row by row.
        page: The page; both columns of a paper by default.
        title: Title above all panels.
        note: Grey text below the panels.
        legend: "common" for one legend below all panels, "own" for a legend of each panel, or the labels of
            a common legend in their order; none if empty.
        height: Height of a row of panels in inches; None for a height that suits the width.
        most_columns: Largest number of panels side by side.
    """
    page = page or Page()
    with figure_style():
        figure, grid = page.figure(len(panels), most_columns=most_columns, height=height)
        title_panels(grid, [panel.title for panel in panels])
        for axes, panel in zip(grid, panels, strict=True):
            _draw_panel(axes, panel)
        _label_rows_once(grid)
        _write_around(figure, title, note)
        if legend == "own":
            legends_of_panels(figure)
        elif legend:
            legend_below(figure, None if legend == "common" else legend)
        for axes in grid:
            mark_leaving(axes)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    num_measured = num_theory = 0
    for curve in panel.curves:
        label = curve.label if curve.named else ""
        if curve.se is None:
            look = curve.look or THEORIES[num_theory % len(THEORIES)]
            num_theory += curve.look is None
            line = draw_line(axes, look, curve.x, curve.y, label)
            if len(curve.x) == 1:
                # A single point has no visible line.
                line.set(marker="_", markersize=12)
            continue
        look = curve.look or SERIES[num_measured % len(SERIES)]
        num_measured += curve.look is None
        draw_measured(axes, look, curve.x, curve.y, curve.se, label, joined=curve.joined)
    if panel.remark:
        axes.text(0.5, 0.5, panel.remark, transform=axes.transAxes, ha="center", va="center", color=GREY)
    _set_axes(axes, panel)
    if not panel.curves:
        axes.set(xticks=[], yticks=[])


def _set_axes(axes: Axes, panel: Panel) -> None:
    label_axes(axes, panel.x_label, panel.y_label)
    if panel.x_scale in ("log2", "symlog2"):
        if panel.x_scale == "log2":
            axes.set_xscale("log", base=2)
        else:
            axes.set_xscale("symlog", base=2, linthresh=1.0)
        measured = [float(x) for curve in panel.curves if curve.se is not None for x in curve.x]
        mark_values(axes.xaxis, measured, axis_width(axes))
    else:
        axes.set_xscale(panel.x_scale)
        set_plain_ticks(axes.xaxis)
    if panel.x_ticks is not None:
        axes.set_xticks(list(panel.x_ticks), list(panel.x_ticks.values()))
        axes.minorticks_off()
    axes.set_yscale("linear" if panel.y_scale == "linear" else "log")
    set_plain_ticks(axes.yaxis)
    axes.set_xlim(*panel.x_limits)
    axes.set_ylim(*panel.y_limits)


def _label_rows_once(grid: Sequence[Axes]) -> None:
    """Remove the vertical label of a panel whose neighbour to the left has the same."""
    labels = [axes.get_ylabel() for axes in grid]
    for axes, label, before in zip(grid[1:], labels[1:], labels, strict=False):
        spec = axes.get_subplotspec()
        if spec and spec.colspan.start > 0 and label == before:
            axes.set_ylabel("")


def _write_around(figure: Figure, title: str, note: str) -> None:
    """Write a title above the panels and a note below them, for which the figure grows."""
    for text, is_title in ((title, True), (note, False)):
        if not text:
            continue
        size = float(mpl.rcParams["font.size" if is_title else "legend.fontsize"])
        text = textwrap.fill(text, letters_in(figure.get_figwidth() - 2 * MARGIN, size))
        height = MARGIN + LINE * size * (text.count("\n") + 1) / POINTS_PER_INCH
        make_room(figure, above=height if is_title else 0.0, below=0.0 if is_title else height)
        figure.add_artist(
            Annotation(
                text,
                (0.0, 1.0 if is_title else 0.0),
                xycoords="figure fraction",
                xytext=(MARGIN * POINTS_PER_INCH, (-MARGIN if is_title else MARGIN) * POINTS_PER_INCH),
                textcoords="offset points",
                va="top" if is_title else "bottom",
                fontsize=size,
                color=BLACK if is_title else GREY,
            )
        )


def save_figure(
    figure: Figure,
    table: pd.DataFrame,
    folder: Path,
    name: str,
    mark: str = "",
    formats: Sequence[str] = ("png", "svg"),
) -> Path:
    """Write a figure as NAME.FORMAT, and its numbers as NAME.csv; return the path of the first picture.

    Args:
        figure: The figure.
        table: The numbers that were drawn.
        folder: Folder of the files; created if it does not exist.
        name: Name of the files, without extension.
        mark: Identifier in the metadata of the pictures; none by default.
        formats: Some of "png", "svg" and "pdf".
    """
    paths = write_figure(figure, folder, name, formats, mark)
    table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    return paths[0]


def curves_table(panels: Sequence[Panel]) -> pd.DataFrame:
    """Return the numbers of a figure as a table with one row per point: panel, curve, x, y, se."""
    rows = []
    for panel in panels:
        for curve in panel.curves:
            errors: ArrayLike = np.full(len(curve.x), np.nan) if curve.se is None else np.asarray(curve.se)
            for x, y, se in zip(curve.x, curve.y, errors, strict=True):
                rows.append({"panel": panel.title, "curve": curve.label, "x": x, "y": y, "se": se})
    return pd.DataFrame(rows, columns=["panel", "curve", "x", "y", "se"])
