"""Several processes on one study: process 0 gives the orders and keeps the replicates, all compute.

Every order is one collective of all processes, by whatever jax.distributed has for the platform: gloo on a
CPU. Nobody but process 0 touches the folder, so that it need not be shared.
"""

import enum
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.interruption import InterruptedRunError, Interruption
from w2s_sim.runs.tile_workers import Computed, LocalTeam, Team

R = TypeVar("R")
# In the column of failures: not one replicate, but the process.
OUT_OF_ROOM = 2.0


class Order(enum.IntEnum):
    """What process 0 asks of all; COMPUTE comes with cell, first tile and number of tiles."""

    COMPUTE, LANES, ASK, DONE, INTERRUPTED, FAILED = range(6)


def join_processes(address: str | None, count: int | None, index: int | None) -> None:
    """Meet the other processes; what is None is detected: SLURM, Open MPI, Kubernetes, TPU pods.

    Args:
        address: HOST:PORT of process 0.
        count: Number of processes.
        index: Of this one, from 0.

    Raises:
        InputError: If it is neither given nor detected, or they do not meet.
    """
    try:
        jax.distributed.initialize(address, count, index)
    except (ValueError, TypeError, RuntimeError) as error:
        given = " ".join(str(error).split())[:200]
        expected = (
            "a launcher that JAX knows (srun, mpirun, Kubernetes, a TPU pod), or --coordinator HOST:PORT, "
        )
        raise InputError("--distributed", given, expected + "--num-processes N and --process-id I") from None


def load_together(load: Callable[[], Study]) -> Study:
    """The study that all processes load, or a complaint in each of them: none waits for one that has left.

    Raises:
        InputError: If it cannot be loaded in this process or another one.
    """
    if jax.process_count() == 1:
        return load()
    try:
        study, complaint = load(), None
    except InputError as error:
        study, complaint = None, error
    refused = _any(complaint is not None)
    if complaint is not None:
        raise complaint
    if study is None or refused:
        raise InputError("STUDY", "a file that another process refuses", "see what it says")
    return study


def require_one_study(document: Mapping[str, Any]) -> None:
    """Refuse processes that were given different files, or compute in different precisions.

    Raises:
        InputError: If they were.
    """
    x64 = int(jax.config.read("jax_enable_x64"))
    mine = np.array([zlib.crc32(repr(document).encode()) & 0x7FFFFFFF, x64], dtype=np.int32)
    files, precisions = np.asarray(multihost_utils.process_allgather(mine)).T
    if len(np.unique(files)) > 1:
        raise InputError("STUDY", "different files in different processes", "the same file in all of them")
    if len(np.unique(precisions)) > 1:
        raise InputError("--x64", "different precisions in different processes", "--x64 in all or none")


class ProcessTeam(Team):
    """All processes together, as process 0 sees them: tiles are dealt out in turn.

    Args:
        local: This process's own devices.
    """

    def __init__(self, local: LocalTeam) -> None:
        self._local = local

    @property
    def num_parallel(self) -> int:
        return self._local.num_parallel * jax.process_count()

    def lanes(self, cell: int) -> int:
        """Replicates of a tile; every process finds out whether one fits in its memory."""
        if not self._local.has(cell):
            _give(Order.LANES, cell)
            _require_room(self._local, cell)
        return self._local.lanes(cell)

    def compute(self, cell: int, first_tile: int, num_tiles: int) -> Computed:
        _give(Order.COMPUTE, cell, first_tile, num_tiles)
        return _share(self._local, cell, first_tile, num_tiles)

    def interrupted(self, asked: bool) -> bool:
        _give(Order.ASK)
        return _any(asked)

    def lead(self, work: Callable[[], R]) -> R:
        """Do some work as process 0, and let the others go at its end, however it ends."""
        order = Order.FAILED
        try:
            value = work()
            order = Order.DONE
        except InterruptedRunError:
            order = Order.INTERRUPTED
            raise
        finally:
            _give(order)
        return value


