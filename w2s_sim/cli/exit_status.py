"""What `w2s` tells the shell, beside 0 and 1, and how it ends when a signal asks it to."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

from w2s_sim.errors import InputError

BAD_INPUT = 2
INTERRUPTED = 130
# As of a command that SIGPIPE ends: `w2s verify | head`.
READER_LEFT = 141


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM is what SIGINT is: it raises KeyboardInterrupt."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        previous = signal.signal(signal.SIGTERM, end)
    except ValueError:
        # Only the main thread of a program may.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def leave_interrupted(remark: str = "", last_words: Callable[[], None] | None = None) -> NoReturn:
    """End the process at once: a computation that was left behind would keep it alive.

    Args:
        remark: What else the line on standard error says.
        last_words: Prints and writes what there is so far. A signal cuts it short, and so does a reader that
            has left.
    """
    try:
        if last_words is not None:
            last_words()
    except InputError as error:
        remark = f"{remark}; {error}"
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    # Both streams may be pipes without a reader.
    with contextlib.suppress(OSError):
        print(f"w2s: interrupted{remark}", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(INTERRUPTED)
