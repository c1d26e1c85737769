"""Runs a study piece by piece: finished replicates are stored, and only missing replicates are computed."""

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import jax
import numpy as np
import pandas as pd

from w2s_sim.engine.programs import Form
from w2s_sim.errors import PrecisionWarning
from w2s_sim.files.study_file import Study
from w2s_sim.runs.draw_groups import DrawGroup, draw_groups
from w2s_sim.runs.interruption import InterruptedRunError, Interruption, run_interruptibly
from w2s_sim.runs.memory import default_budget
from w2s_sim.runs.parts import Ranges, missing
from w2s_sim.runs.processes import ProcessTeam, follow, require_one_study
from w2s_sim.runs.results import is_precise, write_results
from w2s_sim.runs.schedule import Shard, looks, pieces
from w2s_sim.runs.store import Store
from w2s_sim.runs.tile_workers import LocalTeam, Team

# A part is written after this time, even if the piece is unfinished, so that no more work than this is lost.
PART_SECONDS = 10.0
# Intended duration of the tiles that are computed between two checks for an interruption.
ORDER_SECONDS = 0.25

Progress = Callable[[int, int], None]


def run_study(
    study: Study,
    folder: Path,
    *,
    shard: Shard = Shard(),
    resume: bool = False,
    memory: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame | None:
    """Compute the missing replicates of a study; return its results.

    If several processes were connected by `join_processes`, all of them call this function, and process 0
    stores the replicates.

    Args:
        study: The study, as from `load_study`.
        folder: Folder that receives `manifest.json`, the parts, and at the end `results.parquet`.
        shard: The share of the study to compute; `merge` combines the shares.
        resume: Whether to continue, or to extend, a study that the folder already holds.
        memory: Memory budget of the computation in bytes; by default half of the free memory.
        progress: Called with the numbers of finished and of requested replicates, whenever some are stored.

    Returns:
        The results; None for a shard, and in processes other than process 0.

    Raises:
        InputError: If the folder belongs to another study, is in use, or cannot be written, or if a cell does
            not fit in the memory budget.
        InterruptedRunError: If SIGINT or SIGTERM came; finished replicates are kept.

    Warns:
        PrecisionWarning: If replicates are computed, and labels of a cell are too large, relative to their
            noise, for the current precision.
        VersionsWarning: If the folder holds parts that were computed with other versions.
    """
    budget = default_budget() if memory is None else memory
    local = LocalTeam(study, budget)

    def work(interruption: Interruption) -> pd.DataFrame | None:
        def run(team: Team) -> pd.DataFrame | None:
            return _run_with(team, study, folder, shard, resume, interruption, progress)

        if jax.process_count() == 1:
            return run(local)
        require_one_study(study.document)
        if jax.process_index() == 0:
            team = ProcessTeam(local)
            return team.lead(lambda: run(team))
        return follow(local, interruption)

    return run_interruptibly(work)


def warn_of_precision(study: Study) -> None:
    """Warn of the cells for which the current precision is too coarse."""
    problems = {
        cell.index: cell.case.task.unresolved(cell.case.estimator.sample_size) for cell in study.cells
    }
    first = next((index for index, problem in problems.items() if problem), None)
    if first is not None:
        several = sum(map(bool, problems.values()))
        others = f" (and {several - 1:,} cells more)" if several > 1 else ""
        warnings.warn(f"cell {first}{others}: {problems[first]}", PrecisionWarning, stacklevel=3)


def _run_with(
    team: Team,
    study: Study,
    folder: Path,
    shard: Shard,
    resume: bool,
    interruption: Interruption,
    progress: Progress | None,
) -> pd.DataFrame | None:
    store = Store(folder)
    with store.locked():
        store.begin(study.document, resume)
        run = _Run(team, study, store, shard, interruption, progress)
        unfinished = run.unfinished()
        if unfinished:
            warn_of_precision(study)
        for group in largest_groups(unfinished):
            team.lanes(group)
        store.warn_of_versions()
        store.write_manifest(study.document, computes=bool(unfinished))
        run.fill()
        if shard.count > 1:
            return None
        interruption.check()
        return write_results(study, store)


def largest_groups(groups: Sequence[DrawGroup]) -> list[int]:
    """Return, of groups that differ only in sample sizes, the largest: if it fits, all do."""
    largest: dict[object, tuple[int, int]] = {}
    # Cells share their tasks.
    forms: dict[int, Form] = {}
    for group in groups:
        task = group.cells[0].case.task
        if id(task) not in forms:
            forms[id(task)] = Form.of(task)
        estimators = [cell.case.estimator for cell in group.cells]
        kind = (tuple(type(estimator) for estimator in estimators), forms[id(task)])
        size = max(estimator.sample_size for estimator in estimators)
        largest[kind] = max(largest.get(kind, (-1, -1)), (size, group.index))
    return [index for _, index in largest.values()]


class _Run:
    """One run of a study: computes the missing replicates of its shard, group by group."""

    def __init__(
        self,
        team: Team,
        study: Study,
        store: Store,
        shard: Shard,
        interruption: Interruption,
        progress: Progress | None,
    ) -> None:
        self._team, self._study, self._store = team, study, store
        self._shard, self._interruption, self._progress = shard, interruption, progress
        self._groups, self._held = draw_groups(study), store.ranges()
        self._done = 0
        self._total = sum(self._share(group) * len(group.cells) for group in self._groups)

    def unfinished(self) -> list[DrawGroup]:
        """Return the groups of which a cell lacks replicates."""
        return [group for group in self._groups if any(any(gaps.values()) for _, gaps in self._gaps(group))]

    def _share(self, group: DrawGroup) -> int:
        """Number of replicates of a group that belong to the shard."""
        every = pieces(self._study, group, self._shard, 0, self._study.replicates)
        return sum(stop - start for start, stop in every)

    def _gaps(self, group: DrawGroup) -> Iterator[tuple[int, Mapping[int, Ranges]]]:
        """Yield, per piece, the number of stored replicates and every cell's gaps, until all are precise."""
        start, active = 0, [cell for cell in group.cells if self._share(group)]
        for stop in looks(self._study):
            for first, end in pieces(self._study, group, self._shard, start, stop):
                gaps = {cell.index: missing(self._held.get(cell.index, []), first, end) for cell in active}
                lacking = sum(b - a for ranges in gaps.values() for a, b in ranges)
                yield len(active) * (end - first) - lacking, gaps
            if stop < self._study.replicates:
                active = [cell for cell in active if not is_precise(self._study, self._store, cell, stop)]
            start = stop

    def fill(self) -> None:
        """Compute the missing replicates of all groups, one group after the other."""
        for group in self._groups:
            before, share = self._done, self._share(group) * len(group.cells)
            for num_held, gaps in self._gaps(group):
                self._report(num_held)
                for start, stop in _union(gaps.values()):
                    self._fill_gap(group, gaps, start, stop)
            # A cell that reaches its target early counts as done with its whole share.
            self._report(before + share - self._done)

    def _fill_gap(self, group: DrawGroup, gaps: Mapping[int, Ranges], start: int, stop: int) -> None:
        lanes = self._team.lanes(group.index)
        position, kept_until, held, errors = start, start, [], {}
        part_began, num_tiles = time.monotonic(), self._team.num_parallel
        while position < stop:
            if self._team.interrupted(self._interruption.asked.is_set()):
                self._keep(group, gaps, kept_until, held, errors)
                raise InterruptedRunError
            began = time.monotonic()
            tile = position // lanes
            wanted = min(num_tiles, math.ceil(stop / lanes) - tile)
            computed = self._team.compute(group.index, tile, wanted)
            end = min((tile + wanted) * lanes, stop)
            held.append(computed.values[position - tile * lanes : end - tile * lanes])
            errors |= {key: text for key, text in computed.errors.items() if position <= key[1] < end}
            position = end
            now = time.monotonic()
            if now - began < ORDER_SECONDS / 2:
                num_tiles *= 2
            if position == stop or now - part_began > PART_SECONDS:
                self._keep(group, gaps, kept_until, held, errors)
                kept_until, held, errors, part_began = position, [], {}, now

    def _keep(
        self,
        group: DrawGroup,
        gaps: Mapping[int, Ranges],
        start: int,
        held: list[np.ndarray],
        errors: Mapping[tuple[int, int], str],
    ) -> None:
        """Store what cells lack of the replicates from `start` on."""
        if not held or self._interruption.left.is_set():
            return
        values, stored = np.concatenate(held).astype(np.float64), 0
        for position, cell in enumerate(group.cells):
            said = {replicate: text for (of, replicate), text in errors.items() if of == position}
            for first, end in gaps.get(cell.index, []):
                first, end = max(first, start), min(end, start + len(values))
                if first < end:
                    mine = values[first - start : end - start, position]
                    here = {index: text for index, text in said.items() if first <= index < end}
                    self._store.write(cell.index, first, mine, self._study.metrics, here)
                    stored += end - first
        self._report(stored)

    def _report(self, count: int) -> None:
        self._done += count
        if self._progress is not None and count:
            self._progress(self._done, self._total)


def _union(ranges: Iterable[Ranges]) -> list[tuple[int, int]]:
    """Return the ranges of the numbers that are in some of the given ranges."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(each for several in ranges for each in several):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], stop)
        else:
            joined.append((start, stop))
    return joined
