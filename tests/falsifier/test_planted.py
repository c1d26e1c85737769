"""Faults that are planted back into theorems: the falsifier finds each, and its case file shows it again."""

from pathlib import Path

import pytest

from tests.falsifier.planted import faults
from w2s_sim.falsifier import falsify
from w2s_sim.files import case_file, load_case
from w2s_sim.statements import Statement
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case

SECONDS = 60.0
QUICK = {"loose projection": 60}


def is_found(statement: Statement, path: Path, points: float) -> None:
    """The search ends at a case that fails, and so does the case that is read from its file."""
    finding = falsify(statement, budget=SECONDS, points=points)
    assert finding.fails
    path.write_text(case_file(statement, finding.case), encoding="utf-8")
    again = load_case(path, statement)
    assert statement.broken_assumption(again) is None
    verdict = check_case(statement, again, settings=Settings(seed=7), alpha=1e-3)
    # What is not a finite number is nothing to judge by.
    assert verdict.verdict == ("refuted" if not finding.fault else verdict.verdict)
    assert not finding.fault or not (verdict.judged and verdict.verdict in ("consistent", "certified"))


@pytest.mark.parametrize("name", QUICK)
def test_planted_fault_is_found_with_few_points(name: str, tmp_path: Path) -> None:
    is_found(faults()[name](), tmp_path / "case.toml", QUICK[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(faults()) - set(QUICK)))
def test_planted_fault_is_found_within_a_minute(name: str, tmp_path: Path) -> None:
    is_found(faults()[name](), tmp_path / "case.toml", float("inf"))
