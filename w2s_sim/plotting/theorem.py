"""A theorem's figure: measured against bound along one axis, and the tightness of every case."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.plotting.labels import axis_label
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS, BLUE, GREY, VERMILION, figure_style

# Rows that differ in nothing but the axis (and what follows from it) make one curve.
DEPENDENT_COLUMNS = {"sample_size"}
SHORTEST_CURVE = 3
CURVE_LABELS = {
    "upper": "upper bound",
    "lower": "lower bound",
    "equality": "theory",
    "rate": "exact exponent",
}


def theorem_figure(rows: pd.DataFrame, axis: str, quantity: str) -> Figure:
    """Measured values with error bars against the bound, and measured / bound of every case.

    Args:
        rows: Verdicts of one theorem with the role "theorem", columns as of `verdict_frame`.
        axis: The parameter on the left panel's horizontal axis.
        quantity: What is measured, with its unit.
    """
    with figure_style():
        height = max(3.2, 0.21 * len(rows) + 0.9)
        figure = Figure(figsize=(10.5, height), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1, 0.9])
        _draw_curve(left, rows, axis, quantity)
        _draw_tightness(right, rows)
    return figure


def _draw_curve(axes: Axes, rows: pd.DataFrame, axis: str, quantity: str) -> None:
    axes.set_title("measured against the bound", loc="left")
    axes.set_xlabel(axis_label(axis))
    axes.set_ylabel(quantity)
    curve = longest_curve(rows, axis)
    if curve is None:
        note = "too few cases along this axis"
        axes.text(0.5, 0.5, note, ha="center", transform=axes.transAxes, color=GREY)
        return
    positions = [float(parameters[axis]) for parameters in curve["parameters"]]
    measured, bound, se = (curve[name].to_numpy() for name in ("measured", "bound", "se"))
    axes.errorbar(
        positions,
        measured,
        yerr=BAR_STANDARD_ERRORS * se,
        color=BLUE,
        marker="o",
        markersize=4,
        capsize=3,
        label="measured (± 2 standard errors)",
    )
    kind = CURVE_LABELS[curve["kind"].tolist()[0]]
    axes.plot(positions, bound, color=VERMILION, linestyle="--", marker="_", label=kind)
    if min(positions) > 0:
        axes.set_xscale("log", base=2)
    elif max(positions) > 0:
        # A log axis with room for zero.
        axes.set_xscale("symlog", linthresh=min(position for position in positions if position > 0))
    axes.set_xticks(positions, [f"{position:g}" for position in positions])
    axes.minorticks_off()
    if max(measured.max(), bound.max()) > 20 * measured.min() > 0:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.legend(loc="best")


def longest_curve(rows: pd.DataFrame, axis: str) -> pd.DataFrame | None:
    """The largest set of rows that differ along the axis alone, in its order; None if all are short."""
    groups: dict[str, list[tuple[float, int]]] = {}
    for position, parameters in enumerate(rows["parameters"]):
        if axis in parameters:
            rest = {k: v for k, v in parameters.items() if k != axis and k not in DEPENDENT_COLUMNS}
            groups.setdefault(repr(sorted(rest.items())), []).append((parameters[axis], position))
    longest = max(groups.values(), key=len, default=[])
    if len(longest) < SHORTEST_CURVE:
        return None
    return rows.iloc[[position for _, position in sorted(longest)]]


def _draw_tightness(axes: Axes, rows: pd.DataFrame) -> None:
    """Measured / bound with its interval; cases that are not judged are hollow."""
    shown = rows.loc[rows["bound"] != 0].iloc[::-1]
    bound = shown["bound"].to_numpy()
    ratios, low, high = (shown[name].to_numpy() / bound for name in ("measured", "ci_low", "ci_high"))
    # A lower end at zero has no place on a log axis: it is drawn to the edge.
    axes.hlines(range(len(shown)), np.maximum(low, 0.2 * ratios), high, color=BLUE)
    for level, (ratio, verdict) in enumerate(zip(ratios, shown["verdict"], strict=True)):
        judged = verdict in ("consistent", "certified", "refuted")
        face = BLUE if judged else "white"
        axes.plot(ratio, level, "o", markersize=4.5, markerfacecolor=face, markeredgecolor=BLUE)
    axes.axvline(1.0, color=VERMILION, linestyle="--")
    axes.set_xscale("log")
    axes.set_yticks(range(len(shown)), shown["case"].tolist(), fontsize=7.5)
    axes.set_ylim(-0.8, len(shown) - 0.2)
    axes.set_xlabel("measured / bound (intervals valid at every look)")
    axes.set_title("tightness (hollow: vacuous or not applicable)", loc="left")
