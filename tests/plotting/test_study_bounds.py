"""Bounds in figures of studies: whose they are, how they are told apart, and that they hide nothing."""

import numpy as np
import pandas as pd
import pytest

from tests.plotting.drawn import SIZES, bars, dashed, draw, legend, naive, note, other
from w2s_sim.plotting.looks import SERIES
from w2s_sim.plotting.study_bounds import BOUNDS, bound_curves
from w2s_sim.plotting.style import VERMILION


def test_a_bound_that_all_curves_share_is_one_line() -> None:
    bound = {"risk_lower": 0.25, "risk_lower_theorem": "naive-floor"}
    # The floor is one line whatever the sizes are at which it is evaluated.
    rows = [naive(ridge, size + int(10 * ridge), **bound) for ridge in (0.0, 0.3) for size in SIZES]
    figure, numbers = draw(rows, colour="estimator.ridge")
    (line,) = dashed(figure.axes[0])
    assert line.get_color() == VERMILION
    assert set(line.get_ydata()) == {0.25}
    assert list(line.get_xdata()) == [10, 43]
    assert legend(figure) == ["ridge = 0", "ridge = 0.3", "lower bound (naive-floor)"]
    drawn = numbers.loc[numbers["curve"] == "lower bound (naive-floor)"]
    assert drawn["y"].tolist() == [0.25] * 2
    assert drawn["se"].isna().all()


def test_bounds_that_differ_have_the_colours_of_their_curves() -> None:
    rows = [naive(ridge, n, risk_lower=0.2 + ridge) for ridge in (0.0, 0.3) for n in SIZES]
    figure, numbers = draw(rows, colour="estimator.ridge")
    lines = dashed(figure.axes[0])
    assert [line.get_color() for line in lines] == [SERIES[0].colour, SERIES[1].colour]
    assert [set(line.get_ydata()) for line in lines] == [{0.2}, {0.5}]
    assert legend(figure) == ["ridge = 0", "ridge = 0.3", "lower bound, by colour"]
    assert {"lower bound: ridge = 0", "lower bound: ridge = 0.3"} < set(numbers["curve"])


def test_a_floor_of_some_curves_crosses_the_panel_and_says_whose_it_is() -> None:
    """The floor is no bound on refinement: that refinement passes it is what the picture must show."""
    rows = [naive(ridge, size, risk_lower=0.25) for ridge in (0.0, 0.3) for size in SIZES]
    rows += [other("refine", 1.0 / n, **{"estimator.num_weak": n, "risk_upper": 3.0 / n}) for n in SIZES]
    figure, _ = draw(rows, colour="estimator.ridge")
    floor, upper = dashed(figure.axes[0])
    assert [line.get_color() for line in (floor, upper)] == [VERMILION, SERIES[2].colour]
    assert (floor.get_xdata().tolist(), floor.get_ydata().tolist()) == ([10, 40], [0.25] * 2)
    labels = ["ridge = 0", "ridge = 0.3", "refine", "lower bound: ridge", "upper bound, by colour"]
    assert legend(figure) == labels


@pytest.mark.parametrize(
    ("labels", "together"),
    [
        (["ridge = 0", "ridge = 0.3"], "ridge"),
        (["naive fine-tuning, ridge 0.3", "naive fine-tuning, ridge 2"], "naive fine-tuning"),
        (["naive fine-tuning", "projection"], "some curves"),
    ],
)
def test_curves_that_share_a_bound_are_called_what_their_names_share(
    labels: list[str], together: str
) -> None:
    points = pd.DataFrame({"x": [1.0, 1.0, 1.0], "curve": [0, 1, 2], "lower": [0.5, 0.5, np.nan]})
    points = points.assign(upper=np.nan, theory=np.nan)
    (curve,) = bound_curves(
        points, [*labels, "another"], SERIES[:3], {kind: f"{kind} bound" for kind in BOUNDS}
    )
    assert curve.label == f"lower bound: {together}"


def test_two_floors_of_several_curves_each_have_the_colours_of_their_curves() -> None:
    rows = [naive(ridge, size, risk_lower=0.25) for ridge in (0.0, 0.3) for size in SIZES]
    rows += [naive(ridge, size, risk_lower=0.5) for ridge in (1.0, 2.0) for size in SIZES]
    figure, _ = draw(rows, colour="estimator.ridge")
    lines = dashed(figure.axes[0])
    assert [line.get_color() for line in lines] == [SERIES[index].colour for index in range(4)]
    first, second = lines[:2]
    assert first.get_ydata().tolist() == second.get_ydata().tolist() == [0.25] * 3
    # Lines that lie on each other take turns.
    (start, dashes), (other_start, same) = (line._unscaled_dash_pattern for line in (first, second))
    on, off = BOUNDS["lower"][1]
    assert list(dashes) == list(same) == [on, 2 * off + on]
    assert abs(other_start - start) == on + off


def test_cells_without_bounds_are_fine() -> None:
    rows = [naive(0.0, size, risk_upper=np.nan, risk_theory=np.nan) for size in SIZES]
    rows[0]["risk_upper"] = 0.9
    figure, _ = draw(rows)
    (line,) = dashed(figure.axes[0])
    # A line of one point would not be seen.
    assert (line.get_xdata().tolist(), line.get_marker()) == ([10], "_")
    assert legend(figure) == ["measured", "upper bound"]


def test_theory_joins_the_points_that_it_explains() -> None:
    rows = [naive(0.0, size, risk_theory=naive(0.0, size)["risk"]) for size in SIZES]
    figure, _ = draw(rows)
    (bar,) = bars(figure.axes[0]).values()
    assert bar[0].get_linestyle() == "None"
    assert len(dashed(figure.axes[0])) == 1


@pytest.mark.parametrize("log_y", [False, True])
def test_bounds_far_away_leave_the_data_their_room(log_y: bool) -> None:
    rows = [naive(0.0, size, risk_upper=1e9 / size**4, risk_lower=0.0) for size in SIZES]
    figure, _ = draw(rows, log_y=log_y)
    low, high = figure.axes[0].get_ylim()
    assert low < 0.3
    assert 0.5 < high < 50
    assert "run off the picture" in note(figure)
