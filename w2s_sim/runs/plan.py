"""What a study will take: memory, and an estimate of the time, from timing a few of its cells."""

import dataclasses
import time
from collections.abc import Sequence

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.interruption import Interruption
from w2s_sim.runs.runner import largest_cells
from w2s_sim.runs.tile_workers import LocalTeam

# Cells are timed until this long has passed; the cell at hand is finished.
TIMING_SECONDS = 12.0
# A cell is timed on as many tiles as this takes.
CELL_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a study will take.

    Attributes:
        tile_bytes: Memory that is computed in at once, on all devices: the largest of the timed cells, among
            which those are that need most.
        num_devices: Devices that compute.
        seconds: An estimate of the whole, compilation included; of the most it may be where sampling stops at
            a target.
        timed: Cells from which it was made.
        refused: Why a cell does not fit in memory, if one does not.
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
    """Compile and time a few cells: the largest ones first, then others spread over the grid.

    Args:
        study: As from `load_study`.
        memory: Budget in bytes.
        interruption: Whether somebody asked to stop.

    Raises:
        InterruptedRunError: If so.
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
    """The largest cells, then the grid in ever finer steps, so that whenever it stops it was spread out."""
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
    # The first tile waits for what XLA does once; later ones are what the rest of the run is like.
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
    """Each cell as the timed one of its kind of estimator that is nearest in size, in proportion to it."""
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
            # Cells that differ in numbers alone share a program.
            compiling = 0.0 if own.size == size else own.compiling
            own = _Timing(compiling, own.replicate * size / max(own.size, 1), size)
        total += own.compiling + own.replicate * study.replicates
    return total
