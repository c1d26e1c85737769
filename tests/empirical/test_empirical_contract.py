"""Empirical statements: verdicts, intervals from runs, tables that are kept or missing, and the command."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import w2s_sim.empirical.empirical_registry as registry
from tests.pages import ROOT
from w2s_sim.book.contents import read_contents
from w2s_sim.book.empirical_list import empirical_list
from w2s_sim.cli import main
from w2s_sim.empirical import (
    EmpiricalControl,
    EmpiricalStatement,
    Estimate,
    NotMeasuredError,
    empirical_statements,
    estimate_from_runs,
    find_empirical_statement,
    kept_table,
    measure_statement,
)
from w2s_sim.errors import InputError

NARROW = Estimate(0.5, 0.4, 0.6, 5)
MADE_BY = "w2s lm in-context --out out"


def statement(
    measured: Estimate = NARROW, under_control: Estimate = NARROW, low: float = 0.0, high: float = 1.0
) -> EmpiricalStatement:
    control = EmpiricalControl("nothing shown", lambda fast, seed: under_control)
    return EmpiricalStatement(
        "tried", "It is so.", "share", low, high, lambda fast, seed: measured, control, "here", "theory/x.md"
    )


def read_a_missing_table(fast: bool, seed: int) -> Estimate:
    return estimate_from_runs(kept_table("language_models/data/no_such.csv", MADE_BY)["value"].to_numpy())


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.0, 1.0, "seen"),
        (0.4, 0.6, "seen"),
        (-math.inf, 0.7, "seen"),
        (0.7, math.inf, "not seen"),
        (0.0, 0.3, "not seen"),
        (0.45, 1.0, "undecided"),
        (0.0, 0.5, "undecided"),
        (0.45, 0.55, "undecided"),
    ],
)
def test_the_verdict_compares_the_interval_with_the_range(low: float, high: float, verdict: str) -> None:
    assert statement(low=low, high=high).verdict(NARROW) == verdict


def test_a_claim_seen_under_its_control_speaks_against_it() -> None:
    assert not measure_statement(statement()).as_claimed
    assert measure_statement(statement(under_control=Estimate(2.0, 1.9, 2.1, 5))).as_claimed
    assert not measure_statement(statement(measured=Estimate(2.0, 1.9, 2.1, 5))).as_claimed


def test_the_interval_is_that_of_a_t_test() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, 7)
    found = estimate_from_runs(values, level=0.95)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert [found.low, found.high] == pytest.approx([low, high], rel=1e-12)
    assert (found.value, found.num_runs, found.level) == (pytest.approx(values.mean(), rel=1e-12), 7, 0.95)


def test_the_interval_covers_as_often_as_it_says() -> None:
    draws = np.random.default_rng(0).normal(1.0, 3.0, (2000, 4))
    held = [found.low <= 1.0 <= found.high for found in map(estimate_from_runs, draws)]
    assert abs(np.mean(held) - 0.99) < 5 * math.sqrt(0.99 * 0.01 / 2000)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan]])
def test_too_few_or_infinite_runs_are_refused(values: list[float]) -> None:
    with pytest.raises(InputError, match="values: got"):
        estimate_from_runs(np.array(values))


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (-math.inf, math.inf), (math.nan, 1.0)])
def test_a_range_without_a_claim_is_refused(low: float, high: float) -> None:
    with pytest.raises(InputError, match="tried: low, high: got"):
        statement(low=low, high=high)


def test_what_is_missing_is_said_with_the_command_that_makes_it() -> None:
    missing = dataclasses.replace(statement(), measure=read_a_missing_table)
    found = measure_statement(missing)
    assert (found.verdict, found.control_verdict, found.as_claimed) == ("not measured", "not measured", True)
    assert found.remark.endswith(MADE_BY)
    with pytest.raises(NotMeasuredError, match="no_such"):
        kept_table("no_such.csv", MADE_BY)


def test_a_kept_table_is_read() -> None:
    table = kept_table("experiments/data/llm_scores.csv", MADE_BY)
    assert {"benchmark", "mean", "se"} <= set(table)


def test_empirical_statements_are_no_theorems() -> None:
    known = empirical_statements()
    assert all(found.kind == "empirical" and found.id == name for name, found in known.items())
    assert not set(known) & {theorem["id"] for theorem in read_contents()["theorems"]}
    assert all((ROOT / found.page).is_file() for found in known.values())


def test_the_list_of_the_book_has_a_row_for_every_statement() -> None:
    rows = empirical_list(empirical_statements().values())[2:]
    assert len(rows) == len(empirical_statements())
    for row, found in zip(rows, empirical_statements().values(), strict=True):
        assert found.claim in row
        assert found.control.name in row


def test_an_unknown_id_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"did you mean 'random-feature-gain'\?"):
        find_empirical_statement("random-features-gain")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["measure", *arguments])
    return int(leaving.value.code or 0)


def test_the_command_measures_all_and_ends_with_a_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Estimate(2.0, 1.9, 2.1, 5)
    good = statement(under_control=far)
    missing = dataclasses.replace(statement(), id="missing", measure=read_a_missing_table)
    monkeypatch.setattr(registry, "STATEMENTS", (good, missing))
    assert run() == 0
    shown = capsys.readouterr().out
    assert "0.5 [0.4, 0.6]" in shown
    assert MADE_BY in shown
    monkeypatch.setattr(registry, "STATEMENTS", (dataclasses.replace(good, low=0.7),))
    assert run("tried") == 1
    assert "not seen" in capsys.readouterr().out


def test_the_document_for_programs_names_the_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("linear-feature-gain", "--fast", "--seed", "3", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    (finding,) = document["findings"]
    assert finding["kind"] == "empirical"
    assert finding["estimate"]["num_runs"] == 4
    assert finding["control_verdict"] == "not seen"
    assert document["manifest"]["configuration"]["seed"] == 3


@pytest.mark.parametrize("arguments", [["no-such"], ["--seed", "-1"]])
def test_bad_input_is_refused_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_page_of_every_statement_names_it() -> None:
    for found in empirical_statements().values():
        assert found.id in Path(ROOT / found.page).read_text("utf-8")
