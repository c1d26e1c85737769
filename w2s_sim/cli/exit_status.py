"""Exit statuses of `w2s` other than 0 and 1, and the end of the process after a signal."""

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
# The shell's status of a command that SIGPIPE has ended, as in `w2s verify | head`.
READER_LEFT = 141


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Treat SIGTERM like SIGINT: raise KeyboardInterrupt."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        previous = signal.signal(signal.SIGTERM, end)
    except ValueError:
        # Only the main thread of a program may set signal handlers.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def leave_interrupted(remark: str = "", last_words: Callable[[], None] | None = None) -> NoReturn:
    """End the process at once; otherwise a computation that still runs would keep the process alive.

    Args:
        remark: Text after "w2s: interrupted" on standard error.
        last_words: Prints and writes the results so far. A further signal or a closed pipe cuts this short.
    """
    try:
        if last_words is not None:
            last_words()
    except InputError as error:
        remark = f"{remark}; {error}"
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    # Both streams may be pipes whose reader has left.
    with contextlib.suppress(OSError):
        print(f"w2s: interrupted{remark}", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(INTERRUPTED)
