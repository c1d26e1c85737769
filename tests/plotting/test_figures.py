"""Figures: drawn from tables alone, and showing what the tables say."""

import pandas as pd
import pytest

from w2s_sim.plotting import (
    Curve,
    Panel,
    curves_table,
    headline_figure,
    panels_figure,
    save_figure,
    theorem_figure,
)
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
    curve = longest_curve(rows, "num_demonstrations")
    assert curve is not None
    assert curve["case"].tolist() == ["n=2", "n=4", "n=8"]


def test_no_curve_along_an_axis_that_no_case_has(rows: pd.DataFrame) -> None:
    assert longest_curve(rows, "ridge") is None


def test_theorem_figure_shows_measured_bound_and_every_case(rows: pd.DataFrame) -> None:
    figure = theorem_figure(rows, "num_demonstrations", "probability")
    left, right = figure.axes
    assert left.get_ylabel() == "probability"
    assert [text.get_text() for text in right.get_yticklabels()] == rows["case"].tolist()[::-1]
    plotted = left.containers[0].lines[0].get_ydata()  # pyright: ignore[reportAttributeAccessIssue]
    assert list(plotted) == [1 / 2, 1 / 4, 1 / 8]


def test_same_table_gives_the_same_svg(rows: pd.DataFrame) -> None:
    first, second = (to_svg(theorem_figure(rows, "num_demonstrations", "probability")) for _ in range(2))
    assert first == second
    assert first.startswith("<svg")


def test_headline_draws_both_curves_bound_and_floor() -> None:
    naive = pd.DataFrame({"num_weak": [8, 16], "risk": [0.5, 0.4], "risk_se": [0.01, 0.01]})
    refined = pd.DataFrame({"num_demonstrations": [1, 2], "risk": [0.9, 0.1], "risk_se": [0.01, 0.01]})
    bound = pd.DataFrame({"num_demonstrations": [1, 2], "bound": [2.0, 0.5]})
    (axes,) = headline_figure(naive, refined, bound, 0.343).axes
    labels = axes.get_legend_handles_labels()[1]
    assert any("naive" in label for label in labels)
    assert any("refinement" in label for label in labels)
    assert any("0.343" in text.get_text() for text in axes.texts)


def test_panels_draw_every_curve_and_write_its_numbers(tmp_path) -> None:
    measured = Curve("measured", (1, 2, 4), (0.5, 0.2, 0.1), (0.01, 0.01, 0.01))
    theory = Curve("", (1, 4), (0.6, 0.3), like=0)
    first = Panel("left", "n", "risk", [measured, theory], x_scale="log2", y_scale="log")
    second = Panel("right", "n", "risk", [theory], lines={"floor": 0.1})
    figure = panels_figure([first, second], note="A note.")
    left, right = figure.axes
    assert [text.get_text() for text in left.get_xticklabels()] == ["1", "2", "4"]
    assert (left.get_xscale(), left.get_yscale(), right.get_yscale()) == ("log", "log", "linear")
    # Theory takes the colour of the measured curve that it belongs to, and is dashed.
    drawn, bar = left.lines[-1], left.lines[0]
    assert {drawn.get_color(), bar.get_color()} == {"#0072B2"}
    assert drawn.get_linestyle() == "--"
    assert left.get_legend_handles_labels()[1] == ["measured"]
    table = curves_table([first, second])
    path = save_figure(figure, table, tmp_path / "new", "toy")
    assert path.stat().st_size > 1000
    assert sorted(p.name for p in path.parent.iterdir()) == ["toy.csv", "toy.png", "toy.svg"]
    assert pd.read_csv(path.with_suffix(".csv"))["y"].tolist() == [0.5, 0.2, 0.1, 0.6, 0.3, 0.6, 0.3]
