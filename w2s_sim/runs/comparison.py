"""Comparison of several estimators on one task."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim._checks import described, require_count, require_part
from w2s_sim._forks import require_threads
from w2s_sim.engine.reductions import Reduction, draw_of, reduction_of, shares_draws_by
from w2s_sim.errors import InputError, PrecisionWarning, not_among
from w2s_sim.estimators import Estimator
from w2s_sim.frames import CompactFrame
from w2s_sim.precision import in_precision
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.runs.cell_metrics import measured_together
from w2s_sim.runs.pairing import paired_summary
from w2s_sim.runs.relative_risk import ReferenceRisks
from w2s_sim.statements import Case
from w2s_sim.statements.contract.case import ESTIMATORS, TASKS
from w2s_sim.tasks.task import Task
from w2s_sim.verify import replicate
from w2s_sim.verify.intervals import sample_summary


def compare(
    task: Task[Any, Any],
    estimators: Mapping[str, Estimator],
    *,
    replicates: int = 4000,
    seed: Seed = 0,
    grouped: bool = False,
    baseline: str | None = None,
    draws: str = "shared",
) -> pd.DataFrame:
    """Estimate the mean excess risk of several estimators on one task.

    In every replicate all estimators learn from the same weak data: an estimator that needs n pairs reads the
    first n. Differences between estimators are therefore less noisy than the risks themselves.

    Args:
        task: Any task.
        estimators: Estimators by name; each must suit the strong model of the task.
        replicates: Number of independent weak data sets per estimator, >= 2.
        seed: Seed; replicate i depends only on (seed, i).
        grouped: Whether the demonstrations of one context share one draw of the concept.
        baseline: Name of the estimator with which the others are compared, replicate by replicate.
        draws: "shared"; or "reduced", which draws fewer random numbers where the risks keep their law: fine-
            tuning learns from draws of the moments of normal features, and estimators of the concept prior
            from the features in the span of the concepts. Estimators of different kinds or, for fine-tuning,
            sizes then have different draws. See theory/exact-reductions.md.

    Returns:
        One row per estimator: `estimator`, `risk` and its Monte Carlo standard error `risk_se` (in the unit
        of the task: squared label units, or nats of log loss), `pgr` and `pgr_se` (performance gap recovered
        against the weak model's own predictor; nan if that is already perfect), `gain_over_source` and
        `gain_over_source_se` (share of the unaligned strong model's risk that is avoided), `sample_size`
        (weak pairs consumed), `replicates`. With a baseline, after the risk: `risk_difference` and
        `risk_ratio` to the baseline's risk, with standard errors `..._se` of the paired replicates.

    Raises:
        InputError: If `replicates` is below 2, the seed is invalid, the baseline is no name of an estimator,
            or an estimator does not suit the concepts of the task.

    Warns:
        PrecisionWarning: If labels are too large, relative to their noise, for the current precision.
    """
    return comparison(
        task, estimators, ("risk",), lambda values: {}, replicates, seed, grouped, baseline, draws
    )


def comparison(
    task: Task[Any, Any],
    estimators: Mapping[str, Estimator],
    metrics: Sequence[str],
    summary: Callable[[Float[np.ndarray, "replicates metrics"]], Mapping[str, float]],
    replicates: int,
    seed: Seed,
    grouped: bool,
    baseline: str | None = None,
    draws: str = "shared",
) -> pd.DataFrame:
    """Return the table of `compare`, with further columns that `summary` computes, after the risk.

    Args:
        task: The task.
        estimators: Estimators by name.
        metrics: Names of the metrics to compute, `risk` first.
        summary: Function of the metrics of an estimator's replicates, one row each, that returns the columns.
        replicates: Number of independent weak data sets per estimator, >= 2.
        seed: Seed; replicate i depends only on (seed, i).
        grouped: Whether the demonstrations of one context share one draw of the concept.
        baseline: Name of the estimator with which the others are compared; None for no comparison.
        draws: "shared" or "reduced".
    """
    require_threads()
    require_count("replicates", replicates, 2)
    require_seed(seed)
    require_part("task", task, Task, TASKS)
    task, estimators = in_precision(task), named(estimators, task)
    if baseline is not None and baseline not in estimators:
        raise not_among("baseline", baseline, estimators)
    if draws not in ("shared", "reduced"):
        raise InputError("draws", described(draws), "shared or reduced")
    for name, estimator in estimators.items():
        if problem := task.unresolved(estimator.sample_size):
            warnings.warn(f"{name}: {problem}", PrecisionWarning, stacklevel=3)
    references = ReferenceRisks.of(task)
    rows = []
    drawn = _metrics_of_all(task, list(estimators.values()), metrics, replicates, seed, grouped, draws)
    base = None if baseline is None else drawn[list(estimators).index(baseline), :, 0]
    for (name, estimator), values in zip(estimators.items(), drawn, strict=True):
        paired = {} if base is None else paired_summary(values[:, 0], base)
        rows.append(row_of(name, estimator, values[:, 0], references, {**paired, **summary(values)}))
    return CompactFrame(rows)


def row_of(
    name: str,
    estimator: Estimator,
    risks: Float[np.ndarray, " replicates"],
    references: ReferenceRisks,
    further: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return the row of an estimator: the columns of `compare`, with further ones after the risk."""
    risk, risk_se = sample_summary(risks)
    return {
        "estimator": name,
        "risk": risk,
        "risk_se": risk_se,
        **(further or {}),
        **references.columns(risk, risk_se),
        "sample_size": estimator.sample_size,
        "replicates": len(risks),
    }


def _metrics_of_all(
    task: Task[Any, Any],
    estimators: Sequence[Estimator],
    metrics: Sequence[str],
    replicates: int,
    seed: Seed,
    grouped: bool,
    draws: str,
) -> Float[np.ndarray, "estimators replicates metrics"]:
    """Return the metrics of all estimators, which learn from the same draws if they can share them."""
    values = np.empty((len(estimators), replicates, len(metrics)))
    together: dict[Any, list[int]] = {}
    for position, estimator in enumerate(estimators):
        context_size = Case("", task, estimator, grouped).sampling.context_size
        reduction = reduction_of(task, estimator, context_size) if draws == "reduced" else Reduction.NONE
        key = context_size, reduction, shares_draws_by(reduction, estimator)
        together.setdefault(key, []).append(position)
    for (context_size, reduction, _), mine in together.items():
        draw = draw_of(reduction, task, [estimators[i] for i in mine], context_size)
        found = replicate(measured_together(metrics, draw), draw, seed=seed, start=0, stop=replicates)
        values[mine] = found.reshape(replicates, len(mine), len(metrics)).swapaxes(0, 1)
    return values


def named(estimators: Mapping[str, Estimator], task: Task) -> dict[str, Estimator]:
    """Return the estimators by name, in the current precision.

    Raises:
        InputError: If `estimators` is no dictionary of estimators, is empty, or holds an estimator that does
            not suit the concepts of the task.
    """
    if not isinstance(estimators, Mapping) or not estimators:
        given = described(estimators)
        raise InputError("estimators", given, "estimators by name, as in {'naive': Ridge(0.3, num_weak=60)}")
    found = {}
    for name, estimator in estimators.items():
        field = f"estimators[{name!r}]"
        require_part(field, estimator, Estimator, ESTIMATORS).require_concepts(task.source, field)
        found[str(name)] = in_precision(estimator)
    return found
