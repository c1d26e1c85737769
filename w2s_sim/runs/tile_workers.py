"""Workers that compute the tiles of a study: this process on its devices, or several processes together."""

import abc
import dataclasses
import gc
import math
from collections.abc import Mapping, Sequence

import jax
import numpy as np
from jaxtyping import Float

from w2s_sim.engine.programs import forget_programs
from w2s_sim.engine.replication import RoomError, Tiles, tiles_of
from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.cell_metrics import measured
from w2s_sim.runs.memory import room_for_tiles

# Exceptions that count as the failure of single replicates; the other replicates are still computed.
REPLICATE_ERRORS = (jax.errors.JaxRuntimeError, FloatingPointError, ZeroDivisionError)
# Number of cells whose compiled programs are kept at once.
KEPT_PROGRAMS = 64


@dataclasses.dataclass(frozen=True)
class Computed:
    """The replicates of some whole tiles of a cell.

    Attributes:
        values: One row per replicate; nan if the replicate could not be computed.
        errors: Error messages of the failed replicates, by replicate number.
    """

    values: Float[np.ndarray, "n r"]
    errors: Mapping[int, str]


class Team(abc.ABC):
    """Group of workers that compute tiles in parallel."""

    @property
    @abc.abstractmethod
    def num_parallel(self) -> int:
        """Number of tiles that are computed at once."""

    @abc.abstractmethod
    def lanes(self, cell: int) -> int:
        """Return the number of replicates in a tile of the cell."""

    @abc.abstractmethod
    def compute(self, cell: int, first_tile: int, num_tiles: int) -> Computed:
        """Compute consecutive tiles of a cell."""

    @abc.abstractmethod
    def interrupted(self, asked: bool) -> bool:
        """Return whether any worker was asked to end."""


class LocalTeam(Team):
    """The team of one process: computes tiles on all devices of this process.

    Args:
        study: The study whose cells are computed.
        memory: Memory budget in bytes.
    """

    def __init__(self, study: Study, memory: int) -> None:
        self.metrics = study.metrics
        self._cases, self._seed = [cell.case for cell in study.cells], study.seed
        self._measure, self._memory = measured(study.metrics), memory
        self._current: tuple[int, Tiles] | None = None
        self._since_forgotten = 0

    @property
    def num_parallel(self) -> int:
        return 1 if self._current is None else self._current[1].num_devices

    @property
    def num_bytes(self) -> int:
        """Memory of the current cell's tiles on all devices, in bytes."""
        return 0 if self._current is None else self._current[1].num_bytes * self.num_parallel

    def has(self, cell: int) -> bool:
        """Return whether the tiles of this cell are the current ones."""
        return self._current is not None and self._current[0] == cell

    def lanes(self, cell: int) -> int:
        return self._tiles(cell).lanes

    def compute(self, cell: int, first_tile: int, num_tiles: int) -> Computed:
        return self.compute_tiles(cell, range(first_tile, first_tile + num_tiles))

    def compute_tiles(self, cell: int, numbers: Sequence[int]) -> Computed:
        """Compute the tiles of a cell with the given numbers."""
        tiles = self._tiles(cell)
        try:
            return Computed(tiles.run(self._seed, numbers), {})
        except REPLICATE_ERRORS as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                given = f"{self._memory:,} bytes, with which cell {cell} ran out of memory"
                raise InputError("--memory", given, "a smaller budget, for smaller tiles") from None
            return self._one_by_one(tiles, numbers)

    def compute_one(self, cell: int, replicate: int) -> Float[np.ndarray, " r"]:
        """Compute one replicate alone."""
        return np.asarray(self._tiles(cell).run_alone(self._seed, replicate), dtype=np.float64)

    def interrupted(self, asked: bool) -> bool:
        return asked

    def _one_by_one(self, tiles: Tiles, numbers: Sequence[int]) -> Computed:
        """Compute each replicate alone, so that a failing replicate does not affect the others."""
        values = np.full((len(numbers) * tiles.lanes, len(self.metrics)), np.nan)
        errors = {}
        for position, tile in enumerate(numbers):
            for lane in range(tiles.lanes):
                replicate = tile * tiles.lanes + lane
                try:
                    values[position * tiles.lanes + lane] = tiles.run_alone(self._seed, replicate)
                except REPLICATE_ERRORS as error:
                    errors[replicate] = " ".join(str(error).split())[:500]
        return Computed(values, errors)

    def _tiles(self, cell: int) -> Tiles:
        if self._current is None or self._current[0] != cell:
            self._since_forgotten += 1
            if self._since_forgotten > KEPT_PROGRAMS:
                self._forget()
            self._current = None
            self._current = (cell, self._made(cell))
        return self._current[1]

    def _made(self, cell: int) -> Tiles:
        case = self._cases[cell]
        try:
            return tiles_of(self._measure, case, memory=room_for_tiles(self._memory))
        except RoomError:
            # Compiled programs of other cells may occupy the memory that this cell needs.
            self._forget()
        room = room_for_tiles(self._memory)
        try:
            return tiles_of(self._measure, case, memory=room)
        except RoomError as error:
            least = self._memory + error.needed - room
            expected = f"at least {_size(least)}: cell {cell} takes {_size(error.needed)} at once"
            raise InputError("--memory", _size(self._memory), expected) from None

    def _forget(self) -> None:
        forget_programs()
        jax.clear_caches()
        gc.collect()
        self._since_forgotten = 0


def _size(num_bytes: int) -> str:
    """Format a number of bytes in megabytes, rounded up."""
    return f"{math.ceil(num_bytes / 1e6)}MB"
