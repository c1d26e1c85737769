"""Runs a study, chunk by chunk: what is done is kept, and what is missing is computed."""

import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.finite_task import FiniteTask
from w2s_sim.metrics import performance_gap_recovered
from w2s_sim.statements import FromWeakData, all_statements
from w2s_sim.studies.prior_comparison import prior_scores
from w2s_sim.studies.store import METRICS, Store, missing, write_whole
from w2s_sim.studies.study_file import Cell, Study, read_study
from w2s_sim.verify import replicate
from w2s_sim.verify.intervals import sample_summary

# Replicates that are computed and kept at once: whole tiles of the replication engine.
CHUNK = 4096
# Statements that bound the excess risk of a cell, the first that applies.
BOUNDS = ("naive-floor", "refinement-risk")


class InterruptedRunError(Exception):
    """A signal asked the run to end; what was done is kept."""


Progress = Callable[[int, int], None]


def run_study(
    study: Study, folder: Path, *, resume: bool = False, progress: Progress | None = None
) -> pd.DataFrame:
    """Compute what a study asks for and is not there yet; returns its results.

    Args:
        study: As from `load_study`.
        folder: Gets `manifest.json`, parts, and `results.parquet` at the end.
        resume: Whether to go on with, or to top up, a study that the folder holds.
        progress: Called with replicates done and asked for, after every chunk.

    Raises:
        InputError: If the folder is another study's, is in use, or cannot be written.
        InterruptedRunError: If SIGINT or SIGTERM came: after the chunk at hand.
    """
    store = Store(folder)
    with store.locked():
        _compute(study, store, (1, 1), resume, progress)
        return _write_results(study, store)


