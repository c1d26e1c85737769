"""Studies that shards, devices and processes share: what they find is the same to the bit."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.files.test_study_file import study_of
from tests.runs.study_runs import CLI, ONE, SMALL, assert_same_results, assert_same_rows, kept
from w2s_sim.errors import InputError
from w2s_sim.runs.gathering import merge
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.schedule import Shard
from w2s_sim.runs.store import Store

# Two programs, of which one has fewer lanes than the other.
LANES = ONE.replace("num_weak = 20", "num_weak = [20, 2000]")
LANES = LANES.replace("[replication]", '[replication]\ndraws = "independent"')
# Ends with an error if not all devices are used, or if the lanes depend on their number.
ON_EIGHT_DEVICES = """
import sys
from w2s_sim.cli import main
try:
    main(sys.argv[1:])
except SystemExit as leaving:
    assert leaving.code == 0, leaving.code
import numpy as np
from w2s_sim.files.study_file import load_study
from w2s_sim.runs.cell_metrics import measured_together
from w2s_sim.runs.draw_groups import draw_groups
from w2s_sim.engine.programs import usable_devices
from w2s_sim.engine.replication import tiles_of
devices = usable_devices()
assert len(devices) == 8, devices
study = load_study(sys.argv[2])
lanes = []
for group in draw_groups(study):
    draw = group.draw
    tiles = tiles_of(measured_together(study.metrics, draw), draw)
    assert tiles.num_devices == 8
    assert [program.device for program in tiles.programs] == list(devices)
    lanes.append(tiles.lanes)
    assert {program.lanes for program in tiles.programs} == {tiles.lanes}
    # More tiles than devices, the last of which is not full.
    values, last = tiles.run(study.seed, range(9)), 8 * tiles.lanes + 1
    np.testing.assert_array_equal(tiles.run_alone(study.seed, last), values[last])
assert len(set(lanes)) == 2, lanes
"""


@pytest.mark.usefixtures("small_chunks")
def test_three_shards_merge_to_the_whole(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    run_study(study, tmp_path / "whole")
    shards = [tmp_path / f"shard {index}" for index in (1, 2, 3)]
    for index, folder in enumerate(shards, start=1):
        assert run_study(study, folder, shard=Shard(index, 3)) is None
        assert not (folder / "results.parquet").exists()
    held = [sum(map(len, Store(folder).ranges().values())) for folder in shards]
    assert held == [5, 5, 5]
    with pytest.raises(InputError, match="replicates are missing"):
        merge(shards[:2], tmp_path / "two")
    table = merge(shards, tmp_path / "merged")
    assert_same_results(tmp_path / "whole", tmp_path / "merged")
    pd.testing.assert_frame_equal(table, pd.read_parquet(tmp_path / "whole" / "results.parquet"))
    other = study_of(tmp_path, SMALL.replace("seed = 3", "seed = 4"))
    run_study(other, tmp_path / "other", shard=Shard(1, 3))
    with pytest.raises(InputError, match=r"replication\.seed"):
        merge([shards[0], tmp_path / "other"], tmp_path / "mixed")


@pytest.mark.usefixtures("small_chunks")
def test_shards_that_were_topped_up_merge_to_the_whole(tmp_path: Path) -> None:
    """With more replicates the chunks are dealt out anew: two shards then hold some of the same."""
    text = ONE.replace("ridge = 0.3", "ridge = [0.1, 3.0]")
    shards = [tmp_path / f"shard {index}" for index in (1, 2, 3)]
    for replicates in (300, 900):
        study = study_of(tmp_path, text.replace("1400", str(replicates)))
        for index, folder in enumerate(shards, start=1):
            run_study(study, folder, shard=Shard(index, 3), resume=True)
    run_study(study_of(tmp_path, text.replace("1400", "900")), tmp_path / "whole")
    table = merge(shards, tmp_path / "merged")
    assert table["replicates"].tolist() == [900, 900]
    assert_same_results(tmp_path / "whole", tmp_path / "merged")


def test_a_shard_of_a_study_that_is_broken_is_refused(tmp_path: Path) -> None:
    study, shards = study_of(tmp_path, ONE), [tmp_path / "1", tmp_path / "2"]
    for index, folder in enumerate(shards, start=1):
        run_study(study, folder, shard=Shard(index, 2))
    part = next((shards[0] / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(InputError, match=r"part: got .*cell-0-"):
        merge(shards, tmp_path / "merged")
    with pytest.raises(InputError, match=r"DIR: got .*nowhere, without manifest\.json"):
        merge([shards[0], tmp_path / "nowhere"], tmp_path / "merged")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study on one device."""
    folder = tmp_path_factory.mktemp("alone")
    run_study(study_of(folder, LANES), folder / "out")
    return folder / "out"


