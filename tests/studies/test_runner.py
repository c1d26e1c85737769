"""Studies that are run, interrupted, resumed, topped up and broken: no replicate is lost or doubled."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import w2s_sim as w2s
from tests.studies.test_study_file import GOOD, TABLES, study_of
from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.studies import schedule
from w2s_sim.studies.estimator_table import KINDS
from w2s_sim.studies.gathering import merge, replay
from w2s_sim.studies.interruption import InterruptedRunError
from w2s_sim.studies.runner import run_study
from w2s_sim.studies.schedule import Shard
from w2s_sim.studies.store import Store
from w2s_sim.verify.replication import Tiles

SMALL = GOOD.replace("replicates = 100", "replicates = 1400").replace("[1, 2, 4]", "[4]")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts a cell, on the borders of the engine's tiles."""
    monkeypatch.setattr(schedule, "CHUNK", 512)


def kept(folder: Path, cells: int) -> list[pd.DataFrame]:
    store = Store(folder)
    held = store.ranges()
    return [
        pd.concat([table.to_pandas() for table in store.read(cell, held[cell])], ignore_index=True)
        for cell in range(cells)
    ]


def assert_same(first: Path, second: Path, cells: int = 5) -> None:
    """To the bit, every replicate once."""
    for one, other in zip(kept(first, cells), kept(second, cells), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        assert one["replicate"].tolist() == list(range(len(one)))


def test_results_are_those_of_the_plain_comparison(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    table = run_study(study, tmp_path / "out")
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
    table = run_study(study_of(tmp_path, TABLES), tmp_path / "out")
    assert table["task.weak.share"].tolist() == [0.0, 0.5]
    assert np.isfinite(table["prior_tv"].to_numpy()).all()


@pytest.mark.usefixtures("small_chunks")
def test_an_interrupted_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    run_study(study, tmp_path / "whole")

    def interrupt(done: int, total: int) -> None:
        assert total == 5 * 1400
        if done > 1400:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(InterruptedRunError):
        run_study(study, tmp_path / "cut", progress=interrupt)
    found = Store(tmp_path / "cut").ranges()
    assert found[0] == [(0, 512), (512, 1024), (1024, 1400)]
    assert sum(stop - start for ranges in found.values() for start, stop in ranges) < 5 * 1400
    assert not (tmp_path / "cut" / "results.parquet").exists()
    run_study(study, tmp_path / "cut", resume=True)
    assert_same(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.usefixtures("small_chunks")
def test_a_finished_study_is_topped_up(tmp_path: Path) -> None:
    more = study_of(tmp_path, SMALL.replace("replicates = 1400", "replicates = 2100"))
    run_study(more, tmp_path / "at once")
    run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    table = run_study(more, tmp_path / "out", resume=True)
    assert table["replicates"].tolist() == [2100] * 5
    assert_same(tmp_path / "at once", tmp_path / "out")


def test_a_lost_part_is_computed_again(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    run_study(study, tmp_path / "out")
    before = kept(tmp_path / "out", 5)
    next((tmp_path / "out" / "parts").glob("cell-2-*.parquet")).unlink()
    run_study(study, tmp_path / "out", resume=True)
    for one, other in zip(before, kept(tmp_path / "out", 5), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_one_replicate_is_run_again_alone(tmp_path: Path) -> None:
    run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    again, there = replay(tmp_path / "out", 3, 577)
    assert there is not None
    assert again["risk"] == there["risk"]
    for arguments, word in (((9, 0), "--cell"), ((0, -1), "--replicate")):
        with pytest.raises(InputError, match=word):
            replay(tmp_path / "out", *arguments)
    assert replay(tmp_path / "out", 0, 10_000)[1] is None


def test_failed_replicates_are_counted_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Tiles.run

    def broken(*arguments: Any) -> np.ndarray:
        values = original(*arguments).copy()
        if 0 in arguments[2]:
            values[[5, 17], 0] = np.nan
        return values

    monkeypatch.setattr(Tiles, "run", broken)
    table = run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    assert table["failed"].tolist() == [2] * 5
    assert table["first_failed"].tolist() == [5] * 5
    failures = pd.read_csv(tmp_path / "out" / "failures.csv")
    assert failures.loc[failures["cell"] == 3, "replicate"].tolist() == [5, 17]
    assert set(failures["seed"]) == {3}
    assert np.isfinite(table["risk"]).all()


def test_infinite_losses_are_no_failures(tmp_path: Path) -> None:
    """One label excludes a concept that is wanted: no finite mean, and nothing hidden."""
    sure = TABLES.replace("[[0.7, 0.3], [0.2, 0.8]]", "[[1.0, 0.0], [1.0, 0.0]]")
    sure = sure.replace("[[0.1, 0.9], [0.5, 0.5]]", "[[0.0, 1.0], [0.0, 1.0]]")
    sure = sure.replace("target_prior = [0, 1]", "target_prior = [0.5, 0.5]").replace("[0.0, 0.5]", "0.0")
    table = run_study(study_of(tmp_path, sure.replace("num_weak = 50", "num_weak = 1")), tmp_path / "out")
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
        "rounds": "2",
        "spread": "0.5",
    }
    for text, family in ((GOOD, w2s.TransferTask), (TABLES, w2s.FiniteTask)):
        head = text[: text.index("[[estimator]]")].replace("[0.0, 0.5]", "0.2")
        kinds = {name: kind for name, kind in KINDS.items() if family in kind.tasks}
        tables = [
            "\n".join(
                ["[[estimator]]", f'kind = "{name}"']
                + [f"{p.name} = {numbers[p.name]}" for p in kind.parameters if p.required]
            )
            for name, kind in kinds.items()
        ]
        body = "\n".join([head, *tables, "[replication]", "replicates = 4"])
        table = run_study(study_of(tmp_path, body), tmp_path / family.__name__)
        assert table["estimator.kind"].tolist() == list(kinds)
        assert np.isfinite(table["risk"].to_numpy()).all()


def test_another_study_is_refused_and_says_what_changed(tmp_path: Path) -> None:
    run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    before = kept(tmp_path / "out", 5)
    changed = SMALL.replace("bias = 0.7", "bias = 0.6").replace("seed = 3", "seed = 4")
    with pytest.raises(InputError, match=r"changed since: replication\.seed, task\.weak\.bias"):
        run_study(study_of(tmp_path, changed), tmp_path / "out", resume=True)
    with pytest.raises(InputError, match="--resume"):
        run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    for one, other in zip(before, kept(tmp_path / "out", 5), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_broken_folders_are_refused(tmp_path: Path) -> None:
    study, out = study_of(tmp_path, SMALL), tmp_path / "out"
    run_study(study, out)
    part = next((out / "parts").glob("cell-1-*.parquet"))
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"part: got .*cell-1-.*delete the file and resume"):
        run_study(study, out, resume=True)
    part.unlink()
    run_study(study, out, resume=True)
    manifest = (out / "manifest.json").read_text()
    (out / "manifest.json").write_text(manifest[:100])
    with pytest.raises(InputError, match=r"manifest\.json"):
        run_study(study, out, resume=True)
    (out / "manifest.json").unlink()
    other = study_of(tmp_path, SMALL.replace("seed = 3", "seed = 4"))
    with pytest.raises(InputError, match="of another study than this file"):
        run_study(other, out, resume=True)
    run_study(study, out, resume=True)
    assert (
        json.loads((out / "manifest.json").read_text())["configuration"]
        == json.loads(manifest)["configuration"]
    )
    with Store(out).locked(), pytest.raises(InputError, match="in use by another run"):
        run_study(study, out, resume=True)
    run_study(study, out, resume=True)


@pytest.mark.usefixtures("small_chunks")
def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, out = study_of(tmp_path, SMALL), tmp_path / "out"
    sync, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        run_study(study, out)
    monkeypatch.setattr(os, "fsync", sync)
    assert Store(out).ranges() == {0: [(0, 512), (512, 1024)]}
    assert not list(out.rglob("*.partial"))
    run_study(study, out, resume=True)
    assert all(len(frame) == 1400 for frame in kept(out, 5))


def test_a_killed_run_is_resumed_to_the_bit(tmp_path: Path) -> None:
    """kill -9 at three moments; SIGTERM at one."""
    text = SMALL.replace("replicates = 1400", "replicates = 40000")
    run_study(study_of(tmp_path, text), tmp_path / "whole")
    file, out = tmp_path / "study.toml", tmp_path / "killed"
    program = [sys.executable, "-c", "from w2s_sim.cli import main; main()", "run", str(file), "--resume"]
    for how, parts in ((signal.SIGKILL, 1), (signal.SIGKILL, 8), (signal.SIGTERM, 20), (signal.SIGKILL, 30)):
        with subprocess.Popen([*program, "--out", str(out)], stderr=subprocess.PIPE) as process:
            waited = time.monotonic()
            while len(list((out / "parts").glob("*.parquet"))) < parts and process.poll() is None:
                assert time.monotonic() - waited < 120
                time.sleep(0.005)
            process.send_signal(how)
            process.wait(60)
            # It may have been done before the signal came.
            assert process.returncode in ({-signal.SIGKILL, 0} if how == signal.SIGKILL else {130, 0})
    run_study(study_of(tmp_path, text), out, resume=True)
    assert_same(tmp_path / "whole", out)


@pytest.mark.usefixtures("small_chunks")
def test_three_shards_merge_to_the_whole(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    run_study(study, tmp_path / "whole")
    shards = [tmp_path / f"shard {index}" for index in (1, 2, 3)]
    for index, folder in enumerate(shards, start=1):
        run_study(study, folder, shard=Shard(index, 3))
    held = [sum(map(len, Store(folder).ranges().values())) for folder in shards]
    assert held == [5, 5, 5]
    with pytest.raises(InputError, match="replicates are missing"):
        merge(shards[:2], tmp_path / "two")
    table = merge(shards, tmp_path / "merged")
    assert_same(tmp_path / "whole", tmp_path / "merged")
    pd.testing.assert_frame_equal(table, pd.read_parquet(tmp_path / "whole" / "results.parquet"))
    other = study_of(tmp_path, SMALL.replace("seed = 3", "seed = 4"))
    run_study(other, tmp_path / "other", shard=Shard(1, 3))
    with pytest.raises(InputError, match=r"replication\.seed"):
        merge([shards[0], tmp_path / "other"], tmp_path / "mixed")


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study_of(tmp_path, SMALL)
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
    assert run("run", file, "--out", out)[0] == 0
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
    status, _, complaint = run("run", str(tmp_path / "none.toml"), "--out", out)
    assert (status, complaint.count("\n")) == (2, 1)
