"""Several processes on one study: process 0 gives orders and stores the replicates; all processes compute.

Every order is one collective operation of all processes, with the backend that jax.distributed uses on the
platform: gloo on a CPU. Only process 0 accesses the folder, which therefore need not be shared.
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
from w2s_sim.runs.tile_workers import Computed, LocalTeam, Team, named_cells

R = TypeVar("R")
# Entry in the column of failures if the whole process ran out of memory, rather than one replicate failed.
OUT_OF_ROOM = 2.0


class Order(enum.IntEnum):
    """The orders that process 0 gives; COMPUTE comes with group, first tile and number of tiles."""

    COMPUTE, LANES, ASK, DONE, INTERRUPTED, FAILED = range(6)


def join_processes(address: str | None, count: int | None, index: int | None) -> None:
    """Connect to the other processes; detect arguments that are None (SLURM, Open MPI, Kubernetes, TPU pods).

    Args:
        address: HOST:PORT of process 0.
        count: Number of processes.
        index: Index of this process, from 0.

    Raises:
        InputError: If an argument is neither given nor detected, or the processes do not connect.
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
    """Load the study in all processes, or raise in all of them, so that none waits for one that has left.

    Raises:
        InputError: If the study cannot be loaded in this process or in another one.
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
        raise InputError("STUDY", "a file that another process refuses", "see the error of that process")
    return study


def require_one_study(document: Mapping[str, Any]) -> None:
    """Check that all processes were given the same study file and compute in the same precision.

    Raises:
        InputError: If files or precisions differ.
    """
    x64 = int(jax.config.read("jax_enable_x64"))
    mine = np.array([zlib.crc32(repr(document).encode()) & 0x7FFFFFFF, x64], dtype=np.int32)
    files, precisions = np.asarray(multihost_utils.process_allgather(mine)).T
    if len(np.unique(files)) > 1:
        raise InputError("STUDY", "different files in different processes", "the same file in all of them")
    if len(np.unique(precisions)) > 1:
        raise InputError("--x64", "different precisions in different processes", "--x64 in all or none")


class ProcessTeam(Team):
    """All processes together, as process 0 uses them: tiles are assigned to processes in turn.

    Args:
        local: The devices of this process.
    """

    def __init__(self, local: LocalTeam) -> None:
        self._local = local

    @property
    def num_parallel(self) -> int:
        return self._local.num_parallel * jax.process_count()

    def lanes(self, group: int) -> int:
        """Number of replicates in a tile; every process checks that a tile fits in its memory."""
        if not self._local.has(group):
            _give(Order.LANES, group)
            _require_room(self._local, group)
        return self._local.lanes(group)

    def compute(self, group: int, first_tile: int, num_tiles: int) -> Computed:
        _give(Order.COMPUTE, group, first_tile, num_tiles)
        return _share(self._local, group, first_tile, num_tiles)

    def interrupted(self, asked: bool) -> bool:
        _give(Order.ASK)
        return _any(asked)

    def lead(self, work: Callable[[], R]) -> R:
        """Do the work of process 0, and release the other processes at its end, even if it fails."""
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
    """Follow the orders of process 0 until the run is done.

    Raises:
        InterruptedRunError: If the run was interrupted.
        InputError: If the run failed in process 0, whose own error says why.
    """
    complaint = InputError("process 0", "an error", "see the error of process 0")
    while True:
        order, group, first_tile, num_tiles = _give(Order.DONE)
        if order == Order.DONE:
            return
        if order == Order.INTERRUPTED:
            raise InterruptedRunError
        if order == Order.FAILED:
            raise complaint
        try:
            _obey(local, interruption, order, group, first_tile, num_tiles)
        except InputError as error:
            # Process 0 raises this error too and then orders all to stop. A process that left earlier would
            # keep the others waiting in that collective.
            complaint = error


def _give(order: Order, group: int = 0, first_tile: int = 0, num_tiles: int = 0) -> tuple[int, int, int, int]:
    """Broadcast the order of process 0 to all processes; the arguments of other processes are ignored."""
    given = np.array([order, group, first_tile, num_tiles], dtype=np.int32)
    order_, group, first_tile, num_tiles = np.asarray(multihost_utils.broadcast_one_to_all(given)).tolist()
    return order_, group, first_tile, num_tiles


def _obey(
    local: LocalTeam, interruption: Interruption, order: int, group: int, first_tile: int, num_tiles: int
) -> None:
    if order == Order.COMPUTE:
        _share(local, group, first_tile, num_tiles)
    elif order == Order.ASK:
        _any(interruption.asked.is_set())
    else:
        _require_room(local, group)


def _require_room(local: LocalTeam, group: int) -> None:
    """Raise in every process if the group does not fit in the memory of one of them."""
    complaint = None
    try:
        local.lanes(group)
    except InputError as error:
        complaint = error
    if _any(complaint is not None):
        raise complaint or InputError(
            "--memory",
            f"{named_cells(local.groups[group])}, for which another process lacks room",
            "a larger budget",
        )


def _any(mine: bool) -> bool:
    return bool(np.any(np.asarray(multihost_utils.process_allgather(np.array([mine], dtype=np.int32)))))


def _share(local: LocalTeam, group: int, first_tile: int, num_tiles: int) -> Computed:
    """Compute this process's share of some tiles, and gather all of them, in order."""
    count, index = jax.process_count(), jax.process_index()
    mine = range(first_tile + index, first_tile + num_tiles, count)
    lanes, rounds = local.lanes(group), math.ceil(num_tiles / count)
    shape = (rounds * lanes, len(local.groups[group].cells), len(local.metrics))
    rows = np.full(shape, np.nan, dtype=jax.dtypes.canonicalize_dtype(float))
    said: dict[tuple[int, int], str] = {}
    failed = np.zeros((*shape[:2], 1), dtype=rows.dtype)
    complaint = None
    try:
        if mine:
            computed = local.compute_tiles(group, mine)
            rows[: len(mine) * lanes] = computed.values
            said = dict(computed.errors)
    except InputError as error:
        # Do not raise yet: the other processes wait for this one in the collective below.
        complaint, failed[:] = error, OUT_OF_ROOM
    for position, replicate in said:
        failed[mine.index(replicate // lanes) * lanes + replicate % lanes, position] = 1.0
    gathered = np.asarray(multihost_utils.process_allgather(np.concatenate([rows, failed], axis=2)))
    if np.any(gathered[..., -1] == OUT_OF_ROOM):
        raise complaint or InputError(
            "--memory",
            f"{named_cells(local.groups[group])}, with which another process ran out of memory",
            "a smaller budget",
        )
    dealt = _in_order(gathered.reshape(count, rounds, lanes, *gathered.shape[2:]), num_tiles)
    for row, position in np.argwhere(dealt[..., -1]).tolist():
        replicate = first_tile * lanes + row
        said.setdefault((position, replicate), "failed in another process; replay it to see why")
    return Computed(dealt[..., :-1], said)


def _in_order(
    gathered: Float[np.ndarray, "processes rounds lanes cells r"], num_tiles: int
) -> Float[np.ndarray, "n cells r"]:
    """Return the rows of the tiles in the order of the tiles, which were assigned to processes in turn."""
    tiles = np.swapaxes(gathered, 0, 1).reshape(-1, *gathered.shape[2:])[:num_tiles]
    return tiles.reshape(-1, *gathered.shape[3:])
