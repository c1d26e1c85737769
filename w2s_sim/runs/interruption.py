"""Runs long work so that SIGINT and SIGTERM end it within seconds, whatever it is computing.

A second signal ends the work at once.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

import jax

R = TypeVar("R")
# How long the current computation may go on after a signal; its results are kept.
GRACE_SECONDS = 3.0
POLL_SECONDS = 0.05


class InterruptedRunError(Exception):
    """A signal asked the run to end; the results so far are kept."""


class Interruption:
    """Flags by which a signal asks the work to end.

    Attributes:
        asked: Set by a signal; the work checks this flag wherever it can stop.
        left: Set when the main thread no longer waits for the work, which must then not write any file.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.left = threading.Event()

    def check(self) -> None:
        """Stop the work here if it was asked to end.

        Raises:
            InterruptedRunError: If `asked` or `left` is set.
        """
        if self.asked.is_set() or self.left.is_set():
            raise InterruptedRunError


def run_interruptibly(work: Callable[[Interruption], R], grace: float | None = None) -> R:
    """Run some work in a second thread, so that the main thread can handle signals; return its value.

    A compilation, or one long tile, blocks its thread, and a blocked main thread handles no signals. If the
    work does not end by itself after a signal, the main thread abandons it.

    Args:
        work: Function that does the work; it should call `Interruption.check` often.
        grace: Seconds that the work may go on after a signal; by default `GRACE_SECONDS`.

    Raises:
        InterruptedRunError: If a signal came and the work stopped early or outlasted the grace period.
        KeyboardInterrupt: If a second signal came before the work had ended.
    """
    interruption = Interruption()
    # A precision set by a context manager is local to its thread: pass it on to the working thread.
    x64 = bool(jax.config.read("jax_enable_x64"))
    outcome: list[tuple[R | None, BaseException | None]] = []

    def target() -> None:
        try:
            with jax.enable_x64(x64):
                outcome.append((work(interruption), None))
        except BaseException as error:
            outcome.append((None, error))

    with _noted(interruption):
        thread = threading.Thread(target=target, daemon=True, name="study")
        try:
            thread.start()
            while thread.is_alive() and not interruption.asked.is_set():
                thread.join(POLL_SECONDS)
            last = time.monotonic() + (GRACE_SECONDS if grace is None else grace)
            while thread.is_alive() and time.monotonic() < last:
                # Wait in short steps: a signal that another thread receives does not wake this one.
                thread.join(POLL_SECONDS)
        finally:
            if not outcome:
                interruption.left.set()
        if interruption.left.is_set():
            raise InterruptedRunError
    value, error = outcome[0]
    if error is not None:
        raise error
    return value  # pyright: ignore[reportReturnType]


@contextlib.contextmanager
def _noted(interruption: Interruption) -> Iterator[None]:
    """Record the first SIGINT or SIGTERM in `interruption` instead of ending the program."""

    def note(number: int, frame: FrameType | None) -> None:
        if interruption.asked.is_set():
            raise KeyboardInterrupt
        interruption.asked.set()

    try:
        previous = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:
        # Only the main thread may install signal handlers; from another thread, the caller handles signals.
        previous = {}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
