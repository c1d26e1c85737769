"""Figures of one or more panels, each a few curves: measured values with bars, and what theory says."""

import dataclasses
from collections.abc import Sequence
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

Scale = Literal["linear", "log", "log2", "symlog2"]

# Measured curves differ in colour and in marker, theory's in colour and in dashes.
MEASURED = tuple(zip((BLUE, ORANGE, GREEN, SKY, GREY), ("o", "s", "^", "D", "v"), strict=True))
THEORY = tuple(zip((VERMILION, ORANGE, GREEN, SKY, GREY), ("--", ":", "-.", "--", ":"), strict=True))
PANEL_WIDTH, HEIGHT = 4.4, 3.9


@dataclasses.dataclass(frozen=True)
class Curve:
    """One curve of a panel.

    Attributes:
        label: Its name in the legend.
        x: Positions.
        y: Values.
        se: Monte Carlo standard errors of measured values; None for theory, which is drawn dashed.
        like: Index of the measured curve whose colour it takes.
        joined: Whether a line joins measured points.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    se: Sequence[float] | None = None
    like: int | None = None
    joined: bool = True


@dataclasses.dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: What it shows.
        x_label: Horizontal quantity with its unit.
        y_label: Vertical quantity with its unit.
        curves: Measured and theoretical curves.
        x_scale: Scale of the horizontal axis; "log2" ticks at the measured positions, "symlog2" does so and
            has room for 0.
        y_scale: Scale of the vertical axis.
        y_limits: Ends of the vertical axis; None for what the data need.
        lines: Horizontal reference lines by label.
        legend: Whether it has a legend: one panel's may serve its neighbours too.
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


def panels_figure(panels: Sequence[Panel], note: str = "") -> Figure:
    """The panels side by side.

    Args:
        panels: From left to right.
        note: A line of grey text below; what the error bars are is added to it.
    """
    with figure_style():
        figure = Figure(figsize=(PANEL_WIDTH * len(panels) + 0.4, HEIGHT), layout="constrained")
        for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
            _draw_panel(axes, panel)
        bars = f"Error bars: {BAR_STANDARD_ERRORS:g} Monte Carlo standard errors."
        measured = any(curve.se is not None for panel in panels for curve in panel.curves)
        text = " ".join(part for part in (note, bars if measured else "") if part)
        if text:
            figure.supxlabel(text, fontsize=7.5, color=GREY, x=0.01, ha="left")
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    num_measured = num_theory = 0
    for curve in panel.curves:
        if curve.se is None:
            colour, dashes = THEORY[num_theory % len(THEORY)]
            num_theory += 1
            if curve.like is not None:
                colour = MEASURED[curve.like][0]
            axes.plot(
                curve.x,
                curve.y,
                color=colour,
                linestyle=dashes,
                linewidth=1.5,
                label=curve.label or "_nolegend_",
            )
            continue
        colour, marker = MEASURED[num_measured % len(MEASURED)]
        num_measured += 1
        axes.errorbar(
            curve.x,
            curve.y,
            yerr=BAR_STANDARD_ERRORS * np.asarray(curve.se),
            color=colour,
            marker=marker,
            markersize=4.5,
            capsize=2.5,
            linewidth=1.2,
            linestyle="-" if curve.joined else "none",
            label=curve.label,
        )
    for label, level in panel.lines.items():
        axes.axhline(level, color=GREY, linewidth=1.0, linestyle=(0, (1, 1)), label=label)
    _set_axes(axes, panel)


def _set_axes(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, loc="left")
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    if panel.x_scale in ("log2", "symlog2"):
        if panel.x_scale == "log2":
            axes.set_xscale("log", base=2)
        else:
            axes.set_xscale("symlog", base=2, linthresh=1.0)
        ticks = sorted({float(x) for curve in panel.curves if curve.se is not None for x in curve.x})
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    elif panel.x_scale == "log":
        axes.set_xscale("log")
    if panel.y_scale != "linear":
        axes.set_yscale("log")
    axes.set_ylim(*panel.y_limits)
    if panel.legend:
        axes.legend(loc="best", fontsize=7.5)


def save_figure(figure: Figure, table: pd.DataFrame, folder: Path, name: str) -> Path:
    """Write NAME.png, NAME.svg and the numbers that were drawn, NAME.csv; returns the first's path."""
    folder.mkdir(parents=True, exist_ok=True)
    with figure_style():
        figure.savefig(folder / f"{name}.png")
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    return folder / f"{name}.png"


def curves_table(panels: Sequence[Panel]) -> pd.DataFrame:
    """The numbers of a figure, one row per point: panel, curve, x, y, se."""
    rows = []
    for panel in panels:
        for curve in panel.curves:
            errors: ArrayLike = np.full(len(curve.x), np.nan) if curve.se is None else np.asarray(curve.se)
            for x, y, se in zip(curve.x, curve.y, errors, strict=True):
                rows.append({"panel": panel.title, "curve": curve.label, "x": x, "y": y, "se": se})
    return pd.DataFrame(rows)
