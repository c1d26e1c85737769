"""Plan of a study: its memory, and an estimate of its run time from timing a few of its cells."""

import dataclasses
import time
from collections.abc import Sequence

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.draw_groups import DrawGroup
from w2s_sim.runs.interruption import Interruption
from w2s_sim.runs.runner import largest_groups
from w2s_sim.runs.tile_workers import LocalTeam

# Groups of cells are timed until this time has passed; the timing of the current group is completed.
TIMING_SECONDS = 12.0
# The tiles of one group are timed for this long.
GROUP_SECONDS = 0.5


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
    """Compile and time a few groups of cells: the largest first, then others spread over the grid.

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
    for index in _order(team.groups):
        interruption.check()
        try:
            timings[index] = _time_group(team, study, index)
        except InputError as error:
            refused = refused or str(error)
            continue
        tile_bytes = max(tile_bytes, team.num_bytes)
        num_devices = team.num_parallel
        if time.monotonic() - began > TIMING_SECONDS:
            break
    timed = sum(len(team.groups[index].cells) for index in timings)
    return Plan(tile_bytes, num_devices, _total_seconds(study, team.groups, timings), timed, refused)


def _order(groups: Sequence[DrawGroup]) -> Sequence[int]:
    """Return the largest groups, then the others in ever finer steps, so that every prefix is spread out."""
    step = max(1, len(groups) // 2)
    order = dict.fromkeys(largest_groups(groups))
    while step:
        order |= dict.fromkeys(range(0, len(groups), step))
        step //= 2
    return list(order)


def _time_group(team: LocalTeam, study: Study, index: int) -> _Timing:
    began = time.monotonic()
    lanes = team.lanes(index)
    compiled = time.monotonic()
    team.compute(index, 0, 1)
    # The first tile includes one-time work of XLA; later tiles are representative of the rest of the run.
    num_tiles, warm, since = 0, time.monotonic(), 0.0
    most = min(study.replicates // lanes + 1, 64)
    while num_tiles < most and since < GROUP_SECONDS:
        team.compute(index, num_tiles, team.num_parallel)
        num_tiles += team.num_parallel
        since = time.monotonic() - warm
        if warm - compiled > GROUP_SECONDS:
            break
    return _Timing(compiled - began, since / (num_tiles * lanes), _size_of(team.groups[index]))


def _size_of(group: DrawGroup) -> int:
    """Number of weak pairs that all cells of a group read."""
    return max(1, sum(cell.case.estimator.sample_size for cell in group.cells))


def _kind_of(group: DrawGroup) -> frozenset[type]:
    return frozenset(type(cell.case.estimator) for cell in group.cells)


def _total_seconds(study: Study, groups: Sequence[DrawGroup], timings: dict[int, _Timing]) -> float:
    """Sum the groups' times, each scaled by sample size from the nearest timed group of its kind."""
    if not timings:
        return float("nan")
    total = 0.0
    for group in groups:
        own = timings.get(group.index)
        size = _size_of(group)
        if own is None:
            alike = [i for i in timings if _kind_of(groups[i]) == _kind_of(group)] or list(timings)
            near = min(alike, key=lambda i, size=size: abs(timings[i].size - size))
            own = timings[near]
            # Groups that differ only in the values of their numbers share a compiled program.
            compiling = 0.0 if own.size == size else own.compiling
            own = _Timing(compiling, own.replicate * size / own.size, size)
        total += own.compiling + own.replicate * study.replicates
    return total
