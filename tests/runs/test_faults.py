"""Studies that are interrupted, killed and broken: no replicate is lost or doubled."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.files.test_study_file import study_of
from tests.runs.study_runs import (
    CLI,
    ONE,
    SMALL,
    ask_to_end,
    assert_same,
    assert_same_results,
    assert_same_rows,
    kept,
)
from w2s_sim.errors import InputError
from w2s_sim.runs.interruption import InterruptedRunError
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.store import Store


def test_another_study_is_refused_and_says_what_changed(tmp_path: Path) -> None:
    run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    before = kept(tmp_path / "out")
    changed = SMALL.replace("bias = 0.7", "bias = 0.6").replace("seed = 3", "seed = 4")
    with pytest.raises(InputError, match=r"changed since: replication\.seed, task\.weak\.bias"):
        run_study(study_of(tmp_path, changed), tmp_path / "out", resume=True)
    with pytest.raises(InputError, match="--resume"):
        run_study(study_of(tmp_path, SMALL), tmp_path / "out")
    for one, other in zip(before, kept(tmp_path / "out"), strict=True):
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
    assert Store(out).ranges() == {0: [(0, 512)], 1: [(0, 512)]}
    assert not list(out.rglob("*.partial"))
    run_study(study, out, resume=True)
    assert all(len(frame) == 1400 for frame in kept(out))


@pytest.mark.usefixtures("optimised_tiles")
def test_a_killed_run_is_resumed_to_the_bit(tmp_path: Path) -> None:
    """kill -9 at three moments; SIGTERM at one."""
    # One program, five cells.
    ridges = "ridge = [0.1, 0.3, 1.0, 3.0, 10.0]"
    text = ONE.replace("ridge = 0.3", ridges).replace("= 1400", "= 40000").replace("= 20", "= 200")
    run_study(study_of(tmp_path, text), tmp_path / "whole")
    file, out = tmp_path / "study.toml", tmp_path / "killed"
    program = [sys.executable, "-c", CLI, "run", str(file), "--resume"]
    endings = []
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
            endings.append(process.returncode)
    assert -signal.SIGKILL in endings
    run_study(study_of(tmp_path, text), out, resume=True)
    assert_same(tmp_path / "whole", out)


@pytest.mark.usefixtures("small_chunks")
def test_an_interrupted_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    run_study(study, tmp_path / "whole")

    def interrupt(done: int, total: int) -> None:
        assert total == 5 * 1400
        if done > 1400:
            ask_to_end()

    with pytest.raises(InterruptedRunError):
        run_study(study, tmp_path / "cut", progress=interrupt)
    found = Store(tmp_path / "cut").ranges()
    assert found == {cell: [(0, 512)] for cell in range(5)}
    assert sum(stop - start for ranges in found.values() for start, stop in ranges) < 5 * 1400
    assert not (tmp_path / "cut" / "results.parquet").exists()
    run_study(study, tmp_path / "cut", resume=True)
    assert_same(tmp_path / "whole", tmp_path / "cut")


def test_a_lost_part_is_computed_again(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    run_study(study, tmp_path / "out")
    before = kept(tmp_path / "out")
    next((tmp_path / "out" / "parts").glob("cell-2-*.parquet")).unlink()
    run_study(study, tmp_path / "out", resume=True)
    for one, other in zip(before, kept(tmp_path / "out"), strict=True):
        assert_same_rows(one, other)


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def cut_in_half(out: Path) -> None:
    part = next((out / "parts").glob("cell-1-*"))
    part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])


def empty(out: Path) -> None:
    next((out / "parts").glob("cell-1-*")).write_bytes(b"")


def lose_rows(out: Path) -> None:
    part = next((out / "parts").glob("cell-1-*"))
    pq.write_table(pq.read_table(part)[:-1], part)


def overlap(out: Path) -> None:
    shutil.copy(out / "parts" / "cell-1-0-1400.parquet", out / "parts" / "cell-1-700-2100.parquet")


def of_another_study(out: Path) -> None:
    part = next((out / "parts").glob("cell-1-*"))
    pq.write_table(pq.read_table(part).replace_schema_metadata({b"w2s_study": b"other"}), part)


def cut_manifest(out: Path) -> None:
    (out / "manifest.json").write_text((out / "manifest.json").read_text()[:100])


def empty_manifest(out: Path) -> None:
    (out / "manifest.json").write_text("{}")


DAMAGE = [
    (cut_in_half, r"part: got .*cell-1-.*delete the file and resume"),
    (empty, r"part: got .*cell-1-.*delete the file and resume"),
    (lose_rows, r"part: got .*cell-1-.*, without all of its replicates"),
    (overlap, r"parts: got cell 1: two parts that hold replicate 700; expected .*delete one of the two"),
    (of_another_study, r"part: got .*cell-1-.*, of another study than this file"),
    (cut_manifest, r"manifest\.json: got .*without it, --resume makes it again"),
    (empty_manifest, r"manifest\.json: got .*without it, --resume makes it again"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    run_study(study_of(folder, SMALL), folder / "out")
    return folder / "out"


@pytest.mark.usefixtures("nothing_computes")
@pytest.mark.parametrize(("damage", "words"), DAMAGE)
def test_damage_is_refused_before_anything_is_computed(
    tmp_path: Path, finished: Path, damage: Callable[[Path], None], words: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    damage(out)
    before = contents(out)
    # With more to do than there is.
    study = study_of(tmp_path, SMALL.replace("replicates = 1400", "replicates = 2500"))
    with pytest.raises(InputError, match=words):
        run_study(study, out, resume=True)
    assert contents(out) == before


FIGURE = '[[figure]]\nx = "sample_size"\ncolour = "ridge"\n'
FREE = [
    ("[replication]", FIGURE + "[replication]"),
    ("replicates = 1400", "replicates = 1000"),
    ("replicates = 1400", "replicates = 1400\ntarget_relative_se = 0.9"),
]


@pytest.mark.usefixtures("nothing_computes")
@pytest.mark.parametrize(("old", "new"), FREE)
def test_what_replicates_do_not_depend_on_may_change(
    tmp_path: Path, finished: Path, old: str, new: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    study = study_of(tmp_path, SMALL.replace(old, new))
    run_study(study, out, resume=True)
    assert Store(out).kept_study() == study.document
    assert_same_results(finished, out)


CHANGED = [
    ("ridge = [0.0, 0.3]", "ridge = [0.0, 0.4]", "estimator[1].ridge"),
    ("num_demos = [4]", "num_demos = [5]", "estimator[2].num_demos"),
    ("num_weak = [50, 200]", "num_weak = 50", "estimator[1].num_weak"),
    (SMALL[SMALL.rindex("[[estimator]]") : SMALL.index("[replication]")], "", "estimator"),
    ("noise = 0.5", "noise = 0.6", "task.noise"),
    ("[0.5, 0.25, 0.15, 0.1]", "[0.5, 0.25, 0.1, 0.15]", "task.source_prior"),
    ('"biased"\nbias = 0.7', '"noisy"\nnoise = 0.7', "task.weak.bias, task.weak.kind, task.weak.noise"),
    ("seed = 3", "seed = 4", "replication.seed"),
    ("seed = 3", "", "replication.seed"),
    ("seed = 3", 'seed = 3\n[sweep]\nwhere = "ridge == 0.3"', "sweep"),
]


@pytest.mark.usefixtures("nothing_computes")
@pytest.mark.parametrize(("old", "new", "names"), CHANGED)
def test_any_other_change_is_refused_and_named(
    tmp_path: Path, finished: Path, old: str, new: str, names: str
) -> None:
    assert old in SMALL
    before = contents(finished)
    with pytest.raises(InputError) as complaint:
        run_study(study_of(tmp_path, SMALL.replace(old, new)), finished, resume=True)
    assert f"STUDY: got a file changed since: {names}; expected" in str(complaint.value)
    assert contents(finished) == before


@pytest.mark.usefixtures("small_chunks")
def test_a_folder_that_is_removed_meanwhile_is_missed(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def remove(done: int, total: int) -> None:
        if done == 1024:
            shutil.rmtree(out)

    with pytest.raises(
        InputError, match=r"--out: got .*parts, a folder that is gone; expected the folder back"
    ):
        run_study(study_of(tmp_path, ONE), out, progress=remove)
    assert not out.exists()


def test_a_folder_that_is_removed_at_the_end_is_missed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="a folder that is gone"):
        run_study(study_of(tmp_path, ONE), out, progress=lambda done, total: shutil.rmtree(out))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=r"--out: got .*out.*; expected a folder that can be written"):
        run_study(study_of(tmp_path, ONE), tmp_path / "out")
