"""Marks that belong to curves: labels beside them, arrows where they leave the axes, legends below."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.markers import CARETDOWNBASE, CARETUPBASE
from matplotlib.path import Path
from matplotlib.transforms import Bbox, ScaledTranslation

from w2s_sim.plotting.paper_page import make_room, panel_size

# Distance between the bottoms of two lines of text, as a multiple of the letters' size.
LINE_SPACING = 1.2
# Gap in points between the axes and the labels at the ends of curves.
GAP = 4.0
POINTS_PER_INCH = 72.0
# Gap in inches between a panel and the legend below it.
LEGEND_GAP = 0.03


class CurveEnd(NamedTuple):
    """The label at the end of a curve.

    Attributes:
        text: The label.
        y: Value of the curve at its right end.
        ink: Colour of the text, such as `Look.ink`.
    """

    text: str
    y: float
    ink: str


def label_ends(axes: Axes, ends: Sequence[CurveEnd]) -> None:
    """Write labels to the right of the axes beside the ends of curves, moved apart so that none overlap.

    Call it after the curves, the scales and the limits are set.

    Args:
        axes: The axes.
        ends: The labels, in any order.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    box = axes.get_window_extent()
    size = FontProperties(size=mpl.rcParams["legend.fontsize"]).get_size_in_points()
    line = LINE_SPACING * size * figure.dpi / POINTS_PER_INCH / box.height
    places = axes.transAxes.inverted().transform(axes.transData.transform([(1.0, end.y) for end in ends]))
    heights = [line * (end.text.count("\n") + 1) for end in ends]
    for end, place in zip(ends, _apart(np.clip(places[:, 1], 0.0, 1.0), heights), strict=True):
        axes.annotate(
            end.text,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(GAP, 0.0),
            textcoords="offset points",
            color=end.ink,
            fontsize=size,
            va="center",
            annotation_clip=False,
        )


def _apart(wanted: Sequence[float] | np.ndarray, heights: Sequence[float]) -> list[float]:
    """Return centres near the wanted ones, such that intervals of the given heights do not overlap.

    Neighbours that overlap are merged into a block around the mean of the places that they want.
    """
    order = np.argsort(wanted, kind="stable")
    blocks: list[tuple[list[int], float, float]] = []
    for index in order:
        members, centre, height = [int(index)], float(wanted[index]), heights[index]
        while blocks and blocks[-1][1] + blocks[-1][2] / 2 > centre - height / 2:
            others, centre_below, height_below = blocks.pop()
            count = len(others) + len(members)
            centre = (centre_below * len(others) + centre * len(members)) / count
            members, height = others + members, height + height_below
        blocks.append((members, centre, height))
    places = [0.0] * len(order)
    for members, centre, height in blocks:
        bottom = centre - height / 2
        for index in members:
            places[index] = bottom + heights[index] / 2
            bottom += heights[index]
    return places


def label_point(axes: Axes, text: str, x: Any, y: Any, ink: str, dx: float, dy: float) -> None:
    """Write a label beside a point of a curve.

    Args:
        axes: The axes.
        text: The label.
        x: Horizontal place of the point.
        y: Vertical place of the point.
        ink: Colour of the text, such as `Look.ink`.
        dx: Points by which the text stands to the right of the point (to the left if negative).
        dy: Points by which the text stands above the point (below if negative).
    """
    axes.annotate(
        text,
        (x, y),
        xytext=(dx, dy),
        textcoords="offset points",
        color=ink,
        fontsize=mpl.rcParams["legend.fontsize"],
        ha="left" if dx > 0 else "right" if dx < 0 else "center",
        va="bottom" if dy > 0 else "top" if dy < 0 else "center",
    )


def mark_leaving(axes: Axes) -> None:
    """Mark with a small triangle each place where a curve or an error bar leaves at the top or the bottom.

    Call it after the curves, the scales and the limits are set.

    Args:
        axes: The axes.
    """
    low, high = sorted(axes.transAxes.transform([(0.0, 0.0), (0.0, 1.0)])[:, 1])
    left, right = sorted(axes.transAxes.transform([(0.0, 0.0), (1.0, 0.0)])[:, 0])
    for points, colour in _drawn_paths(axes):
        for edge, above, marker in ((high, True, CARETUPBASE), (low, False, CARETDOWNBASE)):
            for x in _crossings(points, edge, outside_is_above=above):
                if left <= x <= right:
                    axes.plot(
                        [(x - left) / (right - left)],
                        [1.0 if above else 0.0],
                        transform=axes.transAxes,
                        marker=marker,
                        markersize=4.0,
                        color=colour,
                        linestyle="none",
                        clip_on=False,
                        zorder=4,
                    )


