"""Operations on stored replicates: merge the shards of a study, and recompute one replicate."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Cell, Study, read_study
from w2s_sim.runs.memory import default_budget
from w2s_sim.runs.parts import metric_values, missing
from w2s_sim.runs.results import is_precise, write_results
from w2s_sim.runs.schedule import looks
from w2s_sim.runs.store import Store
from w2s_sim.runs.tile_workers import LocalTeam


def merge(folders: Sequence[Path], out: Path) -> pd.DataFrame:
    """Merge the shards of one study into a new folder; return the results of the study.

    Args:
        folders: The folders of all shards.
        out: Folder that receives the files that a run of the whole study would have written.

    Raises:
        InputError: If the folders belong to different studies, or replicates are missing.
    """
    stores = [Store(folder) for folder in folders]
    for store in stores:
        store.require_plugins()
    # If some shards were extended with more replicates, the study with the most replicates counts.
    documents = [store.kept_study() for store in stores]
    document = max(documents, key=lambda kept: read_study(kept).replicates)
    study, target = read_study(document), Store(out)
    with target.locked():
        target.begin(document, resume=True, precision=stores[0].precision)
        target.write_manifest(document)
        for store in stores:
            target.take(store)
        target.write_manifest(document)
        target.warn_of_versions()
        lacking = sum(_num_missing(study, cell, target) for cell in study.cells)
        if lacking:
            given = f"{len(stores)} folders, in which at least {lacking:,} replicates are missing"
            raise InputError("DIR", given, "the folders of all shards, each run to its end")
        return write_results(study, target)


def _num_missing(study: Study, cell: Cell, store: Store) -> int:
    held = store.ranges().get(cell.index, [])
    for stop in looks(study):
        gaps = missing(held, 0, stop)
        if gaps:
            return sum(end - start for start, end in gaps)
        if is_precise(study, store, cell, stop):
            return 0
    return 0


def replay(folder: Path, cell: int, index: int) -> tuple[dict[str, float], dict[str, float] | None]:
    """Recompute one replicate of a study alone; return its new metrics and the stored ones, if any.

    Raises:
        InputError: If the folder holds no study, or the study has no such cell or replicate.
        REPLICATE_ERRORS: If the replicate fails again.
    """
    store = Store(folder)
    store.require_plugins()
    study = read_study(store.kept_study())
    if not 0 <= cell < len(study.cells):
        raise InputError("--cell", cell, f"one of 0 to {len(study.cells) - 1}")
    if index < 0:
        raise InputError("--replicate", index, "a replicate >= 0")
    team = LocalTeam(study, default_budget())
    again = _computed_again(team, cell, index)
    holding = [(start, stop) for start, stop in store.ranges().get(cell, []) if start <= index < stop]
    kept = None
    for table, (start, _) in zip(store.read(cell, holding, study.metrics), holding, strict=True):
        kept = _named(study, metric_values(table, study.metrics)[index - start])
    return _named(study, again), kept


def _computed_again(team: LocalTeam, cell: int, index: int) -> Float[np.ndarray, " r"]:
    """Return one replicate of a cell, computed with the cells that share its draws, as in the run."""
    group = next(group for group in team.groups if cell in [each.index for each in group.cells])
    position = [each.index for each in group.cells].index(cell)
    return team.compute_one(group.index, index)[position]


def _named(study: Study, values: np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(study.metrics, values, strict=True)}
