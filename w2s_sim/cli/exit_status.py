"""What `w2s` tells the shell, beside 0 and 1."""

import os
import sys
from typing import NoReturn

BAD_INPUT = 2
INTERRUPTED = 130
# As of a command that SIGPIPE ends: `w2s verify | head`.
READER_LEFT = 141


def leave_interrupted(remark: str = "") -> NoReturn:
    """End the process at once: a computation that was left behind would keep it alive.

    Args:
        remark: What else the line on standard error says.
    """
    print(f"w2s: interrupted{remark}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)
