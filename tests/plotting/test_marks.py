"""Labels, arrows and legends that belong to curves: nothing overlaps, nothing is hidden."""

import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from w2s_sim.plotting.looks import METHODS, NAIVE, SERIES, TEXT_CONTRAST, Look, draw_measured
from w2s_sim.plotting.marks import CurveEnd, label_ends, legend_below, legends_of_panels, mark_leaving
from w2s_sim.plotting.paper_page import Page, label_axes, title_panels
from w2s_sim.plotting.style import figure_style


@pytest.fixture
def one() -> tuple[Figure, Axes]:
    with figure_style():
        figure, (axes,) = Page(3.25).figure()
    return figure, axes


def test_labels_at_ends_do_not_overlap_and_stay_near(one: tuple[Figure, Axes]) -> None:
    figure, axes = one
    ends = [0.5, 0.51, 0.52, 0.9, 0.1]
    for end in ends:
        axes.plot([0.0, 1.0], [0.0, end])
    axes.set_ylim(0.0, 1.0)
    with figure_style():
        label_ends(axes, [CurveEnd(f"end {end}", end, "black") for end in ends])
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in itertools.pairwise(boxes))
    assert all(box.x0 >= axes.get_window_extent().x1 for box in boxes)
    assert all(box.x1 <= figure.bbox.width for box in boxes)
    lone = next(text for text in axes.texts if text.get_text() == "end 0.9")
    assert lone.xy[1] == pytest.approx(0.9)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("y", "scale", "places"),
    [
        ([0.0, 4.0], "linear", [(0.5, 1.0)]),
        ([4.0, 0.0, 4.0], "linear", [(0.25, 1.0), (0.75, 1.0)]),
        ([1.0, -1.0], "linear", [(0.5, 0.0)]),
        ([1.0, 2.0], "linear", []),
        ([1.0, 1e-8], "log", [(0.5, 0.0)]),
    ],
)
def test_where_a_curve_leaves_stands_an_arrow(
    one: tuple[Figure, Axes], y: list[float], scale: str, places: list[tuple[float, float]]
) -> None:
    _, axes = one
    axes.plot(np.linspace(0.0, 1.0, len(y)), y)
    axes.set_yscale(scale)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(*((0.0, 2.0) if scale == "linear" else (1e-4, 2.0)))
    mark_leaving(axes)
    arrows = [tuple(np.ravel(line.get_xydata())) for line in axes.lines if line.get_linestyle() == "None"]
    np.testing.assert_allclose(sorted(arrows), places, atol=1e-9)


def test_a_bar_that_leaves_has_an_arrow_too(one: tuple[Figure, Axes]) -> None:
    _, axes = one
    draw_measured(axes, NAIVE, [1.0, 2.0], [0.5, 1.0], [0.4, 0.01])
    axes.set_ylim(0.0, 2.0)
    before = len(axes.lines)
    mark_leaving(axes)
    (arrow,) = axes.lines[before:]
    assert arrow.get_ydata().tolist() == [0.0]  # pyright: ignore


def test_a_legend_hides_nothing(one: tuple[Figure, Axes]) -> None:
    for crowded in (False, True):
        with figure_style():
            figure, (axes,) = Page(3.25).figure()
            height = figure.get_figheight()
            x = np.linspace(0.0, 1.0, 100)
            y = np.sin(40.0 * x) if crowded else x
            axes.plot(x, y, label="a curve with a long name")
            legends_of_panels(figure)
            figure.draw_without_rendering()
        legend = axes.get_legend()
        assert legend is not None
        inside = legend.get_window_extent().y0 >= axes.get_window_extent().y0
        assert bool(inside) is not crowded
        assert bool(figure.get_figheight() > height) is crowded
        assert legend.get_window_extent().y0 >= -1


def test_a_common_legend_stands_below_panels_that_keep_their_height() -> None:
    with figure_style():
        figure, panels = Page(3.25).figure(2)
        figure.draw_without_rendering()
        before = panels[0].get_window_extent().height
        for axes in panels:
            axes.plot([0, 1], label="one name that is long")
            axes.plot([1, 0], label="another name that is long")
        legend_below(figure)
        figure.draw_without_rendering()
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 2
    bottom = min(axes.get_tightbbox().y0 for axes in panels)  # pyright: ignore
    assert -1 <= legend.get_window_extent().y0 < legend.get_window_extent().y1 <= bottom + 1
    assert panels[0].get_window_extent().height == pytest.approx(before, rel=0.02)


def test_long_titles_and_labels_stay_on_the_page() -> None:
    with figure_style():
        figure, panels = Page(6.75).figure(3)
        title_panels(panels, ["a title that is much longer than a panel is wide"] * 3)
        for axes in panels:
            label_axes(axes, "a horizontal quantity (with its unit)", "excess risk (squared label units)")
        figure.draw_without_rendering()
    for axes in panels:
        assert axes.title.get_text() == ""
        for text in (axes._left_title, axes.xaxis.label, axes.yaxis.label):  # pyright: ignore
            box = text.get_window_extent()
            assert min(box.x0, box.y0) >= -1
            assert box.x1 <= figure.bbox.width + 1
            assert box.y1 <= figure.bbox.height + 1


def test_methods_and_series_differ_without_colour() -> None:
    for looks in (list(METHODS.values()), list(SERIES)):
        shapes = [(look.marker, str(look.dashes)) for look in looks]
        assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize("look", [*METHODS.values(), *SERIES])
def test_text_in_the_colour_of_a_curve_is_readable(look: Look) -> None:
    linear = np.asarray(
        [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(look.ink)]
    )
    assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= TEXT_CONTRAST - 0.01