def run_with(environment: dict[str, str], program: str, *arguments: str | Path) -> None:
    """A program of its own, which has to end well."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    free = {key: value for key, value in os.environ.items() if key not in ("NPROC", "XLA_FLAGS")}
    done = subprocess.run(
        command, capture_output=True, text=True, env={**free, **environment}, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("devices", "program"), [(2, CLI), (8, ON_EIGHT_DEVICES)])
def test_devices_share_a_study(tmp_path: Path, alone: Path, devices: int, program: str) -> None:
    study_of(tmp_path, LANES)
    # The options of this process, under which the study was run alone: others round differently.
    options = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count={devices}"
    flags = {"XLA_FLAGS": options}
    run_with(flags, program, "run", tmp_path / "study.toml", "--out", tmp_path / "out")
    assert_same_results(alone, tmp_path / "out")
    assert len(json.loads((tmp_path / "out" / "manifest.json").read_text())["devices"]) == devices


class Pair:
    """Two processes on one study.

    Args:
        files: The study file of each.
        out: Their folder, of which only the first is to know.
        options: Of both.
        of_second: Of the second alone.
    """

    def __init__(
        self, files: Sequence[Path], out: Path, *options: str, of_second: Sequence[str] = ()
    ) -> None:
        with socket.socket() as listening:
            listening.bind(("localhost", 0))
            port = listening.getsockname()[1]
        pair = ["--coordinator", f"localhost:{port}", "--num-processes", "2", "--process-id"]
        self.processes = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    CLI,
                    "run",
                    str(file),
                    *options,
                    *(of_second if index else ()),
                    "--out",
                    str(folder),
                    *pair,
                    str(index),
                ],
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            for index, (file, folder) in enumerate(zip(files, (out, out / "nobody"), strict=True))
        ]

    def ended(self) -> tuple[list[int], list[str]]:
        """Exit status and complaints of both."""
        complaints = [process.communicate(timeout=200)[1] for process in self.processes]
        return [process.returncode for process in self.processes], complaints


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    """Those that a test starts: none outlives it."""
    started: list[Pair] = []
    yield started
    for process in (process for pair in started for process in pair.processes):
        process.kill()
        process.communicate()


def test_two_processes_share_a_study_and_end_it_together(
    tmp_path: Path, alone: Path, pairs: list[Pair]
) -> None:
    """SIGTERM to both, of a study without end; then fewer replicates, to the end."""
    file, out = tmp_path / "study.toml", tmp_path / "out"
    study_of(tmp_path, LANES.replace("1400", "10_000_000"))
    pairs.append(Pair([file, file], out))
    waited = time.monotonic()
    while not list((out / "parts").glob("*.parquet")):
        assert [process.poll() for process in pairs[0].processes] == [None, None], pairs[0].ended()
        assert time.monotonic() - waited < 200
        time.sleep(0.01)
    for process in pairs[0].processes:
        process.terminate()
    status, complaints = pairs[0].ended()
    assert status == [130, 130], complaints
    assert f"go on with --resume --out {out}" in complaints[0]
    (cut,) = kept(out)
    assert 1400 < len(cut) < 10_000_000
    study_of(tmp_path, LANES)
    pairs.append(Pair([file, file], out, "--resume"))
    status, complaints = pairs[1].ended()
    assert status == [0, 0], complaints
    table = pd.read_parquet(out / "results.parquet")
    assert table["replicates"].tolist() == [len(cut), 1400]
    assert not (out / "nobody").exists()
    first = LANES.replace("[20, 2000]", "20").replace("1400", str(len(cut)))
    run_study(study_of(tmp_path, first), tmp_path / "first")
    for found, expected in zip(kept(out), [*kept(tmp_path / "first"), kept(alone)[1]], strict=True):
        assert_same_rows(found, expected)
    assert np.isfinite(table["risk"]).all()


REFUSED = {
    "files": ("other.toml", ["STUDY: got different files"] * 2, []),
    "a file that is not there": ("none.toml", ["another process refuses", "none.toml"], []),
    "precisions": ("study.toml", ["--x64: got different precisions"] * 2, ["--x64"]),
    "too little memory": (
        "study.toml",
        ["another process lacks room", "--memory: got 1MB"],
        ["--memory", "1MB"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_processes_that_do_not_fit_together_are_refused(tmp_path: Path, pairs: list[Pair], case: str) -> None:
    """In both: neither waits for the other."""
    name, words, options = REFUSED[case]
    study_of(tmp_path, LANES)
    (tmp_path / "other.toml").write_text(LANES.replace("seed = 3", "seed = 4"))
    files = [tmp_path / "study.toml", tmp_path / name]
    pairs.append(Pair(files, tmp_path / "out", of_second=options))
    status, complaints = pairs[0].ended()
    assert status == [2, 2], complaints
    for word, complaint in zip(words, complaints, strict=True):
        assert word in complaint
    assert not list((tmp_path / "out").rglob("*.parquet"))
