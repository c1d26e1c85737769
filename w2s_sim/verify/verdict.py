"""Verdicts: the results of checking a statement at one case."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, Literal

from w2s_sim.rounding import SINGLE_ROUNDING
from w2s_sim.statements import Kind
from w2s_sim.verify.intervals import Basis, Interval

Outcome = Literal["consistent", "refuted", "inconclusive", "vacuous", "not-applicable", "certified"]
Role = Literal["theorem", "lemma", "control", "mutant"]
# Outcomes from worst to best: the outcome of a theorem is the worst outcome of its cases.
WORST_FIRST: tuple[Outcome, ...] = (
    "refuted",
    "inconclusive",
    "consistent",
    "certified",
    "vacuous",
    "not-applicable",
)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One row of the table of verdicts.

    Attributes:
        theorem: Id of the theorem to which the row belongs.
        role: "theorem", "lemma", "control" or "mutant".
        case: Name of the case, preceded by the name of the lemma or mutant, if any.
        kind: Direction of the claim.
        measured: Sample mean, or the exact value of a certified row.
        se: Monte Carlo standard error of `measured`; 0 when exact.
        ci_low: Lower end of the confidence interval.
        ci_high: Upper end.
        bound: The bound.
        tightness: measured / bound; nan if the bound is 0 or not finite.
        verdict: The outcome.
        expected: The outcome that a sound check gives; "" if every outcome but "refuted" is as expected.
        replicates: Number of replicates.
        seed: Seed of the run.
        interval: The guarantee behind the interval: "exact", "bounded", "bounded below", "bounded above" or
            "asymptotic"; see theory/verdicts.md.
        informative: Whether the sample says enough about the mean for a mutant to be judged by it.
        reason: Explanation of the outcome, if the numbers alone do not explain it.
        parameters: Numbers of the case, for figures.
        parts: Intervals of the means, if the measured number is a functional of several means.
        judged: Whether the claim could be judged at all; False if one of its numbers is nan or infinite.
    """

    theorem: str
    role: Role
    case: str
    kind: Kind
    measured: float
    se: float
    ci_low: float
    ci_high: float
    bound: float
    verdict: Outcome
    replicates: int
    seed: int
    expected: str = ""
    interval: Basis = "exact"
    informative: bool = True
    reason: str = ""
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    parts: tuple[Interval, ...] = ()
    judged: bool = True

    @property
    def tightness(self) -> float:
        """The ratio measured / bound; nan if the bound is 0 or not finite."""
        return self.measured / self.bound if self.bound and math.isfinite(self.bound) else math.nan

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is the one that a true theorem and a sound check produce."""
        if not self.judged:
            return False
        if self.expected:
            return self.verdict == self.expected
        return self.role == "mutant" or self.verdict != "refuted"


def worst_outcome(cases: Iterable[Verdict]) -> Outcome:
    """Return the worst outcome among the cases of a theorem; "not-applicable" without cases."""
    found = {case.verdict for case in cases}
    for outcome in WORST_FIRST:
        if outcome in found:
            return outcome
    return "not-applicable"


def judge(kind: Kind, low: float, high: float, bound: float, margin: float = 0.0) -> Outcome:
    """Judge an interval [low, high] against a bound.

    An equality or a rate is judged by equivalence: it is consistent if the whole interval lies within
    `margin` of the bound.
    """
    if any(math.isnan(number) for number in (low, high, bound, margin)):
        return "inconclusive"
    if kind in ("equality", "rate"):
        floor, ceiling = bound - margin, bound + margin
    else:
        floor = bound if kind == "lower" else -math.inf
        ceiling = bound if kind == "upper" else math.inf
    if low >= floor and high <= ceiling:
        return "consistent"
    if high < floor or low > ceiling:
        return "refuted"
    return "inconclusive"


def obstacle(kind: Kind, measured: float, bound: float, margin: float, trivial: float | None) -> str:
    """Return which nan or infinite number, or negative margin, prevents a judgement; "" if none does.

    A bound may be infinite on the side where it says nothing, and so may a trivial bound.
    """
    nothing_said = {"upper": math.inf, "lower": -math.inf}.get(kind)
    for name, number, may_be in (
        ("measured number", measured, None),
        ("bound", bound, nothing_said),
        ("margin", margin, None),
    ):
        if not math.isfinite(number) and number != may_be:
            return f"the {name} is {number}"
    if margin < 0:
        return f"the margin is {margin:g}, and not a number >= 0"
    return "the trivial bound is nan" if trivial is not None and math.isnan(trivial) else ""


def is_vacuous(kind: Kind, bound: float, trivial: float | None, rounding: float = SINGLE_ROUNDING) -> bool:
    """Return whether a bound says no more than the trivial bound, or is infinite and says nothing.

    Args:
        kind: Direction.
        bound: The bound.
        trivial: The bound that holds without the theorem; None if there is none.
        rounding: Relative difference up to which the two bounds count as equal: the rounding error of the
            precision in which they were computed.
    """
    if kind in ("equality", "rate"):
        return False
    # A lower bound on a quantity is an upper bound on its negative.
    sign = 1.0 if kind == "upper" else -1.0
    if sign * bound == math.inf:
        return True
    return trivial is not None and sign * bound >= sign * trivial - rounding * abs(bound)


def verdict_record(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as a flat record: fields except `parts`, `judged`; plus `tightness`, `as_expected`."""
    record = dataclasses.asdict(verdict)
    del record["parts"], record["judged"]
    record |= {"tightness": verdict.tightness, "as_expected": verdict.as_expected}
    return record
