"""`w2s verify`, twice: without kept programs, and with those that the first run has kept."""

import os
import resource
import subprocess
import sys
import tempfile
import time

from benchmarks.processes import ROOT
from benchmarks.workload import Answer, Contender, Scale, Workload

COMMAND = [sys.executable, "-c", "from w2s_sim.cli import main; main()", "verify"]
# What is checked.
WHAT = {"tiny": ["voronoi-threshold"], "quick": ["naive-floor"], "full": []}


def workloads(scale: Scale) -> list[Workload]:
    """Return the workload; all theorems take minutes."""
    kept = tempfile.TemporaryDirectory()

    def run(seed: int) -> Answer:
        hidden = "JAX_COMPILATION_CACHE_DIR"
        environment = {name: value for name, value in os.environ.items() if name != hidden}
        environment |= {"W2S_CACHE": kept.name, "PYTHONPATH": str(ROOT)}
        began, before = time.perf_counter(), _children()
        done = subprocess.run(
            [*COMMAND, *WHAT[scale]], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError((done.stderr.splitlines() or [f"exit status {done.returncode}"])[-1])
        seconds, after = time.perf_counter() - began, _children()
        extra = {
            "processor_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "largest_child_bytes": after.ru_maxrss * 1024,
        }
        return Answer(None, seconds=seconds, extra=extra)

    return [
        Workload(
            "verify",
            " ".join(["w2s verify", *WHAT[scale]]),
            "run",
            (Contender("first run", run, 1, "ours"), Contender("second run", run, 1, "ours")),
            rounds=1,
            warm=False,
        )
    ]


def _children() -> resource.struct_rusage:
    return resource.getrusage(resource.RUSAGE_CHILDREN)
