"""Runs a piece of work in this process, and prints as JSON how long it took and how much memory it needed.

    python benchmarks/clocked_process.py study FILE FOLDER
    python benchmarks/clocked_process.py growth AXIS SIZE
    python benchmarks/clocked_process.py verify [ID ...]

Each measurement is a process of its own, so that no program is compiled beforehand, and so that the kernel's
peak of the memory is that of the work. For `study`, the package is the one on `PYTHONPATH`, of any revision.
"""

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def peak_bytes() -> int:
    """Return the largest resident memory of this process so far.

    On Linux from /proc: `getrusage` also counts what the parent held when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextlib.contextmanager
def compile_clock() -> Iterator[Callable[[], float]]:
    """Add up what JAX reports of its compiler, over all threads."""
    import jax.monitoring

    total = [0.0]

    def listen(event: str, duration_secs: float, **details: str | int) -> None:
        if event.startswith("/jax/core/compile/backend_compile"):
            total[0] += duration_secs

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield lambda: total[0]


def study(file: str, folder: str) -> Callable[[], object]:
    """Return the run of a study file."""
    try:
        from w2s_sim.files.study_file import load_study
        from w2s_sim.runs.runner import run_study
    except ImportError:
        # Where they were before the rooms were divided.
        from w2s_sim.studies.runner import run_study  # pyright: ignore[reportMissingImports]
        from w2s_sim.studies.study_file import load_study  # pyright: ignore[reportMissingImports]

    loaded = load_study(file)
    return lambda: run_study(loaded, Path(folder))


def growth(axis: str, size: str) -> Callable[[], object]:
    """Return the work of a point of an axis of `benchmarks.growth`."""
    from benchmarks.growth import AXES

    return AXES[axis].work(int(size))


def verify(*ids: str) -> Callable[[], object]:
    """Return the command `w2s verify`, whose table goes to standard error."""
    from w2s_sim.cli import main as command

    def run() -> None:
        sys.argv = ["w2s", "verify", *ids]
        with contextlib.redirect_stdout(sys.stderr):
            try:
                command()
            except SystemExit as end:
                if end.code:
                    raise RuntimeError(f"w2s verify ends with {end.code}") from None

    return run


def main() -> None:
    """Do the work, twice for a point of growth, and print what it took."""
    kind, *arguments = sys.argv[1:]
    with compile_clock() as compiling:
        work = {"study": study, "growth": growth, "verify": verify}[kind](*arguments)
        before = peak_bytes()
        found: dict[str, float] = {"bytes_before": before}
        for name in ("first_seconds", "seconds") if kind == "growth" else ("seconds",):
            began = time.perf_counter()
            work()
            found[name] = time.perf_counter() - began
        found["compile_seconds"] = compiling()
    print(json.dumps({**found, "peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    main()
