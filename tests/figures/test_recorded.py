"""What pages read from the gallery: the record of the battery, and means with their errors."""

import pandas as pd
import pytest

from w2s_sim import InputError
from w2s_sim.figures import recorded, recorded_verdicts, with_error, with_errors


@pytest.mark.parametrize(
    ("mean", "se", "written"),
    [
        (0.37571, 0.00081, "0.3757(8)"),
        (0.39796, 0.00104, "0.3980(10)"),
        (0.5275, 0.0096, "0.527(10)"),
        (-2.4, 0.031, "-2.40(3)"),
        (123.4, 25.0, "123(25)"),
        (0.0000871, 0.0000023, "8.7(2)e-05"),
        (1.931e-8, 3.1e-10, "1.93(3)e-08"),
        (0.25, 0.0, "0.25"),
        (1 / 3, float("nan"), "0.333333"),
    ],
)
def test_the_error_stands_in_units_of_the_last_digit(mean: float, se: float, written: str) -> None:
    assert with_error(mean, se) == written


def test_columns_of_errors_join_their_means() -> None:
    table = pd.DataFrame({"n": [4], "risk": [0.37571], "risk_se": [0.00081], "other_se": [0.1]})
    assert with_errors(table).to_dict("records") == [{"n": 4, "risk": "0.3757(8)", "other_se": 0.1}]


def test_verdicts_of_a_theorem_are_those_of_the_record() -> None:
    rows = recorded("battery")["rows"]
    cases = rows.loc[(rows["theorem"] == "naive-floor") & (rows["role"] == "theorem")]
    table = recorded_verdicts("naive-floor")
    assert list(table.index) == list(cases["case"])
    first, written = cases.iloc[0], table.iloc[0]
    assert written["measured"] == with_error(first["measured"], first["se"])
    assert float(written["ratio"]) == pytest.approx(first["measured"] / first["bound"], abs=0.006)
    assert set(recorded_verdicts("naive-floor", "control")["verdict"]) == {"refuted"}


def test_a_figure_that_does_not_exist_is_named() -> None:
    with pytest.raises(InputError, match="nowhere"):
        recorded("nowhere")
