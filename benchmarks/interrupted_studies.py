"""Tests of studies that are killed or interrupted at random moments.

Runs `w2s run` in a separate process, kills it 30 times, and continues with `--resume` each time. Counts the
replicates that are lost, doubled, or different from those of an undisturbed run, and the broken parts. Then
sends SIGINT and SIGTERM to the same study, and to a study whose single tile takes seconds, and reports the
time until the process has ended and its exit status. Signals come after Python's imports; kills come at any
time.

Run: python benchmarks/interrupted_studies.py. Takes 7 to 9 minutes on two cores.
"""

import collections
import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

NUM_KILLS = 30
NUM_SIGNALS = 6
# Share of kills that may come before Python has finished its imports.
EARLY_SHARE = 0.1
# A kill comes after at most this share of the study's parts is written, so that each study is killed often.
LARGEST_SHARE = 0.35
# In a long study, signals come within this many seconds: during compilation or the first tiles.
LONG_SECONDS = 12.0
COMMAND = [sys.executable, "-c", "from w2s_sim.cli import main; main()", "run"]
TASK = """
[task]
dim = {dim}
num_concepts = 4
noise = {noise}
source_prior = [0.5, 0.25, 0.15, 0.1]
target_prior = [0, 0, 0, 1]
[task.weak]
kind = "biased"
noise = 0.5
bias = 0.7
"""
# Many parts, and programs of three forms.
SMALL = (
    TASK.format(dim=8, noise=[0.5, 1.0])
    + """
[[estimator]]
kind = "finetune"
ridge = [0.0, 0.3]
num_weak = 50
[[estimator]]
kind = "refine"
num_demonstrations = [2, 16]
[replication]
replicates = 28000
seed = 0
"""
)
LONG = (
    TASK.format(dim=2048, noise=0.5)
    + """
[[estimator]]
kind = "finetune"
ridge = 0.3
num_weak = 20000
[replication]
replicates = 8
seed = 0
"""
)


@dataclasses.dataclass
class Tally:
    """Differences from an undisturbed run, counted over all inspected folders."""

    lost: int = 0
    doubled: int = 0
    different: int = 0
    broken: int = 0
    results: int = 0

    def add(self, reference: pd.DataFrame, out: Path, *, finished: bool) -> None:
        """Count the differences in a folder; replicates may be missing unless the study is finished."""
        frame, broken = replicates_of(out)
        self.broken += broken
        if frame.empty and not finished:
            return
        self.doubled += int(frame.duplicated(["cell", "replicate"]).sum())
        whole = reference.set_index(["cell", "replicate"])
        held = frame.set_index(["cell", "replicate"])
        expected = whole.reindex(held.index)
        # Compare bytes, so that nan equals nan and the last bit counts.
        same = expected.to_numpy(float).view(np.uint64) == held.to_numpy(float).view(np.uint64)
        self.different += int((~same.all(axis=1)).sum())
        if finished:
            self.lost += len(whole.index.difference(held.index))

    def table(self, title: str) -> Table:
        """Return the counts as a table."""
        heads = ("lost", "doubled", "different", "broken parts", "results that differ")
        table = Table(*heads, title=title, box=None, min_width=110)
        table.add_row(*map(str, dataclasses.astuple(self)))
        return table


def replicates_of(out: Path) -> tuple[pd.DataFrame, int]:
    """Return the rows of all parts of a folder, with their cells, and the number of broken parts."""
    frames, broken = [], 0
    for path in sorted((out / "parts").glob("cell-*.parquet")) if out.exists() else []:
        cell, start, stop = map(int, path.stem.split("-")[1:])
        try:
            frame = pq.read_table(path).to_pandas().drop(columns="error")
        except (OSError, KeyError, pa.ArrowException):
            broken += 1
            continue
        broken += not np.array_equal(frame["replicate"], np.arange(start, stop))
        frames.append(frame.assign(cell=cell))
    if not frames:
        return pd.DataFrame({"cell": [], "replicate": []}).astype(int), broken
    return pd.concat(frames, ignore_index=True), broken


