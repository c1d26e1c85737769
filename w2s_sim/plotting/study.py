"""The figure of a study: a panel for every value of one key, a curve for every value of another."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.errors import InputError
from w2s_sim.files.picture_keys import WIDTHS
from w2s_sim.plotting.labels import axis_label, distinct_values, short_label, value_labels
from w2s_sim.plotting.looks import SERIES
from w2s_sim.plotting.panels import Curve, Panel, curves_table, panels_figure
from w2s_sim.plotting.paper_page import BESIDE_AXIS, Page
from w2s_sim.plotting.study_bounds import BOUNDS, bound_curves, bound_names
from w2s_sim.plotting.study_view import x_ticks, y_limits
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS

NOTHING = "nothing to draw"
# Panels share one range of vertical axes, unless the values of a panel would fill less than this share of it.
FLATTEST = 0.15


def study_figure(
    results: pd.DataFrame,
    *,
    x: str,
    y: str,
    colour: str | None = None,
    panel: str | None = None,
    log_x: bool = False,
    log_y: bool = False,
    x_label: str = "",
    y_label: str = "",
    title: str = "",
    order: Sequence[Any] = (),
    page: Page | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Draw the results of a study against one of its parameters; return the figure and the numbers drawn.

    Rows that cannot be drawn on the axes are left out, and a note below says how many. A row without x that
    is alone on its curve does not depend on x: it is drawn as a horizontal line.

    Args:
        results: One row per cell: parameters by dotted key, means `y` with standard errors `y_se`, and
            optionally the bounds `y_lower`, `y_upper`, `y_theory`, nan if a cell has no bound, with the names
            of their theorems, `y_lower_theorem` and so on.
        x: Column of the horizontal axis.
        y: Column of the measured means.
        colour: Column with one curve per value; None for one curve.
        panel: Column with one panel per value; None for one panel.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the vertical axis is logarithmic.
        x_label: Label of the horizontal axis, with the unit; by default made from the key `x`.
        y_label: Label of the vertical axis, with the unit; by default made from the key `y`.
        title: Title above the panels.
        order: Values of `colour` in the order of their curves; values that are not listed follow.
        page: The page; by default as wide as one column for one panel, and as both columns for several.

    Returns:
        The figure, and a table with one row per point: panel, curve, x, y, se.

    Raises:
        InputError: If the results lack one of these columns.
    """
    for role, key in (("x", x), ("y", y), ("colour", colour), ("panel", panel)):
        if key is not None and key not in results:
            raise InputError(role, repr(key), "a column of the results")
    points = _points(results, x, y)
    for name, key in (("curve", colour), ("panel", panel)):
        points[name] = 0 if key is None else pd.factorize(results[key], use_na_sentinel=False)[0]
    points, left_out = _placed(points, log_x)
    # Number curves and panels again from the rows that are drawn only: sorted values, labelled by these rows.
    kept = results.iloc[points["row"].tolist()]
    curve_labels, points["curve"] = _split(kept, colour, "measured", order)
    panel_titles, points["panel"] = _split(kept, panel, "")
    page = page or Page(WIDTHS["single" if len(panel_titles) == 1 else "double"])
    width = page.width / page.columns(len(panel_titles)) - BESIDE_AXIS
    drawable = np.isfinite(points["y"]) & ((points["y"] > 0) | (not log_y))
    left_out += _reasons(points.loc[~drawable])
    looks = [SERIES[index % len(SERIES)] for index in range(len(curve_labels))]
    names = bound_names(results, y)
    panels, beyond = [], Counter[str]()
    common = _common_limits(points.loc[drawable], log_y)
    for index, panel_title in enumerate(panel_titles):
        rows, shown = (
            frame.loc[frame["panel"] == index].sort_values("x", kind="stable")
            for frame in (points, points.loc[drawable])
        )
        limits = (common or y_limits(shown, log_y)) if len(shown) else (None, None)
        curves = _measured_curves(shown, curve_labels)
        if curves:
            bounds = bound_curves(rows, curve_labels, looks, names)
            beyond["values"] += sum(_beyond(curve, limits) for curve in curves)
            beyond["bounds"] += sum(_beyond(curve, limits) for curve in bounds)
            curves += bounds
        panels.append(
            Panel(
                panel_title,
                x_label or axis_label(x),
                y_label or short_label(y),
                curves,
                x_scale="log" if log_x and curves else "linear",
                y_scale="log" if log_y and curves else "linear",
                y_limits=limits,
                x_ticks=x_ticks(rows.loc[~rows["level"], "x"].tolist(), log_x, width),
                remark="" if curves else NOTHING,
            )
        )
    note = _note(left_out, beyond, _partly_infinite(results, y), x)
    if any(curve.se is not None for panel in panels for curve in panel.curves):
        note = f"{note} Error bars: {BAR_STANDARD_ERRORS:g} Monte Carlo standard errors.".strip()
    drawn = [curve for panel in panels for curve in panel.curves if curve.named]
    labels = list(dict.fromkeys([*curve_labels, *(curve.label for curve in drawn)]))
    legend = [label for label in labels if label in {curve.label for curve in drawn}]
    # A single curve needs no legend.
    shown = legend if len(legend) > 1 else ()
    return panels_figure(panels, page, title=title, note=note, legend=shown), curves_table(panels)


