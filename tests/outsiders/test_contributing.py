"""The package that CONTRIBUTING shows does what CONTRIBUTING says."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import w2s_sim as w2s
from tests.outsiders.commands import Run, run_commands

ROOT = Path(__file__).parents[2]
run = pytest.fixture(run_commands)
THEOREM, CONCEPTS, STRONG_MODEL = "A theorem and an estimator", "A concept model", "A strong model"


def blocks(heading: str, language: str) -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)


def written(heading: str, folder: Path) -> tuple[Path, Path]:
    """The example's module and study, as files; the module says its own name."""
    study = folder / "study.toml"
    study.write_text(blocks(heading, "toml")[0], encoding="utf-8")
    return written_module(heading, folder), study


def written_module(heading: str, folder: Path) -> Path:
    (code,) = blocks(heading, "python")
    module = folder / code.removeprefix('"""').partition(":")[0]
    module.write_text(code, encoding="utf-8")
    return module


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(THEOREM, tmp_path)[0]


def test_its_theorem_is_checked(run: Run, file: Path) -> None:
    status, text, complaint = run("verify", str(file), "--json")
    verdicts = pd.DataFrame(json.loads(text)["verdicts"])
    assert status == 0, complaint
    assert verdicts.loc[verdicts["role"] == "theorem", "verdict"].tolist() == ["consistent"] * 3
    assert verdicts.loc[verdicts["role"] == "control", "verdict"].tolist() == ["refuted"]
    killable = verdicts.loc[(verdicts["role"] == "mutant") & (verdicts["expected"] == "refuted")]
    assert any("without the term: source" in case for case in killable["case"])
    assert set(killable["verdict"]) == {"refuted"}


def results_of(run: Run, heading: str, folder: Path) -> pd.DataFrame:
    module, study = written(heading, folder)
    out = folder / "out"
    status, _, complaint = run("run", str(study), "--plugin", str(module), "--out", str(out))
    assert status == 0, complaint
    return pd.read_parquet(out / "results.parquet")


def test_its_study_is_run_with_its_bound(run: Run, file: Path, tmp_path: Path) -> None:
    results = results_of(run, THEOREM, tmp_path)
    _, entry_point = blocks(THEOREM, "toml")
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


def test_a_concept_model_is_refined_and_fitted(run: Run, tmp_path: Path) -> None:
    results = results_of(run, CONCEPTS, tmp_path)
    refined = results.loc[results["estimator.kind"] == "refine"].sort_values("estimator.num_demonstrations")
    # More demonstrations show the target more surely.
    falls = -np.diff(refined["risk"])
    assert np.all(falls > 5 * np.hypot(refined["risk_se"].to_numpy()[1:], refined["risk_se"].to_numpy()[:-1]))
    assert np.isfinite(results["prior_tv"]).all()


def test_a_strong_model_without_concepts_is_read_refined_and_swept(run: Run, tmp_path: Path) -> None:
    results = results_of(run, STRONG_MODEL, tmp_path)
    assert len(results) == 6
    assert sorted(set(results["task.width"])) == [4, 8]
    assert np.isfinite(results["risk"]).all()
    # The study's replicates are those of Python with the same seed, one by one.
    module, _ = written(STRONG_MODEL, tmp_path)
    with w2s.brought_in(str(module)) as found:
        (plugin,) = found[0]
        task = plugin.tasks[0].build({"width": 4, "noise": 0.3, "seed": 0}, {})
        numbers = {"num_demonstrations": 16, "num_weak": 48}
        (refining,) = [kind for kind in plugin.estimators if kind.name == "read-and-refine"]
        table = w2s.compare(task, {"refined": refining.build(task, numbers)}, replicates=400, seed=0)
    of_width = results.loc[(results["task.width"] == 4) & (results["estimator.kind"] == "read-and-refine")]
    np.testing.assert_allclose(of_width["risk"], table["risk"], rtol=1e-5)