def run_shard(
    study: Study,
    folder: Path,
    shard: tuple[int, int],
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> None:
    """Compute every N-th chunk of a study, for `merge` to put together.

    Args:
        study: As from `load_study`.
        folder: Of this shard alone.
        shard: (i, N) with 1 <= i <= N.
        resume: As for `run_study`.
        progress: Likewise.

    Raises:
        InputError: As for `run_study`, or if the shard is none.
        InterruptedRunError: Likewise.
    """
    if not 1 <= shard[0] <= shard[1]:
        raise InputError("shard", shard, "(i, N) with 1 <= i <= N")
    store = Store(folder)
    with store.locked():
        _compute(study, store, shard, resume, progress)


def _compute(
    study: Study, store: Store, shard: tuple[int, int], resume: bool, progress: Progress | None
) -> None:
    for cell in study.cells:
        _require_estimator(cell)
    store.begin(study.document, resume)
    chunks = list(_chunks(study))[shard[0] - 1 :: shard[1]]
    total = sum(stop - start for _, start, stop in chunks)
    done = 0
    held = store.ranges()
    with _Signals() as signals:
        for cell, start, stop in chunks:
            for first, end in missing(held.get(cell.index, []), start, stop):
                store.write(cell.index, first, _values(cell, study.seed, first, end))
            done += stop - start
            if progress is not None:
                progress(done, total)
            if signals.received:
                raise InterruptedRunError


def _write_results(study: Study, store: Store) -> pd.DataFrame:
    results = summarise(study, store)
    write_whole(store.folder / "results.parquet", results.to_parquet(index=False))
    return results


def _chunks(study: Study) -> Iterator[tuple[Cell, int, int]]:
    """All replicates of a study, in the pieces in which they are computed."""
    for cell in study.cells:
        for start in range(0, study.replicates, CHUNK):
            yield cell, start, min(start + CHUNK, study.replicates)


def merge(folders: Sequence[Path], out: Path) -> pd.DataFrame:
    """Put the shards of one study together in a folder of its own; returns its results.

    Raises:
        InputError: If they are not of one study, or something is missing.
    """
    stores = [Store(folder) for folder in folders]
    document = stores[0].kept_study()
    study, target = read_study(document), Store(out)
    with target.locked():
        target.begin(document, resume=True, precision=stores[0].precision)
        for store in stores:
            target.take(store)
        held = target.ranges()
        gaps = [gap for cell in study.cells for gap in missing(held.get(cell.index, []), 0, study.replicates)]
        if gaps:
            lacking = sum(stop - start for start, stop in gaps)
            given = f"{len(stores)} folders, in which {lacking:,} replicates are missing"
            raise InputError("DIR", given, "all shards, each run to its end")
        return _write_results(study, target)


def _require_estimator(cell: Cell) -> None:
    if isinstance(cell.case.task, FiniteTask) and not isinstance(cell.case.estimator, PriorTransfer):
        given = cell.parameters["estimator.kind"]
        raise InputError("estimator.kind", repr(given), "an estimator of a prior, for these concepts")


def _values(cell: Cell, seed: int, start: int, stop: int) -> Float[np.ndarray, "replicates 3"]:
    return replicate(FromWeakData(prior_scores), cell.case, seed=seed, start=start, stop=stop)


def replay(folder: Path, cell: int, index: int) -> tuple[dict[str, float], dict[str, float] | None]:
    """One replicate of a study, run again alone, and what the folder holds of it.

    Raises:
        InputError: If the folder holds no study, or the study no such cell or replicate.
    """
    store = Store(folder)
    study = read_study(store.kept_study())
    if not 0 <= cell < len(study.cells):
        raise InputError("--cell", cell, f"one of 0 to {len(study.cells) - 1}")
    if index < 0:
        raise InputError("--replicate", index, "a replicate >= 0")
    values = _values(study.cells[cell], study.seed, index, index + 1)[0]
    kept = store.read(cell, store.ranges().get(cell, []))
    row = kept.loc[kept["replicate"] == index, list(METRICS)].to_dict("records")
    again = {str(name): float(value) for name, value in zip(METRICS, values, strict=True)}
    return again, {str(key): float(value) for key, value in row[0].items()} if row else None


def summarise(study: Study, store: Store) -> pd.DataFrame:
    """One row per cell: every parameter, means with their standard errors, the bound that applies.

    A replicate whose risk is not a number has failed: it is counted, and left out of the means. A divergence
    of priors may be infinite, where a concept that is wanted is excluded: the mean is over the others, and
    `prior_kl_infinite` is the share of these.
    """
    rows = []
    held = store.ranges()
    for cell in study.cells:
        frame = store.read(cell.index, held.get(cell.index, []))
        worked = ~np.isnan(frame["risk"].to_numpy(dtype=float))
        row: dict[str, Any] = {"cell": cell.index, **_columns(cell)}
        for metric in METRICS:
            values = frame[metric].to_numpy(dtype=float)[worked]
            if metric == "prior_kl":
                row["prior_kl_infinite"] = float(np.mean(np.isinf(values))) if len(values) else float("nan")
                values = values[np.isfinite(values)]
            mean, error = _mean(values)
            row |= {metric: mean, f"{metric}_se": error}
        weak_risk = float(cell.case.task.weak_risk)
        row["pgr"] = float(performance_gap_recovered(row["risk"], weak_risk))
        row["pgr_se"] = row["risk_se"] / weak_risk if weak_risk > 0 else float("nan")
        row |= _bound(cell)
        failed = frame["replicate"].to_numpy()[~worked]
        row |= {"replicates": len(frame), "failed": len(failed)}
        row["first_failed"] = int(failed[0]) if len(failed) else -1
        rows.append(row)
    table = pd.DataFrame(rows)
    for key in {key for cell in study.cells for key in cell.parameters}:
        given = [row[key] for row in rows if key in row]
        if all(type(value) is int for value in given):
            # A column of whole numbers stays one, also where some cells have none.
            table[key] = table[key].astype("Int64")
    return table


def _mean(values: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Mean and standard error; infinite values have a mean, and no error."""
    if len(values) < 2 or not np.all(np.isfinite(values)):
        return (float(np.mean(values)) if len(values) else float("nan")), float("nan")
    return sample_summary(values)


def _columns(cell: Cell) -> dict[str, Any]:
    """Parameters as columns; lists as text, so that columns have one type."""
    return {key: str(v) if isinstance(v, list) else v for key, v in cell.parameters.items()}


def _bound(cell: Cell) -> dict[str, Any]:
    if not isinstance(cell.case.task, FiniteTask):
        for name in BOUNDS:
            statement = all_statements()[name]
            if statement.broken_assumption(cell.case) is None:
                value = float(statement.bound(cell.case))
                return {"bound": value, "bound_kind": statement.kind, "bound_theorem": name}
    return {"bound": float("nan"), "bound_kind": "", "bound_theorem": ""}


class _Signals:
    """Notes SIGINT and SIGTERM in place of dying of them."""

    def __init__(self) -> None:
        self.received = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_Signals":
        def note(number: int, frame: FrameType | None) -> None:
            self.received = True

        try:
            self._previous = {s: signal.signal(s, note) for s in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:
            # Only the main thread of a program may; elsewhere signals are its own business.
            self._previous = {}
        return self

    def __exit__(self, *ignored: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
