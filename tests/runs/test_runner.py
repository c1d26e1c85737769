"""Studies that are run and topped up: their results, and the replicates that fail."""

import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest

import w2s_sim as w2s
from tests.files.test_study_file import GOOD, TABLES, study_of
from tests.runs.study_runs import (
    ONE,
    SMALL,
    assert_same,
    assert_same_results,
    assert_same_rows,
    kept,
    results_of,
)
from w2s_sim.cli import main
from w2s_sim.engine.replication import Tiles
from w2s_sim.errors import InputError
from w2s_sim.plugins import registry
from w2s_sim.runs.draw_groups import draw_groups
from w2s_sim.runs.gathering import replay
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.store import Store


def test_results_are_those_of_the_plain_comparison(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    table = results_of(study, tmp_path / "out")
    plain = w2s.compare(
        study.cells[0].case.task,
        {"a": w2s.Ridge(0.3, num_weak=200), "b": w2s.InContext(4)},
        replicates=1400,
        seed=3,
    )
    np.testing.assert_allclose(table["risk"].to_numpy()[[3, 4]], plain["risk"], rtol=1e-6)
    np.testing.assert_allclose(table["risk_se"].to_numpy()[[3, 4]], plain["risk_se"], rtol=1e-6)
    assert table["estimator.num_weak"].tolist()[:4] == [50, 200, 50, 200]
    assert table["bound_theorem"].tolist() == ["naive-floor"] * 4 + ["refinement-risk"]
    np.testing.assert_allclose(table["bound"].to_numpy()[:4], 0.34315, atol=1e-4)
    again = pd.read_parquet(tmp_path / "out" / "results.parquet")
    pd.testing.assert_frame_equal(again, table)


def test_finite_concepts_are_studied_too(tmp_path: Path) -> None:
    table = results_of(study_of(tmp_path, TABLES), tmp_path / "out")
    assert table["task.weak.share"].tolist() == [0.0, 0.5]
    assert np.isfinite(table["prior_tv"].to_numpy()).all()


@pytest.mark.usefixtures("small_chunks")
def test_a_finished_study_is_topped_up(tmp_path: Path) -> None:
    more = study_of(tmp_path, SMALL.replace("replicates = 1400", "replicates = 2100"))
    run_study(more, tmp_path / "at once")
    run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    table = results_of(more, tmp_path / "out", resume=True)
    assert table["replicates"].tolist() == [2100] * 5
    assert_same_results(tmp_path / "at once", tmp_path / "out")
    assert Store(tmp_path / "out").kept_study() == more.document
    # The other way round nothing is lost.
    run_study(study_of(tmp_path, SMALL), tmp_path / "out", resume=True)
    assert_same(tmp_path / "at once", tmp_path / "out")


def test_one_replicate_is_run_again_alone(tmp_path: Path) -> None:
    run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    again, there = replay(tmp_path / "out", 3, 577)
    assert there is not None
    assert again["risk"] == there["risk"]
    for cell, index, word in ((9, 0, "--cell"), (0, -1, "--replicate")):
        with pytest.raises(InputError, match=word):
            replay(tmp_path / "out", cell, index)
    assert replay(tmp_path / "out", 0, 10_000)[1] is None


def test_failed_replicates_are_counted_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Tiles.run

    def broken(*arguments: Any) -> np.ndarray:
        values = original(*arguments).copy()
        if 0 in arguments[2]:
            values[[5, 17]] = np.nan
        return values

    monkeypatch.setattr(Tiles, "run", broken)
    table = results_of(study_of(tmp_path, SMALL), tmp_path / "out")
    assert table["failed"].tolist() == [2] * 5
    assert table["first_failed"].tolist() == [5] * 5
    failures = pd.read_csv(tmp_path / "out" / "failures.csv")
    assert failures.loc[failures["cell"] == 3, "replicate"].tolist() == [5, 17]
    assert set(failures["seed"]) == {3}
    assert np.isfinite(table["risk"]).all()


@pytest.fixture
def broken_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that end with an error where they meet replicate 7 or 300."""
    run_alone = Tiles.run_alone

    def refuse(tiles: Tiles, seed: int, numbers: Any) -> np.ndarray:
        raise jax.errors.JaxRuntimeError("INTERNAL: a tile of many")

    def alone(tiles: Tiles, seed: int, replicate: int) -> np.ndarray:
        if replicate in (7, 300):
            raise jax.errors.JaxRuntimeError(f"INTERNAL: no convergence\n  of number {replicate}")
        return run_alone(tiles, seed, replicate)

    monkeypatch.setattr(Tiles, "run", refuse)
    monkeypatch.setattr(Tiles, "run_alone", alone)


@pytest.fixture
def healthy(tmp_path: Path) -> list[pd.DataFrame]:
    """The replicates of a program that breaks later."""
    run_study(study_of(tmp_path, TWO_TILES), tmp_path / "healthy")
    return kept(tmp_path / "healthy")


TWO_TILES = ONE.replace("replicates = 1400", "replicates = 600")


@pytest.mark.usefixtures("optimised_tiles")
def test_a_replicate_that_breaks_its_program_takes_no_other_with_it(
    tmp_path: Path, healthy: list[pd.DataFrame], broken_program: None
) -> None:
    table = results_of(study_of(tmp_path, TWO_TILES), tmp_path / "out")
    assert (table["failed"].tolist(), table["first_failed"].tolist()) == ([2], [7])
    failures = pd.read_csv(tmp_path / "out" / "failures.csv")
    texts = [f"INTERNAL: no convergence of number {number}" for number in (7, 300)]
    assert failures["cell"].tolist() == [0, 0]
    assert failures["replicate"].tolist() == [7, 300]
    assert failures["seed"].tolist() == [3, 3]
    assert failures["error"].tolist() == texts
    (found,), (expected,) = kept(tmp_path / "out"), healthy
    bad = np.isin(found["replicate"].to_numpy(), [7, 300])
    assert found.loc[bad, "error"].tolist() == texts
    assert found.loc[bad, "risk"].isna().all()
    assert_same_rows(found[~bad], expected[~bad])
    risk = float(expected["risk"].to_numpy()[~bad].mean())
    np.testing.assert_allclose(table["risk"].to_numpy(), [risk], rtol=1e-12)
    # The list of failures goes with them.
    shutil.rmtree(tmp_path / "out" / "parts")
    shutil.copytree(tmp_path / "healthy" / "parts", tmp_path / "out" / "parts")
    run_study(study_of(tmp_path, TWO_TILES), tmp_path / "out", resume=True)
    assert not (tmp_path / "out" / "failures.csv").exists()


def test_a_replicate_that_breaks_its_program_is_replayed(
    tmp_path: Path,
    healthy: list[pd.DataFrame],
    broken_program: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["replay", str(tmp_path / "healthy"), "--cell", "0", "--replicate"]
    with pytest.raises(SystemExit, match="1"):
        main([*arguments, "7"])
    said = capsys.readouterr().out
    assert "cell 0, replicate 7, seed 3" in said
    assert "failed again: INTERNAL: no convergence" in said
    with pytest.raises(SystemExit, match="0"):
        main([*arguments, "8"])
    risk = float(healthy[0]["risk"].to_numpy()[8])
    assert f"{risk!r}, kept {risk!r}" in capsys.readouterr().out


@pytest.mark.usefixtures("x64")
def test_a_study_is_computed_in_the_precision_of_whoever_calls(tmp_path: Path) -> None:
    study = study_of(tmp_path, ONE)
    run_study(study, tmp_path / "out")
    assert Store(tmp_path / "out").precision == "float64"
    values = kept(tmp_path / "out")[0]["risk"].to_numpy()
    assert np.any(values != values.astype(np.float32))
    again, there = replay(tmp_path / "out", 0, 5)
    assert there is not None
    assert again["risk"] == there["risk"]


def test_infinite_losses_are_no_failures(tmp_path: Path) -> None:
    """One label excludes a concept that is wanted: no finite mean, and nothing hidden."""
    sure = TABLES.replace("[[0.7, 0.3], [0.2, 0.8]]", "[[1.0, 0.0], [1.0, 0.0]]")
    sure = sure.replace("[[0.1, 0.9], [0.5, 0.5]]", "[[0.0, 1.0], [0.0, 1.0]]")
    sure = sure.replace("target_prior = [0, 1]", "target_prior = [0.5, 0.5]").replace("[0.0, 0.5]", "0.0")
    table = results_of(study_of(tmp_path, sure.replace("num_weak = 50", "num_weak = 1")), tmp_path / "out")
    assert table["failed"].tolist() == [0]
    assert table["risk"].tolist() == [np.inf]
    assert table["prior_kl_infinite"].tolist() == [1.0]
    assert np.isnan(table["risk_se"].to_numpy()).all()


def test_every_kind_of_estimator_can_be_studied(tmp_path: Path) -> None:
    numbers = {
        "num_weak": "20",
        "num_demonstrations": "4",
        "steps": "3",
        "step_size": "0.1",
        "threshold": "0.5",
        "mixing": "0.5",
        "confidence": "0.5",
        "rounds": "2",
        "spread": "0.5",
        "num_concepts": "4",
        "members": "2",
        "views": "2",
        "middle": "[[0, 0, 0, 1.2, 0.6, 0, 0, 0]]",
        "ridges": "[1.5, 0.3]",
    }
    known = registry()
    for text, family in ((GOOD, "regression"), (TABLES, "categorical")):
        head = text[: text.index("[[estimator]]")].replace("[0.0, 0.5]", "0.2")
        kinds = {name: kind for name, kind in known.estimators.items() if kind.is_for(known.tasks[family])}
        tables = [
            "\n".join(
                ["[[estimator]]", f'kind = "{name}"']
                + [f"{p.name} = {numbers[p.name]}" for p in kind.parameters if p.required]
            )
            for name, kind in kinds.items()
        ]
        body = "\n".join([head, *tables, "[replication]", "replicates = 4"])
        table = results_of(study_of(tmp_path, body), tmp_path / family)
        assert table["estimator.kind"].tolist() == list(kinds)
        assert np.isfinite(table["risk"].to_numpy()).all()


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study_of(tmp_path, SMALL + '[[figure]]\nx = "sample_size"\ncolour = "ridge"\n')
    file, out = str(tmp_path / "study.toml"), str(tmp_path / "out")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        captured = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return leaving.value.code, captured.out, captured.err

    status, text, _ = run("run", file, "--dry-run")
    assert status == 0
    assert "5 cells of 1,400 replicates: 7,000 in all" in text
    status, _, complaint = run("run", file)
    assert (status, complaint.count("\n")) == (2, 1)
    assert "--out" in complaint
    status, text, _ = run("run", file, "--out", out)
    assert status == 0
    assert Path(text.splitlines()[-1]).read_bytes().startswith(b"\x89PNG")
    status, text, _ = run("replay", out, "--cell", "0", "--replicate", "3")
    assert status == 0
    assert "kept" in text
    for given in ("0/3", "4/3", "1", "a/b"):
        status, _, complaint = run("run", file, "--out", out, "--shard", given)
        assert (status, complaint.count("\n")) == (2, 1)
        assert "--shard" in complaint
    for index in (1, 2):
        assert run("run", file, "--out", f"{out}-{index}", "--shard", f"{index}/2")[0] == 0
    status, text, _ = run("merge", f"{out}-1", f"{out}-2", "--out", f"{out}-merged")
    assert status == 0
    assert "5 cells" in text
    assert (Path(f"{out}-merged") / "figures" / "figure-1.png").exists()
    status, _, complaint = run("run", str(tmp_path / "none.toml"), "--out", out)
    assert (status, complaint.count("\n")) == (2, 1)


PAIRED = "[baseline]\nridge = 0.3\nnum_weak = 200\n[replication]"


def test_a_study_compares_its_cells_with_a_baseline(tmp_path: Path) -> None:
    plain, paired = tmp_path / "plain", tmp_path / "paired"
    run_study(study_of(tmp_path, SMALL), plain)
    table = results_of(study_of(tmp_path, SMALL.replace("[replication]", PAIRED)), paired)
    risks = [frame["risk"].to_numpy() for frame in kept(paired)]
    for cell, own in enumerate(risks):
        difference = own - risks[3]
        row = table.loc[cell]
        np.testing.assert_allclose(row["risk_difference"], difference.mean(), atol=1e-12)
        np.testing.assert_allclose(row["risk_difference_se"], difference.std(ddof=1) / 1400**0.5, atol=1e-12)
        np.testing.assert_allclose(row["risk_ratio"], own.mean() / risks[3].mean(), rtol=1e-10)
    # The baseline is no part of what is computed.
    assert_same(plain, paired)
    assert "risk_difference" not in pd.read_parquet(plain / "results.parquet")


def test_independent_draws_have_nothing_in_common(tmp_path: Path) -> None:
    text = SMALL.replace("[replication]", PAIRED)
    shared = results_of(study_of(tmp_path, text), tmp_path / "shared")
    own = text.replace("[replication]", '[replication]\ndraws = "independent"')
    independent = results_of(study_of(tmp_path, own), tmp_path / "independent")
    # Two ridges on the same 200 pairs, and on their own pairs. A correlation of a half leaves 0.71 of the
    # error.
    errors = [float(table.loc[1, "risk_difference_se"]) for table in (shared, independent)]
    assert errors[0] < 0.71 * errors[1]
    first, second = (frame["risk"].to_numpy() for frame in kept(tmp_path / "independent")[1:4:2])
    # Correlations of independent samples are N(0, 1/n).
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / 1400**0.5
    gap = np.abs(shared["risk"] - independent["risk"])
    assert np.all(gap < 5 * np.hypot(shared["risk_se"], independent["risk_se"]))


def test_a_study_with_reduced_draws(tmp_path: Path) -> None:
    """Fine-tuning learns from moments, a group for each size; posteriors come from the concepts' span."""
    own = SMALL.replace("[replication]", '[replication]\ndraws = "reduced"')
    study = study_of(tmp_path, own)
    assert [[cell.index for cell in group.cells] for group in draw_groups(study)] == [[0, 2], [1, 3], [4]]
    shared = results_of(study_of(tmp_path, SMALL), tmp_path / "shared")
    reduced = results_of(study, tmp_path / "reduced")
    gap = np.abs(shared["risk"].to_numpy() - reduced["risk"].to_numpy())
    assert np.all(gap < 5 * np.hypot(shared["risk_se"], reduced["risk_se"]))
    assert reduced["bound"].tolist() == shared["bound"].tolist()
