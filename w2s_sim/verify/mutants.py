"""Mutants: statements changed on purpose, to see whether the check would notice.

They are made from a statement alone: its bound scaled, stripped of a term or evaluated at other numbers
than the case's own, its direction turned round. What was measured stays as it is, so that mutants cost no
sampling, and the intervals that judge the statement judge its mutants.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from w2s_sim.errors import InputError
from w2s_sim.statements import Case, Kind, Statement
from w2s_sim.supervisors import RegressionSupervisor
from w2s_sim.task import TransferTask
from w2s_sim.verify.settings import Settings
from w2s_sim.verify.verdict import Outcome, Verdict, judge


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A changed claim.

    Attributes:
        name: What was changed.
        kind: Its direction.
        bound: Its bound, from the case and the statement's own bound there.
    """

    name: str
    kind: Kind
    bound: Callable[[Case, float], float]


def mutants_of(statement: Statement, cases: Sequence[Case]) -> list[Mutant]:
    """Every mutant of a statement that changes its bound on the given cases."""
    kind = statement.kind
    factors = {"upper": (0.9, 0.5, 0.1), "lower": (1.1, 2.0, 10.0), "equality": (0.9, 1.1, 2.0)}[kind]
    mutants = [
        Mutant(f"bound x {factor:g}", kind, lambda _, bound, f=factor: f * bound) for factor in factors
    ]
    mutants.append(Mutant("sign of the bound changed", kind, lambda _, bound: -bound))
    if kind != "equality":
        turned: Kind = "lower" if kind == "upper" else "upper"
        mutants.append(Mutant("direction turned round", turned, lambda _, bound: bound))
    if statement.terms is not None:
        terms = {id(case): statement.terms(case) for case in cases}
        for name in dict.fromkeys(name for parts in terms.values() for name in parts):
            mutants.append(
                Mutant(
                    f"without the term: {name}",
                    kind,
                    lambda case, bound, n=name: bound - float(terms[id(case)].get(n, 0.0)),
                )
            )
    for name, change in _changes(cases):
        mutants.append(Mutant(f"bound at {name}", kind, _changed(statement, change)))
    return mutants


def _changed(statement: Statement, change: Callable[[Case], Case]) -> Callable[[Case, float], float]:
    def bound(case: Case, _: float) -> float:
        try:
            return float(statement.bound(change(case)))
        except InputError:
            # The changed numbers do not make a case: nothing is claimed of this one.
            return math.nan

    return bound


def _changes(cases: Sequence[Case]) -> Iterator[tuple[str, Callable[[Case], Case]]]:
    """Other numbers for the bound: noises, bias, and the sizes and floats of the estimator."""
    for factor, word in ((0.5, "half"), (2.0, "twice")):
        yield f"{word} the label noise", lambda case, f=factor: _with_noise(case, f)
        yield f"{word} the weak noise", lambda case, f=factor: _with_weak(case, 1.0, f)
        yield f"{word} the weak bias", lambda case, f=factor: _with_weak(case, f, 1.0)
        fields = dict.fromkeys(
            field.name
            for case in cases
            for field in dataclasses.fields(case.estimator)
            if _is_number(getattr(case.estimator, field.name))
        )
        for name in fields:
            yield f"{word} the {name}", lambda case, f=factor, n=name: _with_number(case, n, f)


def _is_number(value: Any) -> bool:
    if eqx.is_array(value):
        return value.ndim == 0
    return isinstance(value, int) and not isinstance(value, bool)


def _with_task(case: Case, task: TransferTask) -> Case:
    return Case(case.name, task, case.estimator, case.grouped)


def _with_noise(case: Case, factor: float) -> Case:
    return eqx.tree_at(lambda c: c.task.source.noise, case, case.task.source.noise * factor)


