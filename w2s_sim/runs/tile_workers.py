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
from w2s_sim.runs.cell_metrics import measured_together
from w2s_sim.runs.draw_groups import DrawGroup, draw_groups
from w2s_sim.runs.memory import room_for_tiles

# Exceptions that count as the failure of single replicates; the other replicates are still computed.
REPLICATE_ERRORS = (jax.errors.JaxRuntimeError, FloatingPointError, ZeroDivisionError)
# Number of groups whose compiled programs are kept at once.
KEPT_PROGRAMS = 64


@dataclasses.dataclass(frozen=True)
class Computed:
    """The replicates of some whole tiles of a group of cells.

    Attributes:
        values: The metrics by replicate and cell; nan if a student could not be computed.
        errors: Error messages of failed replicates, by position of the cell in the group and replicate.
    """

    values: Float[np.ndarray, "n cells r"]
    errors: Mapping[tuple[int, int], str]


class Team(abc.ABC):
    """Group of workers that compute tiles in parallel."""

    @property
    @abc.abstractmethod
    def num_parallel(self) -> int:
        """Number of tiles that are computed at once."""

    @abc.abstractmethod
    def lanes(self, group: int) -> int:
        """Return the number of replicates in a tile of the group."""

    @abc.abstractmethod
    def compute(self, group: int, first_tile: int, num_tiles: int) -> Computed:
        """Compute consecutive tiles of a group."""

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
        self.metrics, self.groups = study.metrics, draw_groups(study)
        self._memory = memory
        self._current: tuple[int, Tiles] | None = None
        self._since_forgotten = 0

    @property
    def num_parallel(self) -> int:
        return 1 if self._current is None else self._current[1].num_devices

    @property
    def num_bytes(self) -> int:
        """Memory of the current group's tiles on all devices, in bytes."""
        return 0 if self._current is None else self._current[1].num_bytes * self.num_parallel

    def has(self, group: int) -> bool:
        """Return whether the tiles of this group are the current ones."""
        return self._current is not None and self._current[0] == group

    def lanes(self, group: int) -> int:
        return self._tiles(group).lanes

    def compute(self, group: int, first_tile: int, num_tiles: int) -> Computed:
        return self.compute_tiles(group, range(first_tile, first_tile + num_tiles))

    def compute_tiles(self, group: int, numbers: Sequence[int]) -> Computed:
        """Compute the tiles of a group with the given numbers."""
        tiles = self._tiles(group)
        try:
            values = tiles.run(self.groups[group].seed, numbers)
        except REPLICATE_ERRORS as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                given = f"{self._memory:,} bytes, with which {self._named(group)} ran out of memory"
                raise InputError("--memory", given, "a smaller budget, for smaller tiles") from None
            return self._one_by_one(group, tiles, numbers)
        return Computed(values.reshape(len(values), -1, len(self.metrics)), {})

    def compute_one(self, group: int, replicate: int) -> Float[np.ndarray, "cells r"]:
        """Compute one replicate alone."""
        values = self._tiles(group).run_alone(self.groups[group].seed, replicate)
        return np.asarray(values, dtype=np.float64).reshape(-1, len(self.metrics))

    def interrupted(self, asked: bool) -> bool:
        return asked

    def _one_by_one(self, group: int, tiles: Tiles, numbers: Sequence[int]) -> Computed:
        """Compute each replicate alone, and if it fails each cell alone: a failure affects no other cell."""
        mine = self.groups[group]
        values = np.full((len(numbers) * tiles.lanes, len(mine.cells), len(self.metrics)), np.nan)
        errors = {}
        replicates = [tile * tiles.lanes + lane for tile in numbers for lane in range(tiles.lanes)]
        for row, replicate in enumerate(replicates):
            try:
                values[row] = tiles.run_alone(mine.seed, replicate).reshape(values.shape[1:])
                continue
            except REPLICATE_ERRORS as error:
                if len(mine.cells) == 1:
                    errors[0, replicate] = _one_line(error)
                    continue
            for position, cell in enumerate(mine.cells):
                try:
                    alone = self._made(mine.alone(cell)).run_alone(mine.seed, replicate)
                    values[row, position] = alone
                except REPLICATE_ERRORS as error:
                    errors[position, replicate] = _one_line(error)
        return Computed(values, errors)

    def _tiles(self, group: int) -> Tiles:
        if self._current is None or self._current[0] != group:
            self._since_forgotten += 1
            if self._since_forgotten > KEPT_PROGRAMS:
                self._forget()
            self._current = None
            self._current = (group, self._made(self.groups[group]))
        return self._current[1]

    def _made(self, group: DrawGroup) -> Tiles:
        draw = group.draw
        measure = measured_together(self.metrics, draw)
        try:
            return tiles_of(measure, draw, memory=room_for_tiles(self._memory))
        except RoomError:
            # Compiled programs of other groups may occupy the memory that this group needs.
            self._forget()
        room = room_for_tiles(self._memory)
        try:
            return tiles_of(measure, draw, memory=room)
        except RoomError as error:
            least = self._memory + error.needed - room
            expected = f"at least {_size(least)}: {named_cells(group)} takes {_size(error.needed)} at once"
            raise InputError("--memory", _size(self._memory), expected) from None

    def _named(self, group: int) -> str:
        return named_cells(self.groups[group])

    def _forget(self) -> None:
        forget_programs()
        jax.clear_caches()
        gc.collect()
        self._since_forgotten = 0


def named_cells(group: DrawGroup) -> str:
    """Name a group in a message by the cell that needs most pairs, and the number of the others."""
    largest = max(group.cells, key=lambda cell: cell.case.estimator.sample_size)
    others = len(group.cells) - 1
    return f"cell {largest.index}" + (f" (with {others} that share its draws)" if others else "")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


def _size(num_bytes: int) -> str:
    """Format a number of bytes in megabytes, rounded up."""
    return f"{math.ceil(num_bytes / 1e6)}MB"