def _drawn_paths(axes: Axes) -> list[tuple[np.ndarray, Any]]:
    """Return the points on the screen, and the colour, of each curve and each error bar."""
    paths = [
        (np.asarray(line.get_xydata(), dtype=float), line.get_color())
        for line in axes.lines
        if line.get_linestyle() not in ("None", "") and line.get_transform() == axes.transData
    ]
    for bars in axes.collections:
        if isinstance(bars, LineCollection):
            paths += [(segment, bars.get_color()[0]) for segment in bars.get_segments()]
    return [(axes.transData.transform(points), colour) for points, colour in paths if len(points)]


def _crossings(points: np.ndarray, edge: float, *, outside_is_above: bool) -> list[float]:
    """Return the horizontal places at which a polygon through the points crosses a horizontal edge."""
    places = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if not np.isfinite([x0, y0, x1]).all():
            continue
        # A logarithmic axis puts 0 at minus infinity: such a curve leaves straight down.
        beyond = [(y > edge) if outside_is_above else (y < edge) for y in (y0, y1)]
        if beyond[0] != beyond[1]:
            share = (edge - y0) / (y1 - y0) if np.isfinite(y1) else 0.0
            places.append(float(x0 + share * (x1 - x0)))
    return places


def legend_below(figure: Figure, labels: Sequence[str] | None = None, *, most_columns: int = 4) -> None:
    """Put one legend for all panels below them, for which the figure grows.

    Args:
        figure: The figure, with named curves, as from `Page.figure`.
        labels: Names in the order of the legend; by default in the order of drawing.
        most_columns: Largest number of columns; fewer if the width does not allow them.
    """
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    names = [name for name in (handles if labels is None else labels) if name in handles]
    if not names:
        return
    columns = min(most_columns, len(names))
    legend = _legend(figure, handles, names, columns)
    while columns > 1 and legend.get_window_extent().width > 0.98 * figure.bbox.width:
        legend.remove()
        columns -= 1
        legend = _legend(figure, handles, names, columns)
    height = legend.get_window_extent().height / figure.dpi
    bottom = make_room(figure, below=height)
    legend.set_bbox_to_anchor((0.0, bottom, figure.get_figwidth(), height), figure.dpi_scale_trans)


def _legend(figure: Figure, handles: Mapping[str, Any], names: Sequence[str], columns: int) -> Legend:
    return figure.legend([handles[name] for name in names], names, loc="lower center", ncols=columns)


def legends_of_panels(figure: Figure) -> None:
    """Give each panel a legend of its own: inside where it hides nothing, else below the panel.

    The figure grows for legends below panels. Call it after the curves, the scales and the limits are set.

    Args:
        figure: A figure, as from `Page.figure`.
    """
    grown: dict[int, float] = {}
    for axes in figure.axes:
        spec = axes.get_subplotspec()
        row = spec.rowspan.start if spec else 0
        grown[row] = max(grown.get(row, 0.0), _legend_of_panel(axes))
    make_room(figure, panels=sum(grown.values()))


def _legend_of_panel(axes: Axes) -> float:
    """Give a panel a legend; return the height in inches of a legend below the panel, else 0."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return 0.0
    figure = axes.get_figure(root=True)
    assert figure is not None
    legend = axes.legend(handles, labels, loc="best")
    figure.draw_without_rendering()
    box = legend.get_window_extent().padded(2.0)
    if not any(_crosses(points, box) for points, _ in _drawn_paths(axes)):
        return 0.0
    legend.remove()
    below = axes.get_window_extent().y0 - axes.xaxis.get_tightbbox().y0  # pyright: ignore
    shift = ScaledTranslation(0.0, -(below / figure.dpi + LEGEND_GAP), figure.dpi_scale_trans)
    room = panel_size(axes)[0] * figure.dpi
    for columns in (2, 1):
        legend = axes.legend(
            handles,
            labels,
            loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
            bbox_transform=axes.transAxes + shift,
            ncols=columns,
        )
        if legend.get_window_extent().width <= room:
            break
    return legend.get_window_extent().height / figure.dpi + LEGEND_GAP


def _crosses(points: np.ndarray, box: Bbox) -> bool:
    """Return whether a polygon through the points meets a box."""
    finite = points[np.isfinite(points).all(axis=1)]
    return len(finite) > 0 and Path(finite).intersects_bbox(box, filled=False)