def _with_weak(case: Case, bias_factor: float, noise_factor: float) -> Case:
    task = case.task
    vectors = task.source.vectors + bias_factor * (task.supervisor.vectors - task.source.vectors)
    supervisor = RegressionSupervisor(vectors, noise_factor * task.supervisor.noise)
    return _with_task(case, TransferTask(task.features, task.source, task.target_prior, supervisor))


def _with_number(case: Case, name: str, factor: float) -> Case:
    if name not in {field.name for field in dataclasses.fields(case.estimator)}:
        return case
    value = getattr(case.estimator, name)
    changed = max(1, round(factor * value)) if isinstance(value, int) else factor * jnp.asarray(value)
    estimator = dataclasses.replace(case.estimator, **{name: changed})
    return Case(case.name, case.task, estimator, case.grouped)


def check_mutants(
    statement: Statement, rows: Sequence[tuple[Case, Verdict]], settings: Settings
) -> list[Verdict]:
    """Verdicts on all mutants, from what was measured for the statement.

    A mutant is killed if it is refuted at some case. It is killable if at some case the estimate itself
    lies beyond its bound, clearly (`settings.resolution` and `settings.separation`): an interval that is
    no wider than it must be then refutes it. A mutant that changes no bound is dropped.

    Args:
        statement: The statement that they are made from.
        rows: Its cases and their verdicts; those that say nothing of the statement are left out.
        settings: Of the run.
    """
    judged = [(case, row) for case, row in rows if row.verdict in ("consistent", "certified")]
    verdicts = []
    for mutant in mutants_of(statement, [case for case, _ in judged]):
        row = _check_mutant(statement, mutant, judged, settings)
        if row is not None:
            verdicts.append(row)
    return verdicts


def _check_mutant(
    statement: Statement, mutant: Mutant, judged: Sequence[tuple[Case, Verdict]], settings: Settings
) -> Verdict | None:
    findings: list[_Finding] = []
    for case, row in judged:
        bound = mutant.bound(case, row.bound)
        unchanged = mutant.kind == row.kind and np.isclose(bound, row.bound, rtol=1e-5, atol=0.0)
        if math.isnan(bound) or unchanged:
            continue
        margin = statement.margin(case) if statement.margin else 0.0
        outcome = judge(mutant.kind, row.ci_low, row.ci_high, bound, margin)
        excess = _excess(mutant.kind, row.measured, bound, margin)
        findings.append(_Finding(row, bound, outcome, excess))
    if not findings:
        return None
    killable = any(
        finding.excess > settings.resolution * abs(finding.bound)
        and finding.excess > settings.separation * finding.row.se
        for finding in findings
    )
    kills = [finding for finding in findings if finding.outcome == "refuted"]
    nearest = max(kills or findings, key=lambda finding: finding.excess / max(abs(finding.bound), 1e-300))
    row, bound, outcome = nearest.row, nearest.bound, nearest.outcome
    if kills:
        reason = f"killed by {len(kills)} of {len(findings)} cases"
    elif killable:
        reason = "survives, though an estimate lies well beyond it"
    elif nearest.excess > 0:
        reason = f"the nearest case lies {nearest.excess / row.se:.1f} standard errors beyond: sample more"
    else:
        reason = f"no case contradicts it: measured/bound = {row.measured / bound:.3g} at the nearest"
    return dataclasses.replace(
        row,
        role="mutant",
        case=f"{mutant.name} @ {row.case}",
        kind=mutant.kind,
        bound=bound,
        verdict=outcome,
        expected="refuted" if killable else "",
        reason=reason,
    )


@dataclasses.dataclass(frozen=True)
class _Finding:
    """What one case says of a mutant."""

    row: Verdict
    bound: float
    outcome: Outcome
    excess: float


def _excess(kind: Kind, measured: float, bound: float, margin: float) -> float:
    """By how much an estimate lies on the wrong side of a bound; negative on the right side."""
    if kind == "upper":
        return measured - bound
    if kind == "lower":
        return bound - measured
    return abs(measured - bound) - margin
