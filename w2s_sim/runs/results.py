"""The results of a study: a table with one row per cell, and the list of the replicates that failed."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.engine.running_moments import RunningMoments, in_blocks
from w2s_sim.files.study_file import Cell, Study
from w2s_sim.runs.cell_bounds import bound_columns
from w2s_sim.runs.freshness import fresh_results, note_results, results_mark
from w2s_sim.runs.pairing import PairedRisks
from w2s_sim.runs.parts import Ranges, metric_values
from w2s_sim.runs.relative_risk import ReferenceRisks
from w2s_sim.runs.store import FAILURES, RESULTS, Store
from w2s_sim.runs.whole_files import write_whole

BOUND_COLUMN = re.compile(r"bound(_kind|_theorem)?|.*_(lower|upper|theory)(_theorem)?")
# Effective number of replicates that must carry a sample's variance for its standard error to be trusted.
ENOUGH = 30.0
# Column of the risk, the first metric of every task.
RISK = 0


def write_results(study: Study, store: Store) -> pd.DataFrame:
    """Summarise the replicates of a folder and write the results there, unless they are up to date.

    Returns:
        The table of cells from `summarise`, as in `results.parquet`. The file `failures.csv`, written only if
        a replicate failed, lists every failed replicate with its cell, the seed and the error.

    Raises:
        InputError: If a part cannot be read, or the folder cannot be written.
    """
    mark = results_mark(study.document, store)
    fresh = fresh_results(store, mark)
    if fresh is not None:
        return fresh
    results, failures = summarise(study, store)
    write_whole(store.folder / RESULTS, results.to_parquet(index=False))
    if len(failures):
        write_whole(store.folder / FAILURES, failures.to_csv(index=False).encode())
    else:
        (store.folder / FAILURES).unlink(missing_ok=True)
    note_results(store, mark)
    return results


def summarise(study: Study, store: Store) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Summarise the replicates in a table with one row per cell and a table with one row per failure.

    A replicate whose risk is nan has failed: it is counted, and excluded from the means. The divergence of
    priors is infinite in a replicate whose prior excludes a concept of the target: `prior_kl` is the mean
    over the other replicates, and `prior_kl_infinite` the share of the infinite ones.

    Returns:
        Cells: every parameter, the weak pairs consumed, means with their standard errors, whether the
        replicates say enough about the risk ("enough", "too little", or "exact" if the student reads no
        data), the difference and the ratio to the risk of the baseline if the study names one, the bounds
        that apply, the number of replicates and the number of failures. Failures: cell, replicate, seed and
        error.
    """
    rows, failures = [], []
    held = store.ranges()
    for cell in study.cells:
        moments, failed = _read(study, store, cell.index, held.get(cell.index, []))
        failures += [
            {"cell": cell.index, "replicate": index, "seed": study.seed, "error": error}
            for index, error in failed
        ]
        rows.append(
            {
                "cell": cell.index,
                **_parameters(cell),
                "sample_size": cell.case.estimator.sample_size,
                **_metrics(study, cell, moments),
                **_against_baseline(study, store, cell.index, held),
                **bound_columns(cell.case),
                "replicates": sum(stop - start for start, stop in held.get(cell.index, [])),
                "failed": len(failed),
                "first_failed": failed[0][0] if failed else -1,
            }
        )
    table = pd.DataFrame(rows, columns=_column_order(rows))
    for key in {key for cell in study.cells for key in cell.parameters}:
        given = [row[key] for row in rows if key in row]
        if all(type(value) is int for value in given):
            # A column of integers keeps an integer type even if some cells lack the parameter.
            table[key] = table[key].astype("Int64")
    return table, pd.DataFrame(failures, columns=["cell", "replicate", "seed", "error"])


