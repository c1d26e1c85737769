"""Figures of one or more panels with a few curves each: measured values with error bars, and theory."""

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import ArrayLike
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.plotting.style import (
    BAR_STANDARD_ERRORS,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    figure_style,
)
from w2s_sim.plotting.ticks import mark_values, set_plain_ticks

Scale = Literal["linear", "log", "log2", "symlog2"]

# Measured curves differ in colour and in marker, theoretical curves in colour and in dashes.
MEASURED = tuple(zip((BLUE, ORANGE, GREEN, SKY, GREY), ("o", "s", "^", "D", "v"), strict=True))
THEORY = tuple(zip((VERMILION, ORANGE, GREEN, SKY, GREY), ("--", ":", "-.", "--", ":"), strict=True))
PANEL_WIDTH, HEIGHT = 4.4, 3.9
MOST_COLUMNS = 3
# Number of letters of the note that fit in an inch.
NOTE_LETTERS = 16

# Matplotlib's dash pattern: the offset at which the line begins, and the lengths of dashes and gaps.
Dashes = tuple[float, tuple[float, ...]]


@dataclasses.dataclass(frozen=True)
class Curve:
    """One curve of a panel.

    Attributes:
        label: Name in the legend.
        x: Positions.
        y: Values.
        se: Monte Carlo standard errors of measured values; None for theory, which is drawn dashed.
        like: Index of the measured curve whose colour a theoretical curve takes.
        joined: Whether a line joins the measured points.
        colour: Colour; None for the next colour of the cycle.
        marker: Marker of measured points; "" for no marker, None for the next one of the cycle.
        dashes: Dashes of a theoretical curve; None for the next ones of the cycle.
        named: Whether the label appears in the legend, or only in the table of numbers.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    se: Sequence[float] | None = None
    like: int | None = None
    joined: bool = True
    colour: str | None = None
    marker: str | None = None
    dashes: Dashes | None = None
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
        y_limits: Ends of the vertical axis; None for an end that follows from the data.
        lines: Horizontal reference lines by label.
        legend: Whether the panel has a legend: that of a neighbour may suffice.
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
    y_limits: tuple[float | None, float | None] = (None, None)
    lines: dict[str, float] = dataclasses.field(default_factory=dict)
    legend: bool = True
    x_ticks: Mapping[float, str] | None = None
    remark: str = ""


def panels_figure(panels: Sequence[Panel], note: str = "", common_legend: Sequence[str] = ()) -> Figure:
    """Draw panels side by side, in rows of at most three.

    Args:
        panels: The panels, from left to right, row by row.
        note: Grey text below the panels; an explanation of the error bars is appended.
        common_legend: Labels, in order, of one legend beside the panels; if empty, each panel has a legend of
            its own.
    """
    num_rows = -(-len(panels) // MOST_COLUMNS)
    num_columns = -(-len(panels) // num_rows)
    if common_legend:
        panels = [dataclasses.replace(panel, legend=False) for panel in panels]
    with figure_style():
        size = (PANEL_WIDTH * num_columns + 0.4, HEIGHT * num_rows)
        figure = Figure(figsize=size, layout="constrained")
        grid = np.atleast_1d(figure.subplots(num_rows, num_columns)).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            _draw_panel(axes, panel)
        for axes in grid[len(panels) :]:
            axes.remove()
        if common_legend:
            _draw_legend(figure, common_legend)
        bars = f"Error bars: {BAR_STANDARD_ERRORS:g} Monte Carlo standard errors."
        measured = any(curve.se is not None for panel in panels for curve in panel.curves)
        text = " ".join(part for part in (note, bars if measured else "") if part)
        if text:
            text = textwrap.fill(text, int(NOTE_LETTERS * figure.get_figwidth()))
            figure.supxlabel(text, fontsize=7.5, color=GREY, x=0.01, ha="left")
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    num_measured = num_theory = 0
    for curve in panel.curves:
        label = curve.label if curve.label and curve.named else "_nolegend_"
        if curve.se is None:
            colour, dashes = THEORY[num_theory % len(THEORY)]
            num_theory += 1
            if curve.like is not None:
                colour = MEASURED[curve.like][0]
            axes.plot(
                curve.x,
                curve.y,
                color=curve.colour or colour,
                linestyle=curve.dashes or dashes,
                linewidth=1.5,
                # A single point has no visible line.
                marker="_" if len(curve.x) == 1 else None,
                markersize=12,
                label=label,
            )
            continue
        colour, marker = MEASURED[num_measured % len(MEASURED)]
        num_measured += 1
        axes.errorbar(
            curve.x,
            curve.y,
            yerr=BAR_STANDARD_ERRORS * np.asarray(curve.se),
            color=curve.colour or colour,
            marker=marker if curve.marker is None else curve.marker,
            markersize=4.5,
            capsize=2.5,
            linewidth=1.2,
            linestyle="-" if curve.joined else "none",
            label=label,
        )
    for label, level in panel.lines.items():
        axes.axhline(level, color=GREY, linewidth=1.0, linestyle=(0, (1, 1)), label=label)
    if panel.remark:
        axes.text(0.5, 0.5, panel.remark, transform=axes.transAxes, ha="center", va="center", color=GREY)
    _set_axes(axes, panel)
    if not panel.curves:
        axes.set(xticks=[], yticks=[])


def _draw_legend(figure: Figure, labels: Sequence[str]) -> None:
    """Draw one legend beside the panels, and widen the figure so that the panels keep their width."""
    handles = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    legend = figure.legend(
        [handles[label] for label in labels], labels, loc="outside right upper", fontsize=8
    )
    width = legend.get_window_extent().width / figure.dpi
    figure.set_figwidth(figure.get_figwidth() + width + 0.15)


def _set_axes(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, loc="left")
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    if panel.x_scale in ("log2", "symlog2"):
        if panel.x_scale == "log2":
            axes.set_xscale("log", base=2)
        else:
            axes.set_xscale("symlog", base=2, linthresh=1.0)
        measured = [float(x) for curve in panel.curves if curve.se is not None for x in curve.x]
        mark_values(axes.xaxis, measured, 0.75 * PANEL_WIDTH)
    else:
        axes.set_xscale(panel.x_scale)
        set_plain_ticks(axes.xaxis)
    if panel.x_ticks is not None:
        axes.set_xticks(list(panel.x_ticks), list(panel.x_ticks.values()))
        axes.minorticks_off()
    axes.set_yscale("linear" if panel.y_scale == "linear" else "log")
    set_plain_ticks(axes.yaxis)
    axes.set_ylim(*panel.y_limits)
    if panel.legend:
        axes.legend(loc="best", fontsize=7.5)


def save_figure(figure: Figure, table: pd.DataFrame, folder: Path, name: str, mark: str = "") -> Path:
    """Write a figure as NAME.png and NAME.svg, and its numbers as NAME.csv; return the path of NAME.png.

    Args:
        figure: The figure.
        table: The numbers that were drawn.
        folder: Folder of the files; created if it does not exist.
        name: Name of the files, without extension.
        mark: Identifier in the metadata of the SVG file; none by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with figure_style():
        figure.savefig(folder / f"{name}.png")
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Identifier": mark or None})
    table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    return folder / f"{name}.png"


def curves_table(panels: Sequence[Panel]) -> pd.DataFrame:
    """Return the numbers of a figure as a table with one row per point: panel, curve, x, y, se."""
    rows = []
    for panel in panels:
        for curve in panel.curves:
            errors: ArrayLike = np.full(len(curve.x), np.nan) if curve.se is None else np.asarray(curve.se)
            for x, y, se in zip(curve.x, curve.y, errors, strict=True):
                rows.append({"panel": panel.title, "curve": curve.label, "x": x, "y": y, "se": se})
    return pd.DataFrame(rows, columns=["panel", "curve", "x", "y", "se"])
