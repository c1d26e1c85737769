"""The commands from end to end, on one small case of the user's own."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from w2s_sim.cli import main
from w2s_sim.files import example_case_file
from w2s_sim.reports.folder import read_verdicts
from w2s_sim.statements import Statement, all_statements

CONTRACT_KEYS = {
    "theorem",
    "role",
    "case",
    "kind",
    "measured",
    "se",
    "ci_low",
    "ci_high",
    "bound",
    "tightness",
    "verdict",
    "replicates",
    "seed",
}


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(example_case_file(all_statements()["naive-floor"]), encoding="utf-8")
    return path


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("verify", "falsify", "list", "show", "doctor"))


def test_list_has_a_line_per_theorem(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    shown = capsys.readouterr().out
    assert all(statement_id in shown for statement_id in all_statements())


@pytest.mark.parametrize("statement", all_statements().values(), ids=lambda s: s.id)
def test_show_names_assumptions_lemmas_and_controls(
    statement: Statement, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", statement.id) == 0
    shown = capsys.readouterr().out
    assert statement.reference in shown
    assert statement.page in shown
    assert all(assumption.name in shown for assumption in statement.assumptions)
    assert all(lemma.id in shown for lemma in statement.lemmas)
    assert all(control.case.name in shown for control in statement.controls("quick"))
    # The example must be usable as it is printed.
    assert shown.endswith(example_case_file(statement))


def test_doctor_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor") == 0
    assert "FAIL" not in capsys.readouterr().out


def test_own_case_as_json(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "naive-floor", "--case", str(case_file), "--json", "--seed", "7") == 0
    document = json.loads(capsys.readouterr().out)
    theorem = document["verdicts"][0]
    assert set(theorem) >= CONTRACT_KEYS
    assert theorem["theorem"] == "naive-floor"
    assert theorem["role"] == "theorem"
    assert theorem["case"] == "mine"
    assert theorem["verdict"] == "consistent"
    assert theorem["seed"] == 7
    assert theorem["bound"] == pytest.approx(0.343150, abs=1e-6)
    assert theorem["tightness"] == pytest.approx(theorem["measured"] / theorem["bound"])
    assert {row["role"] for row in document["verdicts"]} == {"theorem", "mutant"}


def test_own_case_that_breaks_an_assumption_is_not_judged(
    case_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Least squares with n close to d: the risk has no variance, and the interval no meaning.
    text = case_file.read_text(encoding="utf-8")
    text = text.replace("num_weak = 60", "num_weak = 10").replace("ridge = 0.3", "ridge = 0.0")
    case_file.write_text(text, encoding="utf-8")
    assert run("verify", "naive-floor", "--case", str(case_file), "--json") == 0
    row = json.loads(capsys.readouterr().out)["verdicts"][0]
    assert row["verdict"] == "not-applicable"
    assert "finite variance" in row["reason"]


def test_folder_holds_verdicts_manifest_page_and_figure(
    case_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "out"
    assert run("verify", "naive-floor", "--case", str(case_file), "--out", str(folder)) == 0
    shown = capsys.readouterr().out
    assert "No theorem or lemma refuted." in shown
    assert "consistent" in shown

    frame = read_verdicts(folder)
    assert set(frame.columns) >= CONTRACT_KEYS
    assert frame.loc[0, "verdict"] == "consistent"
    assert pd.read_parquet(folder / "verdicts.parquet").shape[0] == frame.shape[0]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["configuration"]["seed"] == 0
    assert {"versions", "devices", "git_revision", "precision"} <= set(manifest)
    assert (folder / "figures" / "naive-floor.svg").read_text(encoding="utf-8").startswith("<svg")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Naive fine-tuning has a floor" in page
    assert "<math" in page
    assert "<svg" in page
    # Nothing is fetched: no script, style or image from elsewhere.
    assert not any(mark in page for mark in ("<script", "<link", "src="))
    assert sorted(path.name for path in folder.iterdir()) == [
        "figures",
        "manifest.json",
        "pages",
        "report.html",
        "verdicts.parquet",
    ]


def test_json_has_no_nan(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Without a bias the floor is 0, and measured / bound undefined.
    text = case_file.read_text(encoding="utf-8").replace("bias = 0.7", "bias = 0.0")
    case_file.write_text(text, encoding="utf-8")
    assert run("verify", "naive-floor", "--case", str(case_file), "--json") == 0

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    document = json.loads(capsys.readouterr().out, parse_constant=refuse)
    row = document["verdicts"][0]
    assert row["tightness"] is None
    assert row["verdict"] == "vacuous"
    assert math.isfinite(row["measured"])


def test_mutants_are_listed_with_their_reasons(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "naive-floor", "--case", str(case_file), "--mutants") == 0
    shown = capsys.readouterr().out
    assert "mutant @ case" in shown
    assert "bound x 1.33" in shown
    assert "killed by" in shown
    assert "no case contradicts it" in shown


def test_falsify_prints_a_case_file_that_verify_accepts(
    case_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("falsify", "naive-floor", "--budget", "2", "--case", str(case_file)) == 0
    printed = capsys.readouterr().out
    assert "bound / measured" in printed
    assert "fresh keys: seed 1" in printed
    found = tmp_path / "found.toml"
    found.write_text(printed, encoding="utf-8")
    assert run("verify", "naive-floor", "--case", str(found), "--json") == 0
    (verdict,) = (v for v in json.loads(capsys.readouterr().out)["verdicts"] if v["role"] == "theorem")
    assert verdict["verdict"] != "refuted"


def test_falsify_refuses_a_budget_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("falsify", "naive-floor", "--budget", "0") == 2
    assert "--budget" in capsys.readouterr().err
