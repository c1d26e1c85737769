"""One statement on one case: sample in rounds until the verdict is decided, or the budget is spent."""

import dataclasses
import hashlib
import math
from typing import Any

import jax
import numpy as np

from w2s_sim.statements import Case, Control, Statement
from w2s_sim.task import TransferTask
from w2s_sim.verify.intervals import Interval, asymptotic, empirical_bernstein
from w2s_sim.verify.replication import replicate
from w2s_sim.verify.settings import Settings
from w2s_sim.verify.verdict import Outcome, Role, Verdict, is_vacuous, judge


def check_case(
    statement: Statement,
    case: Case,
    *,
    settings: Settings,
    alpha: float,
    role: Role = "theorem",
    theorem: str = "",
) -> Verdict:
    """The verdict of a statement on a case.

    A case that breaks an assumption is simulated for one round, for information, and not judged.

    Args:
        statement: The statement.
        case: The case.
        settings: Budget, precision and seed.
        alpha: Error level of this row.
        role: Role of the row.
        theorem: Id for the row, when the statement is a lemma of another.
    """
    name = f"{statement.id}: {case.name}" if role == "lemma" else case.name
    broken = statement.broken_assumption(case)
    if broken is not None:
        settings = dataclasses.replace(settings, max_replicates=settings.first_round)
    row = _measure(statement, case, case, settings, alpha)
    outcome, reason = row.outcome, row.reason
    if broken is not None:
        outcome, reason = "not-applicable", f"assumption does not hold: {broken}"
    return row.verdict(theorem or statement.id, role, name, statement, outcome, settings, reason=reason)


def check_control(
    statement: Statement, control: Control, *, settings: Settings, alpha: float, theorem: str, name: str = ""
) -> Verdict:
    """The verdict on a control: the believed bound against what the broken case really gives."""
    believed = control.believed or control.case
    row = _measure(statement, control.case, believed, settings, alpha)
    outcome, reason = row.outcome, f"breaks: {control.breaks}"
    if control.breaks not in [a.name for a in statement.assumptions if not a.holds(control.case)]:
        outcome, reason = "inconclusive", f"no assumption notices that it breaks: {control.breaks}"
    label = f"{name}: {control.case.name}" if name else control.case.name
    return row.verdict(
        theorem, "control", label, statement, outcome, settings, expected="refuted", reason=reason
    )


@dataclasses.dataclass(frozen=True)
class _Row:
    interval: Interval
    bound: float
    outcome: Outcome
    reason: str
    replicates: int
    case: Case

    def verdict(
        self,
        theorem: str,
        role: Role,
        name: str,
        statement: Statement,
        outcome: Outcome,
        settings: Settings,
        expected: str = "",
        reason: str = "",
    ) -> Verdict:
        return Verdict(
            theorem=theorem,
            role=role,
            case=name,
            kind=statement.kind,
            measured=self.interval.mean,
            se=self.interval.se,
            ci_low=self.interval.low,
            ci_high=self.interval.high,
            bound=self.bound,
            verdict=outcome,
            replicates=self.replicates,
            seed=settings.seed,
            expected=expected,
            reason=reason,
            parameters=case_parameters(self.case),
        )


def _measure(statement: Statement, case: Case, believed: Case, settings: Settings, alpha: float) -> _Row:
    bound = float(statement.bound(believed))
    margin = statement.margin(believed) if statement.margin else 0.0
    trivial = None if statement.trivial is None else float(statement.trivial(believed))
    vacuous = is_vacuous(statement.kind, bound, trivial)

    if statement.exact is not None:
        value = float(statement.exact(case))
        tolerance = max(margin, 1e3 * float(np.finfo(case.task.source_vector.dtype).eps) * abs(bound))
        outcome = judge(statement.kind, value, value, bound, tolerance)
        outcome = "certified" if outcome == "consistent" else outcome
        return _Row(Interval(value, 0.0, value, value), bound, outcome, "computed exactly", 0, case)

    assert statement.measure is not None
    support = statement.support(case) if statement.support else (-math.inf, math.inf)
    values = np.zeros(0)
    target = settings.first_round
    while True:
        fresh = replicate(
            statement.measure,
            case,
            seed=settings.seed,
            start=len(values),
            stop=target,
            memory=settings.memory,
        )
        values = np.concatenate([values, fresh])
        num_bad = int(np.sum(~np.isfinite(values)))
        if num_bad:
            empty = Interval(math.nan, math.nan, math.nan, math.nan)
            reason = f"{num_bad} of {len(values)} replicates are not finite"
            return _Row(empty, bound, "inconclusive", reason, len(values), case)
        if all(math.isfinite(end) for end in support):
            interval = empirical_bernstein(values, *support, alpha)
        else:
            interval = asymptotic(values, alpha, tuned_at=settings.first_round)
        outcome = judge(statement.kind, interval.low, interval.high, bound, margin)
        half_width = 0.5 * (interval.high - interval.low)
        scale = max(abs(interval.mean), margin)
        precise = half_width <= settings.precision * scale or half_width <= 0.1 * margin
        spent = target >= settings.max_replicates
        if spent or (outcome != "inconclusive" and precise):
            break
        target = min(2 * target, settings.max_replicates)
    reason = ""
    if outcome == "inconclusive":
        reason = f"the interval holds the bound after {len(values)} replicates, the budget"
    if vacuous and outcome != "refuted":
        outcome, reason = "vacuous", f"the bound is no better than the trivial {trivial:.6g}"
    return _Row(interval, bound, outcome, reason, len(values), case)


def _task_label(task: TransferTask) -> str:
    """A short fingerprint of the numbers of a task: cases with one label differ in the estimator alone."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(task):
        digest.update(np.round(np.asarray(leaf, dtype=np.float64), 6).tobytes())
    return f"{type(task.features).__name__}-{digest.hexdigest()[:8]}"


def case_parameters(case: Case) -> dict[str, Any]:
    """The numbers of a case that figures and tables can use as axes."""
    numbers: dict[str, Any] = {
        "task": _task_label(case.task),
        "dim": case.task.dim,
        "num_concepts": case.task.num_concepts,
        "features": type(case.task.features).__name__,
        "estimator": type(case.estimator).__name__,
        "sample_size": case.estimator.sample_size,
    }
    for path, leaf in jax.tree_util.tree_leaves_with_path(case.estimator):
        if np.ndim(leaf) == 0:
            numbers[path[-1].name] = float(leaf)
    for field in dataclasses.fields(case.estimator):
        value = getattr(case.estimator, field.name)
        if isinstance(value, int | str):
            numbers[field.name] = value
    if hasattr(case.estimator, "num_queries"):
        numbers["num_queries"] = case.estimator.num_queries  # pyright: ignore[reportAttributeAccessIssue]
    return numbers
