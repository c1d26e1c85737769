"""Figures of studies: every curve and bar of a table is drawn, and what is left out is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from tests.plotting.drawn import SIZES, bars, dashed, draw, legend, measured, naive, note, other, texts
from w2s_sim.errors import InputError
from w2s_sim.plotting import save_figure
from w2s_sim.plotting.looks import SERIES
from w2s_sim.plotting.paper_page import Page
from w2s_sim.plotting.study import NOTHING
from w2s_sim.plotting.study_view import x_ticks
from w2s_sim.plotting.style import VERMILION


def test_one_panel_a_value_and_one_curve_a_value() -> None:
    rows = [naive(r, n, s) for s in (0.5, 1.0) for r in (0.3, 0.0) for n in (40, 10, 20)]
    figure, numbers = draw(rows, colour="estimator.ridge", panel="task.noise")
    left, right = figure.axes
    assert [axes.get_title("left") for axes in (left, right)] == ["(a) noise = 0.5", "(b) noise = 1"]
    assert left.get_xlabel() == "weak pairs, $n$"
    assert left.get_ylabel() == "excess risk"
    assert left.get_ylim() == right.get_ylim()
    # Whatever the order of the rows: values ascend, and so does x along a curve.
    assert legend(figure) == ["ridge = 0", "ridge = 0.3"]
    for axes, noise in ((left, 0.5), (right, 1.0)):
        for label, (x, y) in measured(axes).items():
            ridge = float(label.rpartition(" ")[2])
            assert x == list(SIZES)
            assert y == [naive(ridge, size, noise)["risk"] for size in SIZES]
    assert list(numbers.columns) == ["panel", "curve", "x", "y", "se"]
    assert len(numbers) == len(rows)
    assert note(figure) == "Error bars: 2 Monte Carlo standard errors."


def test_bars_are_two_standard_errors_to_each_side() -> None:
    figure, _ = draw([naive(0.0, size) for size in SIZES])
    (bar,) = bars(figure.axes[0]).values()
    ends = np.array([segment[:, 1] for segment in bar[2][0].get_segments()])
    expected = [[0.8 * row["risk"], 1.2 * row["risk"]] for row in (naive(0.0, size) for size in SIZES)]
    np.testing.assert_allclose(ends, expected, rtol=1e-12)


def test_seven_curves_all_look_different() -> None:
    rows = [naive(ridge, size) for ridge in range(7) for size in SIZES]
    figure, _ = draw(rows, colour="estimator.ridge")
    looks = [(each[0].get_color(), each[0].get_marker()) for each in bars(figure.axes[0]).values()]
    assert looks == [(look.colour, look.marker) for look in SERIES]
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == 7
    assert VERMILION not in dict(looks)
    assert len(legend(figure)) == 7


def test_a_curve_keeps_its_look_where_a_panel_lacks_another() -> None:
    rows = [naive(ridge, size, noise) for noise in (0.5, 1.0) for ridge in (0.0, 0.3) for size in SIZES]
    rows = [row for row in rows if (row["task.noise"], row["estimator.ridge"]) != (0.5, 0.0)]
    figure, _ = draw(rows, colour="estimator.ridge", panel="task.noise")
    left, right = (bars(axes) for axes in figure.axes)
    assert left.keys() == {"ridge = 0.3"}
    assert left["ridge = 0.3"][0].get_color() == right["ridge = 0.3"][0].get_color() == SERIES[1].colour
    assert legend(figure) == ["ridge = 0", "ridge = 0.3"]


@pytest.mark.parametrize(
    ("count", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (5, 2, 3), (6, 2, 3)]
)
def test_panels_stand_in_rows_of_at_most_three(count: int, rows: int, columns: int) -> None:
    table = [naive(0.0, size, noise) for noise in range(1, count + 1) for size in SIZES]
    figure, _ = draw(table, panel="task.noise")
    assert len(figure.axes) == count
    spec = figure.axes[0].get_subplotspec()
    assert spec is not None
    assert spec.get_gridspec().get_geometry() == (rows, columns)


def test_what_a_logarithmic_axis_cannot_show_is_left_out_and_counted() -> None:
    rows = [naive(0.0, size) for size in SIZES]
    rows[0]["risk"], rows[1]["risk_se"] = 0.0, 10.0
    rows += [naive(0.0, 80, risk=np.inf, risk_se=np.nan), naive(0.0, 160, risk=np.nan, risk_se=np.nan)]
    figure, numbers = draw(rows, log_x=True, log_y=True)
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert numbers["x"].tolist() == [20.0, 40.0]
    said = "Left out: 1 cell not above 0 (the axis is logarithmic), 1 cell infinite, 1 cell without a value."
    assert note(figure).startswith(said)
    # A bar that reaches below zero leaves the picture of the values as it is.
    assert 0.1 < axes.get_ylim()[0] < 0.3
    figure, numbers = draw(rows, log_x=True)
    assert numbers["x"].tolist() == [10.0, 20.0, 40.0]
    assert note(figure).startswith("Left out: 1 cell infinite, 1 cell without a value.")


def test_a_mean_without_error_has_no_bar() -> None:
    rows = [naive(0.0, size) for size in SIZES]
    rows[1]["risk_se"] = np.nan
    rows[2]["risk_se"] = np.inf
    figure, numbers = draw(rows)
    (curve,) = measured(figure.axes[0]).values()
    assert curve[1] == [row["risk"] for row in rows]
    assert np.isnan(numbers["se"].tolist()[1:]).all()
    assert np.isfinite(figure.axes[0].get_ylim()).all()


def test_means_of_rare_events_do_not_stretch_a_logarithmic_axis() -> None:
    rows = [naive(0.0, size) for size in SIZES] + [naive(0.0, 80, risk=1e-20, risk_se=1e-20)]
    figure, numbers = draw(rows, log_y=True)
    assert 1e-5 < figure.axes[0].get_ylim()[0] < 1e-3
    assert note(figure).startswith("Below the picture: 1 cell not clearly above 0.")
    assert numbers["y"].tolist()[-1] == 1e-20
    # Where it is measured well, it is shown.
    rows[-1]["risk_se"] = 1e-21
    figure, _ = draw(rows, log_y=True)
    assert figure.axes[0].get_ylim()[0] < 1e-20
    # And where nothing is, the axis follows all the same.
    figure, _ = draw([naive(0.0, size, risk_se=9.0) for size in SIZES], log_y=True)
    assert figure.axes[0].get_ylim()[0] < 0.3


def test_an_estimator_without_x_is_a_level() -> None:
    rows = [naive(0.0, size) for size in SIZES] + [other("oracle", 0.1)]
    figure, numbers = draw(rows, colour="estimator.kind", log_x=True)
    assert measured(figure.axes[0])["oracle"] == [[10, 40], [0.1, 0.1]]
    assert bars(figure.axes[0])["oracle"][0].get_marker() in ("", "None")
    assert numbers.loc[numbers["curve"] == "oracle", "x"].tolist() == [10, 40]
    assert "Left out" not in note(figure)
    # Two cells are no level.
    figure, numbers = draw([*rows, other("oracle", 0.2)], colour="estimator.kind", log_x=True)
    assert legend(figure) == []
    assert set(numbers["curve"]) == {"finetune"}
    assert note(figure).startswith("Left out: 2 cells without weak pairs.")
    # A level that cannot be drawn is left out once, though it has two ends.
    figure, _ = draw([*rows[:3], other("oracle", 0.0)], colour="estimator.kind", log_y=True)
    assert note(figure).startswith("Left out: 1 cell not above 0")


def test_a_figure_of_nothing_says_so() -> None:
    rows = [naive(0.0, size, risk=np.nan, risk_se=np.nan) for size in SIZES]
    for table in (rows, [other("oracle", 0.1, **{"estimator.num_weak": np.nan})]):
        figure, numbers = draw(table, log_x=True, log_y=True)
        (axes,) = figure.axes
        assert [text.get_text() for text in axes.texts] == [NOTHING]
        assert list(axes.get_xticks()) == []
        assert numbers.empty
        assert "Left out" in note(figure)


def test_a_panel_of_nothing_stands_beside_others() -> None:
    rows = [naive(0.0, n, noise, risk=1.0 if noise == 1 else np.inf) for noise in (0.5, 1.0) for n in SIZES]
    figure, numbers = draw(rows, panel="task.noise", log_y=True)
    assert [len(axes.texts) for axes in figure.axes] == [1, 0]
    assert set(numbers["panel"]) == {"noise = 1"}


def test_a_panel_that_would_be_flat_has_an_axis_of_its_own() -> None:
    rows = [naive(0.0, n, noise, risk=100**noise + 1 / n) for noise in (0.0, 1.0) for n in SIZES]
    for log_y, same in ((False, False), (True, True)):
        figure, _ = draw(rows, panel="task.noise", log_y=log_y)
        assert (figure.axes[0].get_ylim() == figure.axes[1].get_ylim()) is same


def test_the_mean_of_finite_replicates_is_said_to_be_one() -> None:
    rows = [{"n": n, "prior_kl": 1 / n, "prior_kl_se": 0.01, "prior_kl_infinite": n < 2} for n in (1, 2, 3)]
    figure, _ = draw(rows, x="n", y="prior_kl")
    assert "Means of 1 cell are over the replicates that are finite." in note(figure)


def test_ticks_stand_at_the_values_and_never_crowd() -> None:
    figure, _ = draw([naive(0.0, size) for size in SIZES], log_x=True)
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["10", "20", "40"]
    # Marked all the same, without a label on another's.
    assert x_ticks([100, 101, 1000], log=True, width=3.0) == {100: "100", 101: "", 1000: "1000"}
    assert x_ticks(range(1, 100), log=False, width=3.0) is None
    assert x_ticks(range(3, 70), log=True, width=3.0) == {5: "5", 10: "10", 20: "20", 50: "50"}
    decades = x_ticks(np.geomspace(2e-7, 2e3, 40).tolist(), log=True, width=3.0)
    assert decades is not None
    np.testing.assert_allclose(list(decades), 10.0 ** np.arange(-6, 4))
    assert x_ticks([], log=True, width=3.0) is None
    assert x_ticks([7.0], log=True, width=3.0) is None


def test_the_table_beside_the_figure_holds_the_numbers_drawn(tmp_path: Path) -> None:
    rows = [naive(ridge, size, risk_lower=0.2 + ridge) for ridge in (0.0, 0.3) for size in SIZES]
    figure, numbers = draw(rows, colour="estimator.ridge", log_x=True)
    path = save_figure(figure, numbers, tmp_path, "toy")
    kept = pd.read_csv(path.with_suffix(".csv"))
    drawn = measured(figure.axes[0])
    for label, (x, y) in drawn.items():
        own = kept.loc[kept["curve"] == label]
        np.testing.assert_allclose([own["x"], own["y"]], [x, y], rtol=1e-5)
        np.testing.assert_allclose(own["se"], 0.1 * own["y"], rtol=1e-5)
    for ridge, line in zip(("0", "0.3"), dashed(figure.axes[0]), strict=True):
        own = kept.loc[kept["curve"] == f"lower bound: ridge = {ridge}"]
        np.testing.assert_allclose(own["y"], line.get_ydata(), rtol=1e-5)
    assert len(kept) == 12


def test_nothing_is_cut_off() -> None:
    rows = [naive(r, n, s, risk_lower=0.2 + r) for s in (0.5, 1.0) for r in (0.0, 0.3) for n in SIZES]
    rows[0]["risk"] = np.nan
    for panel in (None, "task.noise"):
        kept = rows if panel else rows[:6]
        figure, _ = draw(kept, colour="estimator.ridge", panel=panel, log_y=True)
        figure.draw_without_rendering()
        parts = [figure.legends[0], *texts(figure)]
        parts += [part for axes in figure.axes for part in (axes.title, axes.xaxis.label, axes.yaxis.label)]
        for part in (part for part in parts if not isinstance(part, Text) or part.get_text()):
            box = part.get_window_extent()
            assert box.x0 >= -1
            assert box.y0 >= -1
            assert box.x1 <= figure.bbox.width + 1
            assert box.y1 <= figure.bbox.height + 1
        # The legend stands below the panels, and the note below the legend.
        bottom = min(axes.xaxis.get_tightbbox().y0 for axes in figure.axes)  # pyright: ignore
        legend_box = figure.legends[0].get_window_extent()
        assert legend_box.y1 <= bottom + 1
        assert texts(figure)[0].get_window_extent().y1 <= legend_box.y0 + 1


def test_keys_that_are_no_columns_are_refused() -> None:
    with pytest.raises(InputError, match="colour: got 'ridge'; expected a column"):
        draw([naive(0.0, 10)], colour="ridge")


def test_order_labels_title_and_width_are_those_asked_for() -> None:
    rows = [naive(ridge, size) for ridge in (0.0, 0.3, 1.0) for size in SIZES]
    figure, _ = draw(
        rows,
        colour="estimator.ridge",
        order=[1.0, 0.0],
        title="How strong a ridge?",
        x_label="pairs",
        y_label="risk",
        page=Page(4.0),
    )
    (axes,) = figure.axes
    assert legend(figure) == ["ridge = 1", "ridge = 0", "ridge = 0.3"]
    assert bars(axes)["ridge = 1"][0].get_color() == SERIES[0].colour
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("pairs", "risk")
    assert texts(figure)[0].get_text() == "How strong a ridge?"
    assert figure.get_figwidth() == 4.0


def test_figures_are_as_wide_as_a_column_or_two() -> None:
    rows = [naive(0.0, size, noise) for noise in (0.5, 1.0) for size in SIZES]
    assert draw(rows[:3])[0].get_figwidth() == 3.25
    assert draw(rows, panel="task.noise")[0].get_figwidth() == 6.75