def _split(
    table: pd.DataFrame, key: str | None, otherwise: str, order: Sequence[Any] = ()
) -> tuple[list[str], list[int]]:
    """Return the labels of a key's values, and the index of each row's value among them.

    Values of `order` come first.
    """
    if key is None or table.empty:
        return [otherwise], [0] * len(table)
    column = pd.Series(table[key])
    values = distinct_values(column)
    listed = [value for value in order if value in values]
    values = [*listed, *(value for value in values if value not in listed)]
    place = {value: index for index, value in enumerate(values)}
    places = [place[None if missing else value] for value, missing in zip(column, column.isna(), strict=True)]
    return value_labels(table, key, values), places


def _points(results: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    columns = {"x": x, "y": y, "se": f"{y}_se", **{kind: f"{y}_{kind}" for kind in BOUNDS}}
    points = pd.DataFrame(np.nan, index=results.index, columns=list(columns))
    for name, column in columns.items():
        if column in results:
            points[name] = pd.Series(pd.to_numeric(results[column], errors="coerce")).astype(float)
    return points.assign(row=range(len(points)))


def _placed(points: pd.DataFrame, log_x: bool) -> tuple[pd.DataFrame, Counter[str]]:
    """Return the points with an x, and a horizontal line for each single point without x; count the rest."""
    has_place = np.isfinite(points["x"]) & ((points["x"] > 0) | (not log_x))
    placed = points.loc[has_place].assign(level=False)
    found, left_out = [placed], Counter[str]()
    curves_with_x = set(zip(placed["panel"], placed["curve"], strict=True))
    for place, rows in points.loc[~has_place].groupby(["panel", "curve"]):
        if len(rows) > 1 or place in curves_with_x or placed.empty:
            left_out["place"] += len(rows)
            continue
        beside = placed.loc[placed["panel"] == rows["panel"].iloc[0], "x"]
        ends = beside if len(beside) else placed["x"]
        found += [rows.assign(x=end, level=True) for end in sorted({ends.min(), ends.max()})]
    return pd.concat(found, ignore_index=True), left_out


def _reasons(rows: pd.DataFrame) -> Counter[str]:
    """Count why values cannot be drawn; the two ends of a horizontal line count once."""
    values = rows.loc[~rows["level"], "y"].tolist()
    values += rows.loc[rows["level"]].drop_duplicates(["panel", "curve"])["y"].tolist()
    return Counter("nan" if np.isnan(v) else "infinite" if np.isinf(v) else "low" for v in values)


def _measured_curves(shown: pd.DataFrame, labels: list[str]) -> list[Curve]:
    curves = []
    for index, label in enumerate(labels):
        own = shown.loc[shown["curve"] == index]
        if len(own):
            # No bar is drawn without a standard error, as for infinite or too few replicates.
            errors = own["se"].where(np.isfinite(own["se"])).tolist()
            level = bool(own["level"].any())
            look = SERIES[index % len(SERIES)]
            # If theory gives the value at every point, only the line of the theory joins the points.
            joined = level or not np.isfinite(own["theory"]).all()
            x, y = own["x"].tolist(), own["y"].tolist()
            look = look.as_line(look.dashes) if level else look
            curves.append(Curve(label, x, y, errors, joined=joined, look=look))
    return curves


def _common_limits(shown: pd.DataFrame, log_y: bool) -> tuple[float, float] | None:
    """Return the vertical limits that all panels share; None if each panel needs its own."""
    if shown.empty:
        return None
    limits = y_limits(shown, log_y)
    if not log_y:
        for _, rows in shown.groupby("panel"):
            if np.max(rows["y"].to_numpy()) - limits[0] < FLATTEST * (limits[1] - limits[0]):
                return None
    return limits


def _beyond(curve: Curve, limits: tuple[float | None, float | None]) -> int:
    low, high = limits
    return 0 if low is None or high is None else sum(not low <= value <= high for value in curve.y)


def _partly_infinite(results: pd.DataFrame, y: str) -> int:
    """Return the number of rows whose mean excludes infinite replicates."""
    column = f"{y}_infinite"
    return int(np.sum(results[column].to_numpy(dtype=float) > 0)) if column in results else 0


def _note(left_out: Counter[str], beyond: Counter[str], partly_infinite: int, x: str) -> str:
    reasons = {
        "low": "not above 0 (the axis is logarithmic)",
        "infinite": "infinite",
        "nan": "without a value",
        "place": f"without {short_label(x)}",
    }
    said = [f"{_cells(left_out[key])} {reason}" for key, reason in reasons.items() if left_out[key]]
    parts = [f"Left out: {', '.join(said)}."] if said else []
    if beyond["values"]:
        parts.append(f"Below the picture: {_cells(beyond['values'])} not clearly above 0.")
    if beyond["bounds"]:
        parts.append("Bounds far from what is measured run off the picture.")
    if partly_infinite:
        parts.append(f"Means of {_cells(partly_infinite)} are over the replicates that are finite.")
    return " ".join(parts)


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"
