"""Bounds of the theorems on the metrics of a study's cells."""

import dataclasses
import math
from typing import Any

from w2s_sim.estimators import LeastSquares, Refinement, Ridge
from w2s_sim.plugins import all_statements
from w2s_sim.statements import Case, Kind
from w2s_sim.verify.evaluation import bound_of, trivial_of
from w2s_sim.verify.verdict import is_vacuous


@dataclasses.dataclass(frozen=True)
class Bound:
    """A theorem's bound on the mean of a metric in one cell.

    Attributes:
        metric: One of the metrics of a study.
        theorem: Id of the theorem.
        kind: "lower" (the mean is at least the value), "upper" (at most), or "equality" (near the value).
        value: The bound, in the unit of the metric.
        vacuous: Whether the bound says no more than what is known without the theorem.
    """

    metric: str
    theorem: str
    kind: Kind
    value: float
    vacuous: bool = False


def bounds_of(case: Case[Any]) -> list[Bound]:
    """Return the bounds that hold for a cell, in the order of the book, vacuous bounds included.

    Args:
        case: The task and the estimator, with concrete values.
    """
    case = _as_theorems_know_it(case)
    found = []
    for theorem, statement in all_statements().items():
        metric = statement.bounded_metric
        if metric is None or not metric.applies(case) or statement.broken_assumption(case) is not None:
            continue
        value = bound_of(statement, case)
        vacuous = is_vacuous(statement.kind, value, trivial_of(statement, case))
        if vacuous or math.isfinite(value):
            found.append(Bound(metric.name, theorem, statement.kind, metric.factor(case) * value, vacuous))
    return found


def _as_theorems_know_it(case: Case[Any]) -> Case[Any]:
    """Replace a ridge student of penalty 0 by `LeastSquares`, the class that refinement theorems ask for."""
    estimator = case.estimator
    student = estimator.student if isinstance(estimator, Refinement) else None
    if not (isinstance(student, Ridge) and float(student.ridge) == 0.0):
        return case
    student = LeastSquares(num_weak=student.num_weak)
    return dataclasses.replace(case, estimator=dataclasses.replace(estimator, student=student))


def bound_columns(case: Case[Any]) -> dict[str, Any]:
    """Return the bounds of a cell as columns of a table of results.

    Returns:
        `bound`, `bound_kind` and `bound_theorem`: the first one-sided bound on the risk, or else the first
        equality for it. If all bounds on the risk are vacuous, `bound` is nan and `bound_kind` is "vacuous";
        if there is no bound, they are nan and "". For every metric with a bound that is not vacuous, the
        tightest `{metric}_lower`, `{metric}_upper` and `{metric}_theory` (an equality), each with the id of
        its theorem as `..._theorem`.
    """
    bounds = bounds_of(case)
    columns = _bound_of_risk([bound for bound in bounds if bound.metric == "risk"])
    for bound in (bound for bound in bounds if not bound.vacuous):
        name = f"{bound.metric}_{'theory' if bound.kind == 'equality' else bound.kind}"
        if name not in columns or _is_tighter(bound, columns[name]):
            columns |= {name: bound.value, f"{name}_theorem": bound.theorem}
    return columns


def _bound_of_risk(bounds: list[Bound]) -> dict[str, Any]:
    """Return the columns `bound`, `bound_kind` and `bound_theorem` from the bounds on the risk."""
    first = min(bounds, key=lambda bound: (bound.vacuous, bound.kind == "equality"), default=None)
    if first is None:
        return {"bound": math.nan, "bound_kind": "", "bound_theorem": ""}
    if first.vacuous:
        return {"bound": math.nan, "bound_kind": "vacuous", "bound_theorem": first.theorem}
    return {"bound": first.value, "bound_kind": first.kind, "bound_theorem": first.theorem}


def _is_tighter(bound: Bound, value: float) -> bool:
    """Return whether a bound is tighter than a value of the same kind; False for equalities."""
    return (bound.kind == "lower" and bound.value > value) or (bound.kind == "upper" and bound.value < value)
