"""How much of a command's time goes into its programs: tracing, lowering, and compiling or reading them.

JAX reports each of these steps when it ends. Steps contain others, as a program that is traced traces the
programs that it calls: their time counts once.
"""

import contextlib
import dataclasses
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import jax.monitoring

STEPS = "/jax/core/compile/"
COMPILED, READ = STEPS + "backend_compile_duration", "/jax/compilation_cache/cache_hits"


@dataclasses.dataclass(frozen=True)
class Taken:
    """The time that a command has taken.

    Attributes:
        seconds: Since it began.
        compiling: Seconds for programs: of all threads together, and waiting for a core included.
        threads: Number of threads that have compiled.
        programs: Number of programs, those of single operations included.
        read: How many of them earlier commands had kept.
    """

    seconds: float
    compiling: float
    threads: int
    programs: int
    read: int

    @property
    def record(self) -> dict[str, float]:
        """The numbers for a manifest."""
        return {
            "seconds": round(self.seconds, 3),
            "compiling_seconds_of_all_threads": round(self.compiling, 3),
            "programs": self.programs,
            "programs_from_cache": self.read,
        }

    def sentence(self) -> str:
        """Return the numbers in words."""
        threads = f", summed over {self.threads} threads," if self.threads > 1 else ""
        kept = f", {self.read:,} of them kept from earlier runs" if self.read else ""
        return (
            f"{self.seconds:.0f} s in all; compiling took {self.compiling:.0f} s{threads} "
            f"for {self.programs:,} programs{kept}."
        )


class CompileTime:
    """Listens to JAX."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._programs = self._read = 0
        # Of each thread: the steps that are part of no other so far, as pairs of start and duration.
        self._steps: dict[int, list[tuple[float, float]]] = defaultdict(list)
        self._lock = threading.Lock()

    def so_far(self) -> Taken:
        """Return the time that has been taken."""
        with self._lock:
            compiling = sum(duration for steps in self._steps.values() for _, duration in steps)
            elapsed = time.monotonic() - self._began
            return Taken(elapsed, compiling, len(self._steps), self._programs, self._read)

    def add_step(self, event: str, duration_secs: float, **details: Any) -> None:
        """Take note of a step that has just ended in this thread."""
        if not event.startswith(STEPS):
            return
        began = time.monotonic() - duration_secs
        with self._lock:
            self._programs += event == COMPILED
            steps = self._steps[threading.get_ident()]
            while steps and steps[-1][0] >= began:
                steps.pop()
            steps.append((began, duration_secs))

    def add_event(self, event: str, **details: Any) -> None:
        """Take note of a program that was read."""
        if event == READ:
            with self._lock:
                self._read += 1


@contextlib.contextmanager
def compile_time() -> Iterator[CompileTime]:
    """Measure the time of programs within the block, in all threads."""
    clock = CompileTime()
    jax.monitoring.register_event_duration_secs_listener(clock.add_step)
    jax.monitoring.register_event_listener(clock.add_event)
    try:
        yield clock
    finally:
        jax.monitoring.unregister_event_duration_listener(clock.add_step)
        jax.monitoring.unregister_event_listener(clock.add_event)