def follow(local: LocalTeam, interruption: Interruption) -> None:
    """Do what process 0 asks until it is done.

    Raises:
        InterruptedRunError: If the run was interrupted.
        InputError: If it failed in process 0, which says why.
    """
    complaint = InputError("process 0", "an error", "see what it says")
    while True:
        order, cell, first_tile, num_tiles = _give(Order.DONE)
        if order == Order.DONE:
            return
        if order == Order.INTERRUPTED:
            raise InterruptedRunError
        if order == Order.FAILED:
            raise complaint
        try:
            _obey(local, interruption, order, cell, first_tile, num_tiles)
        except InputError as error:
            # Process 0 has it too, and says last that all are to go: whoever leaves before is waited for.
            complaint = error


def _give(order: Order, cell: int = 0, first_tile: int = 0, num_tiles: int = 0) -> tuple[int, int, int, int]:
    """The order of process 0, whatever the others say."""
    given = np.array([order, cell, first_tile, num_tiles], dtype=np.int32)
    order_, cell, first_tile, num_tiles = np.asarray(multihost_utils.broadcast_one_to_all(given)).tolist()
    return order_, cell, first_tile, num_tiles


def _obey(
    local: LocalTeam, interruption: Interruption, order: int, cell: int, first_tile: int, num_tiles: int
) -> None:
    if order == Order.COMPUTE:
        _share(local, cell, first_tile, num_tiles)
    elif order == Order.ASK:
        _any(interruption.asked.is_set())
    else:
        _require_room(local, cell)


def _require_room(local: LocalTeam, cell: int) -> None:
    """Refuse a cell that does not fit in the memory of every process."""
    complaint = None
    try:
        local.lanes(cell)
    except InputError as error:
        complaint = error
    if _any(complaint is not None):
        raise complaint or InputError(
            "--memory", f"cell {cell}, for which another process lacks room", "more"
        )


def _any(mine: bool) -> bool:
    return bool(np.any(np.asarray(multihost_utils.process_allgather(np.array([mine], dtype=np.int32)))))


def _share(local: LocalTeam, cell: int, first_tile: int, num_tiles: int) -> Computed:
    """Compute this process's share of some tiles, and gather all of them, in order."""
    count, index = jax.process_count(), jax.process_index()
    mine = range(first_tile + index, first_tile + num_tiles, count)
    lanes, rounds = local.lanes(cell), math.ceil(num_tiles / count)
    rows = np.full((rounds * lanes, len(local.metrics)), np.nan, dtype=jax.dtypes.canonicalize_dtype(float))
    said: dict[int, str] = {}
    failed = np.zeros((rounds * lanes, 1), dtype=rows.dtype)
    complaint = None
    try:
        if mine:
            computed = local.compute_tiles(cell, mine)
            rows[: len(mine) * lanes] = computed.values
            said = dict(computed.errors)
    except InputError as error:
        # The others are on their way to the same collective.
        complaint, failed[:] = error, OUT_OF_ROOM
    for replicate in said:
        failed[mine.index(replicate // lanes) * lanes + replicate % lanes] = 1.0
    gathered = np.asarray(multihost_utils.process_allgather(np.concatenate([rows, failed], axis=1)))
    if np.any(gathered[..., -1] == OUT_OF_ROOM):
        raise complaint or InputError("--memory", f"cell {cell}, with which another process ran out", "less")
    dealt = _in_order(gathered.reshape(count, rounds, lanes, -1), num_tiles)
    for row in np.flatnonzero(dealt[:, -1]).tolist():
        replicate = first_tile * lanes + row
        said.setdefault(replicate, "failed in another process; replay it to see why")
    return Computed(dealt[:, :-1], said)


def _in_order(
    gathered: Float[np.ndarray, "processes rounds lanes r"], num_tiles: int
) -> Float[np.ndarray, "n r"]:
    """Tiles as they were before they were dealt out in turn."""
    tiles = np.swapaxes(gathered, 0, 1).reshape(-1, *gathered.shape[2:])[:num_tiles]
    return tiles.reshape(-1, gathered.shape[-1])
