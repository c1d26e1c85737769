"""Verdicts on mutants: would the check notice if the theorem claimed something else?

Mutants need no sampling of their own: the intervals that judge the statement also judge its mutants.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from w2s_sim.statements import Case, Functional, Kind, Statement
from w2s_sim.verify.evaluation import margin_of
from w2s_sim.verify.mutations import Mutant, mutants_of
from w2s_sim.verify.settings import Settings
from w2s_sim.verify.verdict import Outcome, Verdict, judge


def check_mutants(
    statement: Statement, rows: Sequence[tuple[Case[Any], Verdict]], settings: Settings
) -> list[Verdict]:
    """Return the verdicts on all mutants of a statement, from the intervals measured for the statement.

    A mutant is killed if it is refuted at some case. It is killable if at some case the estimate lies clearly
    beyond the mutant's bound: by `settings.separation` standard errors (for a functional, see `_widest_se`),
    and by the share `settings.resolution` of the bound (for an equality, by a further margin). An interval
    that is no wider than necessary then refutes the mutant. If the sample says too little about the mean, its
    standard error is meaningless, and no mutant is killable. A mutant that changes no bound is dropped.

    Args:
        statement: The original statement.
        rows: The cases of the statement and their verdicts; only consistent and certified rows are used.
        settings: Settings of the run.
    """
    judged = [(case, row) for case, row in rows if row.verdict in ("consistent", "certified")]
    claims = [
        _Claim(case, row, margin_of(statement, case), statement.functional_of(case)) for case, row in judged
    ]
    verdicts = []
    for mutant in mutants_of(statement, [case for case, _ in judged]):
        findings = _findings(mutant, claims, settings)
        if findings:
            verdicts.append(_verdict(mutant, findings))
    return verdicts


@dataclasses.dataclass(frozen=True)
class _Claim:
    """The claim and the verdict at one case; shared by all mutants."""

    case: Case[Any]
    row: Verdict
    margin: float
    functional: Functional | None


@dataclasses.dataclass(frozen=True)
class _Finding:
    """The outcome of one mutant at one case."""

    row: Verdict
    bound: float
    outcome: Outcome
    excess: float
    killable: bool


def _findings(mutant: Mutant, claims: Sequence[_Claim], settings: Settings) -> list[_Finding]:
    findings = []
    for claim in claims:
        margin, bound = claim.margin, mutant.bound(claim.case, claim.row.bound)
        row = _read_again(claim.row, mutant, claim.functional)
        unchanged = mutant.kind == row.kind and np.isclose(bound, row.bound, rtol=1e-5, atol=0.0)
        if math.isnan(bound) or (unchanged and mutant.means is None) or not math.isfinite(row.measured):
            continue
        outcome = judge(mutant.kind, row.ci_low, row.ci_high, bound, margin)
        excess = _excess(mutant.kind, row.measured, bound, margin)
        needed = margin if mutant.kind in ("equality", "rate") else settings.resolution * abs(bound)
        se = _widest_se(row, claim.functional)
        killable = row.informative and excess > max(needed, settings.separation * se)
        findings.append(_Finding(row, bound, outcome, excess, killable))
    return findings


def _widest_se(row: Verdict, functional: Functional | None) -> float:
    """Return the row's standard error; for a functional, at least its half-width on the box mean +- se.

    The interval of a functional is its range on the box of the means' intervals. On a box the deviations of
    the means add up, whereas in the delta-method standard error they partly cancel.
    """
    if functional is None or not row.parts:
        return row.se
    means, errors = (np.array([getattr(part, name) for part in row.parts]) for name in ("mean", "se"))
    low, high = functional.interval(means - errors, means + errors)
    return max(row.se, 0.5 * (high - low)) if math.isfinite(high - low) else row.se


def _read_again(row: Verdict, mutant: Mutant, functional: Functional | None) -> Verdict:
    """Return the row with the measured number recomputed from the same means by the mutant's functional."""
    if mutant.means is None or functional is None or not row.parts:
        return row
    means, lows, highs = (
        mutant.means(np.array([getattr(part, end) for part in row.parts])) for end in ("mean", "low", "high")
    )
    # Squaring reverses the order of negative ends; an interval that contains zero is mapped to one from zero.
    across = np.array([part.low < 0 < part.high for part in row.parts])
    lows, highs = np.where(across, 0.0, np.minimum(lows, highs)), np.maximum(lows, highs)
    low, high = functional.interval(lows, highs)
    value = functional.value(means)
    # At the error level of a run, an interval is about ten standard errors wide.
    return dataclasses.replace(row, measured=value, ci_low=low, ci_high=high, se=(high - low) / 10.0)


def _verdict(mutant: Mutant, findings: Sequence[_Finding]) -> Verdict:
    killable = any(finding.killable for finding in findings)
    kills = [finding for finding in findings if finding.outcome == "refuted"]
    nearest = max(kills or findings, key=lambda finding: finding.excess / max(abs(finding.bound), 1e-300))
    row, bound = nearest.row, nearest.bound
    ratio = f"measured/bound = {row.measured / bound:.3g}" if bound else f"measured {row.measured:.3g}"
    if kills:
        reason = f"killed by {len(kills)} of {len(findings)} cases"
    elif killable:
        reason = "survives, although an estimate lies well beyond its bound"
    elif nearest.excess > 0:
        beyond = f"{nearest.excess / row.se:.1f} standard errors beyond" if row.se else "barely beyond"
        reason = f"the nearest case lies {beyond} ({ratio}): sample more"
    else:
        reason = f"no case contradicts it: {ratio} at the nearest"
    return dataclasses.replace(
        row,
        role="mutant",
        case=f"{mutant.name} @ {row.case}",
        kind=mutant.kind,
        bound=bound,
        verdict=nearest.outcome,
        expected="refuted" if killable else "",
        reason=reason,
    )


def _excess(kind: Kind, measured: float, bound: float, margin: float) -> float:
    """Return how far an estimate lies on the wrong side of a bound; negative on the right side."""
    if kind == "upper":
        return measured - bound
    if kind == "lower":
        return bound - measured
    return abs(measured - bound) - margin
