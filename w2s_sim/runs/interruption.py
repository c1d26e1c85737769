"""Long work that SIGINT and SIGTERM end within seconds, whatever it is computing.

A second signal ends it at once.
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
# How long the computation at hand may go on after a signal; what it gives is kept.
GRACE_SECONDS = 3.0
POLL_SECONDS = 0.05


class InterruptedRunError(Exception):
    """A signal asked the run to end; what was done is kept."""


class Interruption:
    """Whether somebody asked the work to end.

    Attributes:
        asked: Set by a signal; the work looks at it where it can stop.
        left: Set when nobody waits for the work any more: it must not write.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.left = threading.Event()

    def check(self) -> None:
        """Stop here if asked to.

        Raises:
            InterruptedRunError: If so.
        """
        if self.asked.is_set() or self.left.is_set():
            raise InterruptedRunError


def run_interruptibly(work: Callable[[Interruption], R], grace: float | None = None) -> R:
    """The value of some work, which runs beside the main thread so that signals are noticed meanwhile.

    A compilation, or one long tile, holds the thread that waits for it, signals and all; the main thread
    stays free, and leaves the work behind if it does not end by itself.

    Args:
        work: What is done.
        grace: Seconds that the work may go on after a signal; `GRACE_SECONDS` when left out.

    Raises:
        InterruptedRunError: If a signal came before the work was done.
        KeyboardInterrupt: If a second one came before the work had ended.
    """
    interruption = Interruption()
    # Which is of the thread that asks, where it was chosen by a context.
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
                # Briefly, for a signal that another thread gets does not wake this one.
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
    """The first SIGINT or SIGTERM is noted, and the program does not die of it."""

    def note(number: int, frame: FrameType | None) -> None:
        if interruption.asked.is_set():
            raise KeyboardInterrupt
        interruption.asked.set()

    try:
        previous = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:
        # Only the main thread of a program may; elsewhere signals are its own business.
        previous = {}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
