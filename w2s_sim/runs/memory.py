"""The memory budget of a study, and the part of the budget that is available for tiles."""

import math
import re
from pathlib import Path

import jax
import psutil

from w2s_sim.engine.letting_go import give_back_freed
from w2s_sim.errors import InputError

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
SHARE_OF_FREE = 0.5
# Folder in which the kernel reports the memory limit and the memory use of a container (cgroup v2).
CONTROL_GROUP = Path("/sys/fs/cgroup")


def parse_size(text: str) -> int:
    """Return the number of bytes in a size such as "2GB" or "512 MiB".

    Raises:
        InputError: If the text is not a size, or the size is below one byte.
    """
    match = SIZE.fullmatch(text.strip())
    unit = UNITS.get(match[2].upper()) if match else None
    size = float(match[1]) * unit if match and unit else 0.0
    if not 1 <= size < math.inf:
        raise InputError("--memory", repr(text), "a size such as 2GB or 512MB")
    return int(size)


def default_budget() -> int:
    """Return half of the free memory, in bytes, of the machine or of the container of this process."""
    return int(SHARE_OF_FREE * min(psutil.virtual_memory().available, _free_in_container()))


def _free_in_container() -> float:
    try:
        limit = (CONTROL_GROUP / "memory.max").read_text().strip()
        used = int((CONTROL_GROUP / "memory.current").read_text())
        return float("inf") if limit == "max" else max(int(limit) - used, 0)
    except (OSError, ValueError):
        return float("inf")


def room_for_tiles(budget: int) -> int:
    """Return the bytes that tiles may take: on a CPU, the budget minus the memory the process holds already.

    On a CPU the budget is for the whole process while it computes. Not counted, but within 300 MB, are memory
    of the tiles that XLA does not report (work space of decompositions: 2 d^2 numbers), and the bounds and
    results at the end. The number is negative if the process already holds more than the budget. Accelerators
    have their own memory, and the budget is for each of them.
    """
    if jax.default_backend() != "cpu":
        return budget
    give_back_freed()
    return budget - psutil.Process().memory_info().rss
