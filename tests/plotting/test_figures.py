"""Figures: drawn from tables alone, and showing what the tables say."""

import itertools

import numpy as np
import pandas as pd
import pytest

from w2s_sim.plotting import (
    Curve,
    Panel,
    curves_table,
    panels_figure,
    save_figure,
    theorem_figures,
)
from w2s_sim.plotting.looks import DASHED, SERIES
from w2s_sim.plotting.style import to_svg
from w2s_sim.plotting.theorem import longest_curve


def row(case: str, measured: float, **parameters: object) -> dict[str, object]:
    return {
        "theorem": "toy",
        "case": case,
        "kind": "upper",
        "measured": measured,
        "se": 0.1 * measured,
        "ci_low": 0.0,
        "ci_high": 2 * measured,
        "bound": 1.0,
        "verdict": "consistent",
        "parameters": parameters,
    }


@pytest.fixture
def rows() -> pd.DataFrame:
    curve = [row(f"n={n}", 1 / n, num_demonstrations=n, sample_size=n, task="a") for n in (8, 2, 4)]
    return pd.DataFrame([*curve, row("other task", 0.5, num_demonstrations=2, sample_size=2, task="b")])


def test_longest_curve_is_one_task_in_the_order_of_its_axis(rows: pd.DataFrame) -> None:
    found = longest_curve(rows, "num_demonstrations")
    assert found is not None
    axis, curve = found
    assert axis == "num_demonstrations"
    assert curve["case"].tolist() == ["n=2", "n=4", "n=8"]


def test_another_axis_is_chosen_where_too_few_cases_differ_in_the_preferred_one(rows: pd.DataFrame) -> None:
    for axis in ("ridge", "sample_size", "task"):
        found = longest_curve(rows, axis)
        assert found is not None
        assert found[0] == "num_demonstrations"
    assert longest_curve(rows.iloc[:2], "num_demonstrations") is None


def test_cases_that_only_their_names_tell_apart_make_no_common_curve() -> None:
    names = ("grouped, n=1", "grouped, n=2", "ungrouped, n=2", "ungrouped, n=4", "grouped, n=8")
    table = pd.DataFrame([row(name, 0.5, num_weak=int(name[-1]), task="a") for name in names])
    found = longest_curve(table, "num_weak")
    assert found is not None
    assert found[1]["case"].tolist() == ["grouped, n=1", "grouped, n=2", "grouped, n=8"]


def test_infinite_and_missing_values_are_no_part_of_a_curve(rows: pd.DataFrame) -> None:
    more = [
        row("n=16", np.inf, num_demonstrations=16, sample_size=16, task="a"),
        row("n=3", np.nan, task="a"),
    ]
    table = pd.concat([rows, pd.DataFrame(more)], ignore_index=True)
    found = longest_curve(table, "num_demonstrations")
    assert found is not None
    assert found[1]["case"].tolist() == ["n=2", "n=4", "n=8"]


def test_theorem_figures_show_measured_bound_and_every_case(rows: pd.DataFrame) -> None:
    figures = theorem_figures(rows, "num_demonstrations", "probability")
    (curve,), (tightness,) = figures["curve"].axes, figures["tightness"].axes
    assert curve.get_ylabel() == "probability"
    # The first case stands on top.
    assert [text.get_text() for text in tightness.get_yticklabels()] == rows["case"].tolist()[::-1]
    plotted = curve.containers[0].lines[0].get_ydata()  # pyright: ignore[reportAttributeAccessIssue]
    assert list(plotted) == [1 / 2, 1 / 4, 1 / 8]


def test_a_panel_that_would_be_empty_is_left_out(rows: pd.DataFrame) -> None:
    assert list(theorem_figures(rows.iloc[:2], "ridge", "probability")) == ["tightness"]
    without_ratio = rows.assign(bound=[0.0, np.inf, np.nan, 0.0])
    assert theorem_figures(without_ratio, "ridge", "probability") == {}
    assert list(theorem_figures(rows.assign(bound=0.0), "num_demonstrations", "probability")) == ["curve"]


def test_cases_without_a_ratio_are_counted(rows: pd.DataFrame) -> None:
    (axes,) = theorem_figures(rows.assign(bound=[-1.0, 0.0, 1.0, np.inf]), "", "")["tightness"].axes
    assert axes.get_title("left") == "3 cases have no such ratio (see the table)"
    assert len(axes.get_yticks()) == 1


