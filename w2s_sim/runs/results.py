"""The results of a study: one row a cell, and the list of the replicates that failed."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.engine.running_moments import RunningMoments, in_blocks
from w2s_sim.files.study_file import Cell, Study
from w2s_sim.metrics import performance_gap_recovered
from w2s_sim.runs.cell_bounds import bound_columns
from w2s_sim.runs.freshness import fresh_results, note_results, results_mark
from w2s_sim.runs.parts import Ranges, metric_values
from w2s_sim.runs.store import FAILURES, RESULTS, Store
from w2s_sim.runs.whole_files import write_whole

BOUND_COLUMN = re.compile(r"bound(_kind|_theorem)?|.*_(lower|upper|theory)(_theorem)?")
# Replicates that must share the spread of a sample for its standard error to be believed.
ENOUGH = 30.0
# The first metric of every task.
RISK = 0


def write_results(study: Study, store: Store) -> pd.DataFrame:
    """Sum up what a folder holds, and write it there, unless it is there already.

    Returns:
        The table of `summarise`, as in `results.parquet`. `failures.csv` names every replicate that failed,
        with its cell, the seed, and why; it is there only if one did.

    Raises:
        InputError: If a part cannot be read, or the folder not be written.
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
    """One row per cell, and one per failure.

    A replicate whose risk is not a number has failed: it is counted, and left out of the means. A divergence
    of priors may be infinite, where a concept that is wanted is excluded: the mean is over the others, and
    `prior_kl_infinite` is the share of these.

    Returns:
        Cells: every parameter, the weak pairs consumed, means with their standard errors, whether the
        replicates say enough of the risk ("enough", "too little", or "exact" without data), the bounds that
        apply, how many replicates there are and how many of them failed. Failures: cell, replicate, seed and
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
            # A column of whole numbers stays one, also where some cells have none.
            table[key] = table[key].astype("Int64")
    return table, pd.DataFrame(failures, columns=["cell", "replicate", "seed", "error"])


def _column_order(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Parameters, then what was measured, then bounds, then counts, also where cells have different ones."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    last = list(rows[0])[-3:]
    parameters = [key for key in columns if "." in key]
    bounds = [key for key in columns if BOUND_COLUMN.fullmatch(key)]
    others = [key for key in columns[1:] if key not in {*last, *parameters, *bounds}]
    return [columns[0], *parameters, *others, *bounds, *last]


def relative_error(store: Store, cell: int, stop: int) -> float:
    """Standard error of a cell's mean risk as a share of it, from the replicates before `stop`.

    Infinite where there is none to be believed: with an infinite risk, and where fewer than `ENOUGH`
    replicates share the spread, as in a sample of no rare event, or of a few.
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
    """Whether the replicates before `stop` reach the study's target, if it has one.

    A student that reads no data has one risk, and every replicate is it.
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
    """Moments of the replicates that worked; number and error of the others."""
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
    # The weak model's risk is exact, so that the gap recovered is linear in the student's.
    weak_risk = float(cell.case.task.weak_risk)
    row["pgr"] = float(performance_gap_recovered(row["risk"], weak_risk))
    row["pgr_se"] = row["risk_se"] / weak_risk if weak_risk > 0 else math.nan
    return row


def _parameters(cell: Cell) -> dict[str, Any]:
    """Parameters as columns; lists as text, so that columns have one type."""
    return {key: str(v) if isinstance(v, list) else v for key, v in cell.parameters.items()}
