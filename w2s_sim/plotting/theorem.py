"""A theorem's figures: measured values and bound along one parameter, and measured / bound of every case."""

import re
import textwrap
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.plotting.labels import axis_label
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS, BLUE, GREY, VERMILION, figure_style
from w2s_sim.plotting.ticks import mark_values, set_plain_ticks

# Columns that follow from the parameter on the axis: rows that otherwise differ only in it form one curve.
DEPENDENT_COLUMNS = {"sample_size"}
SHORTEST_CURVE = 3
CURVE_LABELS = {
    "upper": "upper bound",
    "lower": "lower bound",
    "equality": "theory",
    "rate": "exact exponent",
}
# Inches: narrow enough for a telephone screen, where the letters of a wider figure would be too small.
WIDTH, LINE_HEIGHT = 4.8, 0.14
# Number of letters of a case's name on one line.
NAME_LETTERS = 30
# Values that span more than this factor are shown on a logarithmic axis.
LINEAR_FACTOR = 10.0
# An interval may extend the axis by the first share of the range of the points, or by the second quantile of
# the intervals' lengths if that is more.
INTERVAL_REACH, USUAL_INTERVAL = 0.6, 0.75
JUDGED = ("consistent", "certified")
NUMBER = re.compile(r"[\d.]+(e[+-]?\d+)?")
# Number of letters of a quantity on one line beside its axis.
QUANTITY_LETTERS = 38


def theorem_figures(rows: pd.DataFrame, axis: str, quantity: str) -> dict[str, Figure]:
    """Return the figures "curve" and "tightness" of a theorem, each only if there are enough cases for it.

    Args:
        rows: Verdicts of one theorem with the role "theorem", columns as in `verdict_frame`.
        axis: The preferred parameter on the horizontal axis of the curve.
        quantity: The measured quantity, with its unit.
    """
    figures = {"curve": curve_figure(rows, axis, quantity), "tightness": tightness_figure(rows)}
    return {name: figure for name, figure in figures.items() if figure is not None}


def curve_figure(rows: pd.DataFrame, axis: str, quantity: str) -> Figure | None:
    """Draw measured values with error bars, and the bound, along one parameter; None without enough cases.

    Args:
        rows: Verdicts of one theorem with the role "theorem", columns as in `verdict_frame`.
        axis: The parameter on the horizontal axis, if enough cases differ only in it; else another parameter
            is used.
        quantity: The measured quantity, with its unit.
    """
    found = longest_curve(rows, axis)
    if found is None:
        return None
    axis, curve = found
    positions = [float(parameters[axis]) for parameters in curve["parameters"]]
    measured, bound, se = (curve[name].to_numpy(dtype=float) for name in ("measured", "bound", "se"))
    with figure_style():
        figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.errorbar(
            positions,
            measured,
            yerr=BAR_STANDARD_ERRORS * se,
            color=BLUE,
            marker="o",
            markersize=4,
            capsize=3,
            label=f"measured ± {BAR_STANDARD_ERRORS:g} standard errors" if se.any() else "computed exactly",
        )
        kind = CURVE_LABELS[curve["kind"].tolist()[0]]
        axes.plot(positions, bound, color=VERMILION, linestyle="--", marker="_", label=kind)
        axes.set(xlabel=axis_label(axis), ylabel=_in_lines(quantity))
        # Above the axes: inside, the legend would cover the data.
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
        _scale_across(axes, positions)
        _scale_up(axes, np.concatenate([measured, bound]))
    return figure


def _in_lines(quantity: str) -> str:
    """Return a quantity with its unit on a second line if both are too long for one line."""
    name, bracket, unit = quantity.partition(" (")
    return quantity if len(quantity) <= QUANTITY_LETTERS else f"{name}\n{bracket.strip()}{unit}".strip()


def longest_curve(rows: pd.DataFrame, axis: str) -> tuple[str, pd.DataFrame] | None:
    """Return a parameter, and the largest set of rows that differ only in it, sorted by it.

    Args:
        rows: Columns case, measured, bound and parameters.
        axis: The parameter that is preferred to all others.

    Returns:
        None if every such set is too short to show a dependence.
    """
    drawable = rows.loc[np.isfinite(rows["measured"].to_numpy()) & np.isfinite(rows["bound"].to_numpy())]
    names = dict.fromkeys(name for parameters in drawable["parameters"] for name in parameters)
    for group in ([axis], [name for name in names if name != axis and name not in DEPENDENT_COLUMNS]):
        curves = [(name, _longest_along(drawable, name)) for name in group]
        name, longest = max(curves, key=lambda curve: len(curve[1]), default=("", []))
        if len(longest) >= SHORTEST_CURVE:
            return name, drawable.iloc[longest]
    return None


def _longest_along(rows: pd.DataFrame, axis: str) -> list[int]:
    """Return the positions of the largest set of rows that differ only in the parameter, sorted by it."""
    groups: dict[str, dict[float, int]] = {}
    for place, (case, parameters) in enumerate(zip(rows["case"], rows["parameters"], strict=True)):
        if _is_number(parameters.get(axis)):
            rest = {k: v for k, v in parameters.items() if k != axis and k not in DEPENDENT_COLUMNS}
            # Parameters do not describe a case completely: the law of the label noise is only in its name.
            words = NUMBER.sub("", case)
            curve = groups.setdefault(repr((words, sorted(rest.items()))), {})
            curve.setdefault(float(parameters[axis]), place)
    longest = max(groups.values(), key=len, default={})
    return [place for _, place in sorted(longest.items())]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(float(value)))