def begin(file: Path, out: Path) -> subprocess.Popen[str]:
    """Start a run, or continue one."""
    return subprocess.Popen(
        [*COMMAND, str(file), "--out", str(out), "--resume"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(file: Path, out: Path) -> None:
    """Run a study until it is complete.

    Raises:
        RuntimeError: If the run fails.
    """
    with begin(file, out) as process:
        said = process.stderr.read() if process.stderr else ""
    if process.returncode:
        raise RuntimeError(f"status {process.returncode}: {said}")


def wait(process: subprocess.Popen[str], seconds: float) -> bool:
    """Let a process continue for some seconds; return whether it is still running."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is None


def unfinished_files(out: Path) -> set[str]:
    """Return the names of files that were only partly written."""
    return {path.name for path in out.rglob("*.partial")}


def compare_results(tally: Tally, reference: Path, out: Path) -> None:
    """Count a table of results that differs from the reference in any byte."""
    tally.results += (reference / "results.parquet").read_bytes() != (out / "results.parquet").read_bytes()


def part_names(out: Path) -> set[str]:
    """Return the names of the existing parts."""
    return {path.name for path in (out / "parts").glob("cell-*.parquet")}


def wait_for_moment(
    process: subprocess.Popen[str], out: Path, parts: int, random: np.random.Generator
) -> str:
    """Wait until a random moment of a run, measured by its progress and not by time.

    Args:
        process: The run.
        out: Its folder.
        parts: Number of parts of the whole study.
        random: Draws the moment.

    Returns:
        The phase of the run at that moment; empty if the run has ended before.
    """
    if random.random() < EARLY_SHARE:
        return "importing" if wait(process, float(random.uniform(0, 1))) else ""
    before = len(part_names(out))
    goal = min(before + int(random.integers(0, int(LARGEST_SHARE * parts))), parts)
    while (not (out / "lock").exists() or len(part_names(out)) < goal) and process.poll() is None:
        time.sleep(0.002)
    if not wait(process, float(random.uniform(0, 0.3 if before < goal < parts else 2.0))):
        return ""
    now = len(part_names(out))
    return "summing up" if now == parts else "computing" if now > before else "compiling"


def kill(folder: Path, file: Path, reference: Path, random: np.random.Generator) -> Table:
    """Kill runs with SIGKILL at random moments, and resume them until they are complete."""
    rows, tally, parts = replicates_of(reference)[0], Tally(), len(part_names(reference))
    kills, folders, cut, caught = 0, 0, 0, collections.Counter[str]()
    out = folder / "killed-0"
    while kills < NUM_KILLS:
        (out / "lock").unlink(missing_ok=True)
        before = unfinished_files(out)
        with begin(file, out) as process:
            phase = wait_for_moment(process, out, parts, random)
            process.kill()
        killed = bool(phase) and process.returncode == -signal.SIGKILL
        if killed:
            kills += 1
            caught[phase] += 1
            cut += bool(unfinished_files(out) - before)
        # A folder with all of its parts could be killed again and again; once is enough.
        done = not killed or phase == "summing up" or kills == NUM_KILLS
        if done:
            finish(file, out)
            compare_results(tally, reference, out)
            folders += 1
        tally.add(rows, out, finished=done)
        if done:
            out = folder / f"killed-{folders}"
    moments = ", ".join(f"{phase} {count}" for phase, count in sorted(caught.items()))
    title = (
        f"{kills} kills of {folders} studies of {len(rows):,} replicates ({moments}; writing a file {cut})"
    )
    return tally.table(title)


def interrupt(
    file: Path, out: Path, seconds: float, number: signal.Signals, random: np.random.Generator
) -> tuple[list[float], collections.Counter[str]]:
    """Send signals at random moments of runs; each run resumes the previous one.

    Returns:
        Seconds from signal to exit, and exit statuses; without runs that ended before their signal.
    """
    took: list[float] = []
    statuses = collections.Counter[str]()
    while len(took) < NUM_SIGNALS:
        (out / "lock").unlink(missing_ok=True)
        with begin(file, out) as process:
            while not (out / "lock").exists() and process.poll() is None:
                time.sleep(0.002)
            if not wait(process, float(random.uniform(0, seconds))):
                # The study was complete: start again in another folder.
                out = out.with_name(out.name + "+")
                continue
            process.send_signal(number)
            began = time.monotonic()
            process.wait(120)
            took.append(time.monotonic() - began)
        statuses[str(process.returncode)] += 1
    return took, statuses


def main() -> None:
    """Run all tests, and print their results."""
    random = np.random.default_rng(0)
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, long, reference = folder / "small.toml", folder / "long.toml", folder / "reference"
        small.write_text(SMALL, encoding="utf-8")
        long.write_text(LONG, encoding="utf-8")
        began = time.monotonic()
        finish(small, reference)
        seconds = time.monotonic() - began
        console.print(f"{os.cpu_count()} cores; undisturbed: {seconds:.1f} s", highlight=False)
        console.print(kill(folder, small, reference, random))
        table = Table(
            "study",
            "signal",
            "seconds to exit (median, max)",
            "exit statuses (times)",
            box=None,
            title="\nSignals",
        )
        tally, rows = Tally(), replicates_of(reference)[0]
        for number in (signal.SIGTERM, signal.SIGINT):
            for label, file, within in (("short tiles", small, seconds), ("long tile", long, LONG_SECONDS)):
                out = folder / f"{file.stem}-{number.name}"
                took, statuses = interrupt(file, out, within, number, random)
                spread = f"{np.median(took):.2f}, {max(took):.2f}"
                counts = ", ".join(f"{status} ({count})" for status, count in statuses.items())
                table.add_row(label, number.name, spread, counts)
            for out in folder.glob(f"small-{number.name}*"):
                finish(small, out)
                compare_results(tally, reference, out)
                tally.add(rows, out, finished=True)
        console.print(table)
        console.print(tally.table("\nShort tiles, resumed to the end after their signals"))


if __name__ == "__main__":
    main()