@pytest.mark.parametrize(
    ("ratios", "labels"),
    [
        ([0.99, 1.0, 1.01, 1.02], {"0.98", "1", "1.02"}),
        ([0.5, 3.0, 20.0, 0.9], {"1", "10"}),
        ([1e-9, 0.3, 0.5, 1.0], {"1"}),
        ([0.0, 0.1, 0.2, 0.8], {"0", "0.25", "0.75", "1"}),
        ([1.0, 1.0, 1.0, 1.0], {"1"}),
    ],
)
def test_every_ratio_is_within_plain_axes(rows: pd.DataFrame, ratios: list[float], labels: set[str]) -> None:
    # One interval from zero without end stretches no axis.
    table = rows.assign(measured=ratios, ci_low=[0.0, *ratios[1:]], ci_high=[np.inf, *ratios[1:]])
    (axes,) = (figure := theorem_figures(table, "", "")["tightness"]).axes
    figure.draw_without_rendering()
    low, high = axes.get_xlim()
    assert low < min(ratios)
    assert max(ratios) < high
    shown = {
        label.get_text()
        for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
        if low <= place <= high
    }
    assert labels <= shown
    assert axes.xaxis.get_offset_text().get_text() == ""


def test_outcomes_look_different_without_colour(rows: pd.DataFrame) -> None:
    outcomes = ["consistent", "refuted", "vacuous", "certified"]
    (axes,) = theorem_figures(rows.assign(verdict=outcomes), "", "")["tightness"].axes
    marks = [line for line in axes.lines if line.get_linestyle() == "None"][::-1]
    looks = [(line.get_marker(), line.get_markerfacecolor() == "white") for line in marks]
    assert looks == [("o", False), ("X", False), ("o", True), ("o", False)]


def test_long_names_and_many_cases_overlap_nothing() -> None:
    long = "student on 4 refined labels, rademacher features of two inputs, n = "
    table = pd.DataFrame(
        [row(f"{long}{n}", 0.5 / n, num_weak=n, task="a") for n in (1, 2, 3, 4, 5, 100, 101, 1000)]
    )
    quantity = "larger squared error of two worlds (squared label units)"
    for figure in theorem_figures(table, "num_weak", quantity).values():
        figure.draw_without_rendering()
        (axes,) = figure.axes
        for across, labels in (("x", axes.get_xticklabels()), ("y", axes.get_yticklabels())):
            boxes = [label.get_window_extent() for label in labels if label.get_text()]
            ends = sorted((getattr(box, f"{across}0"), getattr(box, f"{across}1")) for box in boxes)
            assert all(first[1] <= second[0] for first, second in itertools.pairwise(ends))
        legend = axes.get_legend()
        if legend is not None:
            assert legend.get_window_extent().y0 >= axes.get_window_extent().y1 - 1
        parts = (axes.xaxis.label, axes.yaxis.label, *axes.get_yticklabels())
        for part in (part for part in parts if part.get_text()):
            box = part.get_window_extent()
            assert min(box.x0, box.y0) >= -1
            assert box.x1 <= figure.bbox.width + 1
            assert box.y1 <= figure.bbox.height + 1


def test_same_table_gives_the_same_svg(rows: pd.DataFrame) -> None:
    first, second = (
        {name: to_svg(figure) for name, figure in theorem_figures(rows, "num_demonstrations", "").items()}
        for _ in range(2)
    )
    assert first == second
    assert all(svg.startswith("<svg") for svg in first.values())


def test_panels_draw_every_curve_and_write_its_numbers(tmp_path) -> None:
    measured = Curve("measured", (1, 2, 4), (0.5, 0.2, 0.1), (0.01, 0.01, 0.01))
    theory = Curve("", (1, 4), (0.6, 0.3), look=SERIES[0].as_line(DASHED))
    first = Panel("left", "n", "risk", [measured, theory], x_scale="log2", y_scale="log")
    second = Panel("right", "n", "risk", [theory])
    figure = panels_figure([first, second], note="A note.")
    left, right = figure.axes
    assert [text.get_text() for text in left.get_xticklabels()] == ["1", "2", "4"]
    assert (left.get_xscale(), left.get_yscale(), right.get_yscale()) == ("log", "log", "linear")
    # Theory takes the colour of the measured curve that it belongs to, and is dashed.
    drawn, bar = left.lines[-1], left.lines[0]
    assert {drawn.get_color(), bar.get_color()} == {"#0072B2"}
    assert drawn.is_dashed()
    assert [axes.get_title("left") for axes in (left, right)] == ["(a) left", "(b) right"]
    assert left.get_legend_handles_labels()[1] == ["measured"]
    table = curves_table([first, second])
    path = save_figure(figure, table, tmp_path / "new", "toy")
    assert path.stat().st_size > 1000
    assert sorted(p.name for p in path.parent.iterdir()) == ["toy.csv", "toy.png", "toy.svg"]
    assert pd.read_csv(path.with_suffix(".csv"))["y"].tolist() == [0.5, 0.2, 0.1, 0.6, 0.3, 0.6, 0.3]