def _scale_across(axes: Axes, positions: list[float]) -> None:
    """Set a horizontal scale on which all positions can be told apart, with ticks at the positions."""
    if min(positions) > 0:
        axes.set_xscale("log", base=2)
    elif min(positions) == 0:
        # A logarithmic axis that can show zero.
        axes.set_xscale("symlog", linthresh=min(position for position in positions if position > 0))
    mark_values(axes.xaxis, positions, 0.75 * WIDTH)


def _scale_up(axes: Axes, values: Float[np.ndarray, " n"]) -> None:
    low, high = float(values.min()), float(values.max())
    if low > 0 and high > LINEAR_FACTOR * low:
        axes.set_yscale("log")
    elif 0 <= low < 0.5 * high:
        axes.set_ylim(bottom=0)
    set_plain_ticks(axes.yaxis)


def tightness_figure(rows: pd.DataFrame) -> Figure | None:
    """Draw measured / bound of every case with its interval; None if no case has such a ratio.

    Args:
        rows: Verdicts of one theorem with the role "theorem", columns as in `verdict_frame`.
    """
    measured, bound = (rows[name].to_numpy(dtype=float) for name in ("measured", "bound"))
    # A negative lower bound on a nonnegative quantity says nothing, and neither does its ratio.
    usable = np.isfinite(bound) & (bound != 0) & np.isfinite(measured) & (measured * bound >= 0)
    # Reversed, so that the first case is on top.
    shown = rows.loc[usable].iloc[::-1]
    if shown.empty:
        return None
    bound = shown["bound"].to_numpy(dtype=float)
    ratios, *ends = (shown[name].to_numpy(dtype=float) / bound for name in ("measured", "ci_low", "ci_high"))
    low, high = np.minimum(*ends), np.maximum(*ends)
    names = [textwrap.fill(name, NAME_LETTERS) for name in shown["case"]]
    heights = np.asarray([LINE_HEIGHT * (name.count("\n") + 1) + 0.09 for name in names])
    levels = np.cumsum(heights) - heights / 2
    with figure_style():
        figure = Figure(figsize=(WIDTH, float(heights.sum()) + 0.75), layout="constrained")
        axes = figure.subplots()
        axes.axvline(1.0, color=VERMILION, linestyle="--", linewidth=1.2)
        left, right = _set_ratio_axis(axes, ratios, low, high)
        axes.hlines(levels, np.maximum(low, left), np.minimum(high, right), color=BLUE)
        for ratio, level, verdict in zip(ratios, levels, shown["verdict"], strict=True):
            axes.plot(ratio, level, markersize=4.5, zorder=3, linestyle="none", **_mark(verdict))
        axes.set_yticks(levels, names, fontsize=8)
        axes.set_ylim(0.0, float(heights.sum()))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("measured / bound, and interval")
        if len(shown) < len(rows):
            axes.set_title(_left_out(len(rows) - len(shown)), loc="left", fontsize=8, color=GREY)
    return figure


def _mark(verdict: str) -> dict[str, Any]:
    """Return the marker of a verdict: filled if consistent or certified, a cross if refuted, else hollow."""
    if verdict == "refuted":
        return {"marker": "X", "color": VERMILION}
    return {"marker": "o", "color": BLUE, "markerfacecolor": BLUE if verdict in JUDGED else "white"}


def _left_out(count: int) -> str:
    cases = f"{count} case has" if count == 1 else f"{count} cases have"
    return f"{cases} no such ratio (see the table)"


def _set_ratio_axis(
    axes: Axes,
    ratios: Float[np.ndarray, " n"],
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
) -> tuple[float, float]:
    """Set scale, ends and ticks of an axis that shows every ratio, and intervals of moderate length fully."""
    points = np.append(ratios, 1.0)
    log = bool(points.min() > 0 and points.max() > LINEAR_FACTOR * points.min())
    with np.errstate(divide="ignore", invalid="ignore"):
        if log:
            axes.set_xscale("log")
            points, low, high = np.log(points), np.log(low), np.log(high)
        first, last = points.min(), points.max()
        below, above = points[:-1] - low, high - points[:-1]
    first -= min(_reach(below, last - first), max(0.0, first - np.min(low[np.isfinite(low)], initial=first)))
    last += min(_reach(above, last - first), max(0.0, np.max(high[np.isfinite(high)], initial=last) - last))
    margin = 0.05 * (last - first) or 0.05
    limits = first - margin, last + margin
    left, right = np.exp(limits) if log else limits
    axes.set_xlim(left, right)
    set_plain_ticks(axes.xaxis, most=5)
    return float(left), float(right)


def _reach(lengths: Float[np.ndarray, " n"], span: float) -> float:
    """Return how far intervals may extend an axis beyond its points; see `INTERVAL_REACH`."""
    finite = lengths[np.isfinite(lengths)]
    usual = float(np.quantile(finite, USUAL_INTERVAL, method="lower")) if len(finite) else 0.0
    return max(INTERVAL_REACH * span, usual)
