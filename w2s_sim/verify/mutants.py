"""The verdicts on mutants: would the check notice if the theorem claimed something else?

Mutants cost no sampling: the intervals that judge the statement judge its mutants.
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
    """Verdicts on all mutants, from what was measured for the statement.

    A mutant is killed if it is refuted at some case. It is killable if at some case the estimate itself
    lies clearly beyond its bound: by `settings.separation` standard errors (of a functional, as the box of
    its means has them), and by `settings.resolution` of the bound (for an equality, by a further margin). An
    interval that is no wider than it must be then refutes it. Where the sample says too little of the mean,
    its standard error says nothing, and no mutant is killable. A mutant that changes no bound is dropped.

    Args:
        statement: The statement that they are made from.
        rows: Its cases and their verdicts; those that say nothing of the statement are left out.
        settings: Of the run.
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
    """What was claimed and found at one case: the same for all mutants."""

    case: Case[Any]
    row: Verdict
    margin: float
    functional: Functional | None


@dataclasses.dataclass(frozen=True)
class _Finding:
    """What one case says of a mutant."""

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
    """The standard error of the row; of a number made of several means, that which the box of theirs has.

    Its interval is made of theirs, and their widths add up, whereas their errors cancel.
    """
    if functional is None or not row.parts:
        return row.se
    means, errors = (np.array([getattr(part, name) for part in row.parts]) for name in ("mean", "se"))
    low, high = functional.interval(means - errors, means + errors)
    return max(row.se, 0.5 * (high - low)) if math.isfinite(high - low) else row.se


def _read_again(row: Verdict, mutant: Mutant, functional: Functional | None) -> Verdict:
    """The row, its measured number made of the same means in the mutant's way."""
    if mutant.means is None or functional is None or not row.parts:
        return row
    means, lows, highs = (
        mutant.means(np.array([getattr(part, end) for part in row.parts])) for end in ("mean", "low", "high")
    )
    # A square turns what is negative round, and an interval across zero then begins at zero.
    across = np.array([part.low < 0 < part.high for part in row.parts])
    lows, highs = np.where(across, 0.0, np.minimum(lows, highs)), np.maximum(lows, highs)
    low, high = functional.interval(lows, highs)
    value = functional.value(means)
    # At the level of a run an interval is about ten standard errors wide.
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
        reason = "survives, though an estimate lies well beyond it"
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
    """By how much an estimate lies on the wrong side of a bound; negative on the right side."""
    if kind == "upper":
        return measured - bound
    if kind == "lower":
        return bound - measured
    return abs(measured - bound) - margin
