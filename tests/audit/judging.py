"""What an audit asks of one case: the product's verdict beside an oracle that shares no code with it."""

import dataclasses
import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_sim.files.case_file import load_case
from w2s_sim.statements import find_statement
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.evaluation import margin_of

SETTINGS = Settings(seed=20, max_replicates=16_384)
BRIEF = Settings(seed=20, max_replicates=16_384)
ALPHA = 1e-5
# Standard errors that two honest estimates of one number may be apart.
SEPARATION = 5.0
# Of a bounded mean, what rare large values may hide beyond the standard error (Bernstein's second term at the
# probability of five standard errors).
RARE = 5.0
# What two precisions may differ by, relatively: of exact statements, which run in float64, and of others.
EXACT, SINGLE = 1e-8, 2e-3
JUDGED = ("consistent", "certified", "vacuous", "refuted")
FEWEST_CASES, FEWEST_JUDGED = 20, 10

Table = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Corner:
    """One case of the audit, as a case file would say it.

    Attributes:
        name: What is odd about it.
        task: The `[task]` table, with its `weak` table inside.
        case: The `[case]` table.
    """

    name: str
    task: Table
    case: Table


@dataclasses.dataclass(frozen=True)
class Truth:
    """What an oracle says of a corner.

    Attributes:
        measured: The measured quantity.
        se: Its standard error; 0 if it is exact.
        reach: Range of one replicate, where the quantity is a mean of bounded ones; 0 if it is not.
        draws: The oracle's own draws behind a bounded mean.
        lowest: The least that the product's bound may be.
        highest: The most that it may be.
        rounding: Absolute, of an exact value that is a difference of larger numbers.
    """

    measured: float
    se: float = 0.0
    reach: float = 0.0
    draws: int = 0
    lowest: float = -math.inf
    highest: float = math.inf
    rounding: float = 0.0


Oracle = Callable[[Corner], Truth]


def toml_of(corner: Corner) -> str:
    """The corner as a case file."""
    weak = corner.task["weak"]
    lines = ["[task]", *_lines({k: v for k, v in corner.task.items() if k != "weak"})]
    return "\n".join([*lines, "[task.weak]", *_lines(weak), "[case]", *_lines(corner.case), ""])


def _lines(table: Table) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]


def verdict_of(theorem: str, corner: Corner, settings: Settings = SETTINGS) -> tuple[Verdict | None, float]:
    """The product's verdict on a corner, and its margin; none where an assumption is broken."""
    statement = find_statement(theorem)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corner.toml"
        path.write_text(toml_of(corner), encoding="utf-8")
        case = load_case(path, statement)
    if statement.broken_assumption(case) is not None:
        return None, 0.0
    verdict = check_case(statement, case, settings=settings, alpha=ALPHA)
    return verdict, margin_of(statement, case)


def complaints(verdict: Verdict, margin: float, truth: Truth) -> list[str]:
    """What is wrong with a verdict on a case where every assumption holds, or nothing."""
    exact = verdict.se == 0 and verdict.replicates == 0
    rounding = (EXACT if exact else SINGLE) * max(abs(truth.measured), abs(verdict.bound))
    rounding += truth.rounding
    wrong = []
    if verdict.verdict == "refuted":
        wrong.append("refuted, though all assumptions hold")
    error = SEPARATION * math.hypot(verdict.se, truth.se) + rounding
    if truth.reach and verdict.replicates:
        error += RARE * truth.reach * (1 / verdict.replicates + (1 / truth.draws if truth.draws else 0.0))
    if not abs(verdict.measured - truth.measured) <= error:
        wrong.append(
            f"measured {verdict.measured:.6g}, oracle {truth.measured:.6g}, apart {error:.3g} at most"
        )
    own = SEPARATION * truth.se + rounding
    own += RARE * truth.reach / truth.draws if truth.draws else 0.0
    if not verdict.ci_low - own <= truth.measured <= verdict.ci_high + own:
        wrong.append(
            f"interval [{verdict.ci_low:.6g}, {verdict.ci_high:.6g}] misses the oracle's {truth.measured:.6g}"
        )
    excess = _excess(verdict, margin, truth.measured)
    if excess > own:
        wrong.append(
            f"{verdict.verdict}, all assumptions hold, and the oracle breaks the claim by {excess:.3g}"
        )
    slack = (EXACT if exact else SINGLE) * max(abs(verdict.bound), abs(truth.measured)) + truth.rounding
    if not truth.lowest - slack <= verdict.bound <= truth.highest + slack:
        wrong.append(
            f"bound {verdict.bound:.6g} outside the oracle's [{truth.lowest:.6g}, {truth.highest:.6g}]"
        )
    return wrong


def _excess(verdict: Verdict, margin: float, measured: float) -> float:
    """How far a measured number is on the wrong side of the product's claim; negative on the right side."""
    if verdict.kind == "upper":
        return measured - verdict.bound
    if verdict.kind == "lower":
        return verdict.bound - measured
    return abs(measured - verdict.bound) - margin


def audit(theorem: str, corners: Sequence[Corner], oracle: Oracle) -> None:
    """Assert that no verdict of a theorem is wrong, and that enough of its corners are judged."""
    assert len(corners) >= FEWEST_CASES
    wrong, judged = [], 0
    for corner in corners:
        verdict, margin = verdict_of(theorem, corner)
        judged += verdict is not None and verdict.verdict in JUDGED
        wrong += [f"{corner.name}: {text}" for text in _judged(verdict, margin, corner, oracle)]
    assert not wrong, f"{theorem}: {len(wrong)} complaints\n" + "\n".join(wrong)
    assert judged >= FEWEST_JUDGED, f"{theorem}: only {judged} of {len(corners)} corners are judged"


def audit_one(theorem: str, corner: Corner, oracle: Oracle) -> None:
    """Assert that one corner is judged, and rightly."""
    verdict, margin = verdict_of(theorem, corner, BRIEF)
    assert verdict is not None, "an assumption is broken"
    assert verdict.verdict in JUDGED, verdict.reason
    assert not _judged(verdict, margin, corner, oracle)


def _judged(verdict: Verdict | None, margin: float, corner: Corner, oracle: Oracle) -> list[str]:
    if verdict is None:
        return []
    return complaints(verdict, margin, oracle(corner))
