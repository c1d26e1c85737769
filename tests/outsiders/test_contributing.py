"""The package that CONTRIBUTING shows does what CONTRIBUTING says."""

import json
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import w2s_sim as w2s
from tests.outsiders.commands import Run, run_commands

ROOT = Path(__file__).parents[2]
run = pytest.fixture(run_commands)


def blocks(language: str) -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## How to add from a package of your own")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (code,) = blocks("python")
    path = tmp_path / "my_package.py"
    path.write_text(code, encoding="utf-8")
    return path


def test_its_theorem_is_checked(run: Run, file: Path) -> None:
    status, text, complaint = run("verify", str(file), "--json")
    verdicts = pd.DataFrame(json.loads(text)["verdicts"])
    assert status == 0, complaint
    assert verdicts.loc[verdicts["role"] == "theorem", "verdict"].tolist() == ["consistent"] * 3
    assert verdicts.loc[verdicts["role"] == "control", "verdict"].tolist() == ["refuted"]
    killable = verdicts.loc[(verdicts["role"] == "mutant") & (verdicts["expected"] == "refuted")]
    assert any("without the term: source" in case for case in killable["case"])
    assert set(killable["verdict"]) == {"refuted"}


def test_its_study_is_run_with_its_bound(run: Run, file: Path, tmp_path: Path) -> None:
    study, entry_point = blocks("toml")
    path = tmp_path / "study.toml"
    path.write_text(study, encoding="utf-8")
    out = tmp_path / "out"
    assert run("run", str(path), "--plugin", str(file), "--out", str(out))[0] == 0
    results = pd.read_parquet(out / "results.parquet")
    assert len(results) == 6
    assert set(results["risk_upper_theorem"]) == {"half-way-risk"}
    assert tomllib.loads(entry_point) == {
        "project": {"entry-points": {"w2s_sim.plugins": {"my-package": "my_package:PLUGIN"}}}
    }


def test_it_is_brought_in_from_python(file: Path) -> None:
    with w2s.brought_in(str(file)):
        statement = w2s.find_statement("half-way-risk")
        assert "half-way-risk" in w2s.all_statements()
        assert statement.cases("quick")[0].estimator.sample_size == 20
        # By its id, as those of the book.
        assert w2s.check("half-way-risk")["as_expected"].to_numpy().all()
    with pytest.raises(w2s.InputError, match="half-way-risk"):
        w2s.find_statement("half-way-risk")
