"""The map of the theorems: every theorem once, its controls, and the tightest case of the record."""

import dataclasses
import itertools

import pandas as pd

from tests.pages import ROOT
from w2s_sim.book.theorem_map import OWN, source_of, theorem_map, tightest_cases
from w2s_sim.figures.record import read_record
from w2s_sim.statements import all_statements, find_statement

RECORD = ROOT / "figures" / "gallery" / "tightness.json"


def test_every_theorem_has_a_row_with_its_controls() -> None:
    rows = theorem_map(all_statements(), RECORD)[2:]
    assert len(rows) == len(all_statements())
    for statement in all_statements().values():
        row = next(row for row in rows if f"[{statement.id}](" in row)
        assert all(control.breaks.replace("|", r"\|") in row for control in statement.controls("quick"))
        assert row.replace(r"\|", "").count("|") == 6


def test_theorems_of_one_source_stand_together() -> None:
    rows = theorem_map(all_statements(), RECORD)[2:]
    sources = [row.split(" | ")[0].partition(", in the setting")[0] for row in rows]
    changes = sum(first != second for first, second in itertools.pairwise(sources))
    assert changes == len(set(sources)) - 1


def test_the_tightest_case_is_the_nearest_to_its_bound() -> None:
    cases = read_record(RECORD).frames["cases"]
    decided = cases[cases["verdict"].isin(["consistent", "certified"])]
    ratios = pd.Series(decided["measured"] / decided["bound"])
    distances = (ratios - 1).abs().where(ratios <= 1, 1 - 1 / ratios).where(ratios > 0)
    nearest = decided.loc[distances.groupby(decided["theorem"]).idxmin().dropna()]
    columns = {name: {"values": cases[name].tolist()} for name in cases}
    found = tightest_cases(columns)
    assert {name: case.name for name, case in found.items()} == dict(
        zip(nearest["theorem"], nearest["case"], strict=True)
    )


def test_a_theorem_without_a_source_is_the_projects_own() -> None:
    statement = find_statement("naive-floor")
    assert source_of(statement) == "2405.16236"
    assert source_of(dataclasses.replace(statement, reference="derived here")) == OWN


def test_a_paper_of_which_only_the_setting_is_taken_is_no_source() -> None:
    assert source_of(find_statement("voronoi-threshold")) == OWN
    assert source_of(find_statement("identification-rate")) == "Chernoff 1952; Bahadur & Rao 1960"
    (row,) = [row for row in theorem_map(all_statements(), RECORD) if "[voronoi-threshold](" in row]
    assert "this project, in the setting of [2405.16236](https://arxiv.org/abs/2405.16236)" in row
