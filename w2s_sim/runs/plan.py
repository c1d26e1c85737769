"""Plan of a study: its memory, and an estimate of its run time from timing a few of its cells."""

import dataclasses
import time
from collections.abc import Sequence

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.interruption import Interruption
from w2s_sim.runs.runner import largest_cells
from w2s_sim.runs.tile_workers import LocalTeam

# Cells are timed until this time has passed; the timing of the current cell is completed.
TIMING_SECONDS = 12.0
# The tiles of one cell are timed for this long.
CELL_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class Plan:
    """Estimated memory and run time of a study.

    Attributes:
        tile_bytes: Memory of the tiles that run at once, on all devices: the maximum over the timed cells,
            which include the cells that need the most memory.
        num_devices: Number of devices that compute.
        seconds: Estimated run time, compilation included; an estimate of the maximum if sampling may stop
            early at a target precision.
        timed: Number of cells that were timed.
        refused: Why a cell does not fit in memory; "" if all timed cells fit.
    """

    tile_bytes: int
    num_devices: int
    seconds: float
    timed: int
    refused: str = ""


@dataclasses.dataclass(frozen=True)
class _Timing:
    compiling: float
    replicate: float
    size: int


def plan_study(study: Study, memory: int, interruption: Interruption) -> Plan:
    """Compile and time a few cells: the largest cells first, then others spread over the grid.

    Args:
        study: The study, as from `load_study`.
        memory: Memory budget in bytes.
        interruption: Flags by which a signal stops the work.

    Raises:
        InterruptedRunError: If a signal asked to stop.
    """
    team = LocalTeam(study, memory)
    timings: dict[int, _Timing] = {}
    tile_bytes, num_devices, refused = 0, 1, ""
    began = time.monotonic()
    for index in _order(study):
        interruption.check()
        try:
            timings[index] = _time_cell(team, study, index)
        except InputError as error:
            refused = refused or str(error)
            continue
        tile_bytes = max(tile_bytes, team.num_bytes)
        num_devices = team.num_parallel
        if time.monotonic() - began > TIMING_SECONDS:
            break
    return Plan(tile_bytes, num_devices, _total_seconds(study, timings), len(timings), refused)


def _order(study: Study) -> Sequence[int]:
    """Return the largest cells, then the grid in ever finer steps, so that every prefix is spread out."""
    step = max(1, len(study.cells) // 2)
    order = dict.fromkeys(largest_cells(study.cells))
    while step:
        order |= dict.fromkeys(range(0, len(study.cells), step))
        step //= 2
    return list(order)


def _time_cell(team: LocalTeam, study: Study, index: int) -> _Timing:
    began = time.monotonic()
    lanes = team.lanes(index)
    compiled = time.monotonic()
    team.compute(index, 0, 1)
    # The first tile includes one-time work of XLA; later tiles are representative of the rest of the run.
    num_tiles, warm, since = 0, time.monotonic(), 0.0
    most = min(study.replicates // lanes + 1, 64)
    while num_tiles < most and since < CELL_SECONDS:
        team.compute(index, num_tiles, team.num_parallel)
        num_tiles += team.num_parallel
        since = time.monotonic() - warm
        if warm - compiled > CELL_SECONDS:
            break
    return _Timing(
        compiled - began, since / (num_tiles * lanes), study.cells[index].case.estimator.sample_size
    )


def _total_seconds(study: Study, timings: dict[int, _Timing]) -> float:
    """Sum the cells' times, each scaled by sample size from the nearest timed cell of the same estimator."""
    if not timings:
        return float("nan")
    kinds = {index: type(study.cells[index].case.estimator) for index in timings}
    total = 0.0
    for cell in study.cells:
        own = timings.get(cell.index)
        size = max(cell.case.estimator.sample_size, 1)
        if own is None:
            alike = [i for i, kind in kinds.items() if kind is type(cell.case.estimator)] or list(timings)
            near = min(alike, key=lambda i, size=size: abs(timings[i].size - size))
            own = timings[near]
            # Cells that differ only in the values of their numbers share a compiled program.
            compiling = 0.0 if own.size == size else own.compiling
            own = _Timing(compiling, own.replicate * size / max(own.size, 1), size)
        total += own.compiling + own.replicate * study.replicates
    return total
