"""The figures of the battery: verdicts are counted by hand, and both figures show the same run."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from w2s_sim.figures import load_figure, read_record

GALLERY = Path(__file__).parents[2] / "figures" / "gallery"


def script(name: str) -> ModuleType:
    return sys.modules[load_figure(name).compute.__module__]


@pytest.mark.parametrize(
    ("role", "verdict", "expected", "outcome"),
    [
        ("theorem", "consistent", "", "consistent"),
        ("theorem", "certified", "", "certified"),
        ("theorem", "vacuous", "", "undecided"),
        ("theorem", "refuted", "", "refuted"),
        ("lemma", "certified", "", "hold"),
        ("lemma", "inconclusive", "", "undecided"),
        ("control", "refuted", "refuted", "refuted"),
        ("control", "inconclusive", "refuted", "missed"),
        ("mutant", "refuted", "", "killed"),
        ("mutant", "consistent", "refuted", "missed"),
        ("mutant", "consistent", "", "out of reach"),
    ],
)
def test_a_verdict_has_one_column(role: str, verdict: str, expected: str, outcome: str) -> None:
    battery = script("battery")
    assert battery.outcome_of({"role": role, "verdict": verdict, "expected": expected}) == outcome
    assert sum(column[:2] == (role, outcome) for column in battery.COLUMNS) == 1


def test_ratios_turn_with_the_sign_of_the_bound_and_leave_out_what_has_none() -> None:
    rows = [(2.0, 1.0, 3.0, 4.0), (-2.0, -3.0, -1.0, -4.0), (1.0, 0.5, 2.0, 0.0), (1.0, 0.5, 2.0, -1.0)]
    table = pd.DataFrame(rows, columns=["measured", "ci_low", "ci_high", "bound"])
    found = script("tightness").ratios_of(table)
    assert np.array_equal(found[["ratio", "low", "high"]], [[0.5, 0.25, 0.75]] * 2)


def test_both_figures_show_one_run_in_which_all_is_as_it_should_be() -> None:
    counts = read_record(GALLERY / "battery.json").frames["counts"]
    cases = read_record(GALLERY / "tightness.json").frames["cases"]
    of_theorems = counts.loc[counts["role"] == "theorem"].groupby("theorem")["size"].sum()
    assert of_theorems.to_dict() == cases.groupby("theorem").size().to_dict()
    wrong = [(role, outcome) for role, outcome, good in script("battery").COLUMNS if good is False]
    shown = set(zip(counts["role"], counts["outcome"], strict=True))
    assert not shown & set(wrong)