def _column_order(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Order the union of the rows' columns: parameters, then measurements, then bounds, then counts."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    last = list(rows[0])[-3:]
    parameters = [key for key in columns if "." in key]
    bounds = [key for key in columns if BOUND_COLUMN.fullmatch(key)]
    others = [key for key in columns[1:] if key not in {*last, *parameters, *bounds}]
    return [columns[0], *parameters, *others, *bounds, *last]


def relative_error(store: Store, cell: int, stop: int) -> float:
    """Return the relative standard error of a cell's mean risk, from the replicates before `stop`.

    It is infinite if the standard error cannot be trusted: if a risk is infinite, or if an effective number
    of fewer than `ENOUGH` replicates carries the variance, as in a sample with few or no rare events.
    """
    before = [(first, end) for first, end in store.ranges().get(cell, []) if first < stop]
    moments = RunningMoments(1)
    for block in in_blocks(_worked(rows) for rows in _rows_before(store, cell, before, stop)):
        moments.add(block)
    error, mean = moments.standard_error(RISK), abs(moments.mean(RISK))
    if moments.infinite[RISK] or math.isnan(error) or moments.effective_number(RISK) < ENOUGH:
        return math.inf
    return error / mean if mean > 0 else math.inf


def is_precise(study: Study, store: Store, cell: Cell, stop: int) -> bool:
    """Return whether the replicates before `stop` reach the study's target precision; False without a target.

    A student that reads no data has the same risk in every replicate, and reaches every target.
    """
    target = study.target_relative_se
    if target is None:
        return False
    return _is_exact(cell) or relative_error(store, cell.index, stop) <= target


def _is_exact(cell: Cell) -> bool:
    return cell.case.estimator.ignores_data(cell.case.task.source)


def _rows_before(store: Store, cell: int, ranges: Ranges, stop: int) -> Iterator[Float[np.ndarray, "n r"]]:
    for (start, _), table in zip(ranges, store.read(cell, ranges, ["risk"]), strict=True):
        yield metric_values(table, ["risk"])[: stop - start]


def _worked(values: Float[np.ndarray, "n r"]) -> Float[np.ndarray, "m r"]:
    return values[~np.isnan(values[:, RISK])]


def _read(
    study: Study, store: Store, cell: int, ranges: Ranges
) -> tuple[RunningMoments, list[tuple[int, str]]]:
    """Return the moments of the replicates that worked, and number and error of those that failed."""
    failed: list[tuple[int, str]] = []

    def worked() -> Iterator[np.ndarray]:
        for table in store.read(cell, ranges, study.metrics):
            values = metric_values(table, study.metrics)
            for row in np.flatnonzero(np.isnan(values[:, RISK])).tolist():
                error = table.column("error")[row].as_py() or "the risk is not a number"
                failed.append((table.column("replicate")[row].as_py(), error))
            yield _worked(values)

    moments = RunningMoments(len(study.metrics))
    for block in in_blocks(worked()):
        moments.add(block)
    return moments, failed


def _metrics(study: Study, cell: Cell, moments: RunningMoments) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column, metric in enumerate(study.metrics):
        row[metric], row[f"{metric}_se"] = moments.mean(column), moments.standard_error(column)
    if moments.infinite[RISK]:
        row |= {"risk": math.inf, "risk_se": math.nan}
    known = "enough" if moments.effective_number(RISK) >= ENOUGH else "too little"
    row["risk_information"] = "exact" if _is_exact(cell) else known
    if "prior_kl" in study.metrics:
        column = study.metrics.index("prior_kl")
        count = moments.finite[column] + moments.infinite[column]
        row["prior_kl_infinite"] = float(moments.infinite[column] / count) if count else math.nan
    return row | ReferenceRisks.of(cell.case.task).columns(row["risk"], row["risk_se"])


def _against_baseline(
    study: Study, store: Store, cell: int, held: Mapping[int, Ranges]
) -> Mapping[str, float]:
    """Compare the risk of a cell with that of its baseline in the replicates that both have."""
    if cell not in study.baselines:
        return {}
    pairs = PairedRisks()
    # Both cells hold their replicates from 0 on; one of them may have stopped earlier.
    streams = [
        in_blocks(_rows_before(store, each, held.get(each, []), study.replicates))
        for each in (cell, study.baselines[cell])
    ]
    for own, base in zip(*streams, strict=False):
        common = min(len(own), len(base))
        pairs.add(own[:common, 0], base[:common, 0])
    return pairs.summary()


def _parameters(cell: Cell) -> dict[str, Any]:
    """Return the parameters of a cell as columns; lists become text, so that each column has one type."""
    return {key: str(v) if isinstance(v, list) else v for key, v in cell.parameters.items()}
