"""`w2s verify`, twice: without kept programs, and with those that the first run has kept."""

import tempfile

from benchmarks.processes import clocked
from benchmarks.workload import Answer, Contender, Scale, Workload

# What is checked; everything takes minutes.
WHAT = {"tiny": ["voronoi-threshold"], "quick": ["naive-floor"], "full": []}


def workloads(scale: Scale) -> list[Workload]:
    """Return the workload."""
    # Removed with the last reference, which the contenders hold.
    kept = tempfile.TemporaryDirectory()

    def run(seed: int) -> Answer:
        found = clocked("verify", *WHAT[scale], cache=kept.name)
        extra = {"compile_seconds": found["compile_seconds"], "peak_bytes": found["peak_bytes"]}
        return Answer(None, seconds=found["seconds"], extra=extra)

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
