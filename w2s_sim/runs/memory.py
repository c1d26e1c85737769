"""How much memory a study may take, and how much of it tiles may have."""

import contextlib
import ctypes
import math
import re
from pathlib import Path

import jax
import psutil

from w2s_sim.errors import InputError

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
SHARE_OF_FREE = 0.5
# Where the kernel says how much a container may have, and how much of that it has.
CONTROL_GROUP = Path("/sys/fs/cgroup")


def parse_size(text: str) -> int:
    """Bytes in a size such as "2GB" or "512 MiB".

    Raises:
        InputError: If it is none, or zero.
    """
    match = SIZE.fullmatch(text.strip())
    unit = UNITS.get(match[2].upper()) if match else None
    size = float(match[1]) * unit if match and unit else 0.0
    if not 1 <= size < math.inf:
        raise InputError("--memory", repr(text), "a size such as 2GB or 512MB")
    return int(size)


def default_budget() -> int:
    """Half of the memory that is free now: of the machine, or of the container this runs in."""
    return int(SHARE_OF_FREE * min(psutil.virtual_memory().available, _free_in_container()))


def _free_in_container() -> float:
    try:
        limit = (CONTROL_GROUP / "memory.max").read_text().strip()
        used = int((CONTROL_GROUP / "memory.current").read_text())
        return float("inf") if limit == "max" else max(int(limit) - used, 0)
    except (OSError, ValueError):
        return float("inf")


def room_for_tiles(budget: int) -> int:
    """Bytes that tiles may take under a budget: on a CPU, what the process does not hold already.

    The budget is then for the whole process while it computes. On top of it, within 300 MB, come what tiles
    take that XLA does not know of (work space of decompositions: 2 d^2 numbers), and bounds and results at
    the end. Below zero where the process holds more than the budget. Accelerators have memory of their
    own, of which the budget is the share of each.
    """
    if jax.default_backend() != "cpu":
        return budget
    _give_back_freed()
    return budget - psutil.Process().memory_info().rss


def _give_back_freed() -> None:
    """Let the system have what was freed: the C library keeps most of what compilers used, for later."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        # Of glibc alone. Takes a millisecond or two.
        ctypes.CDLL(None).malloc_trim(0)
