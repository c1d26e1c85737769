"""Verdicts: what a check says of one case."""

import dataclasses
import math
from typing import Any, Literal

from w2s_sim.statements import Kind
from w2s_sim.verify.intervals import Basis, Interval

Outcome = Literal["consistent", "refuted", "inconclusive", "vacuous", "not-applicable", "certified"]
Role = Literal["theorem", "lemma", "control", "mutant"]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One row of the table of verdicts.

    Attributes:
        theorem: Id of the theorem to which the row belongs.
        role: "theorem", "lemma", "control" or "mutant".
        case: Name of the case; lemmas and mutants put their own name before it.
        kind: Direction of the claim.
        measured: Sample mean, or the exact value of a certified row.
        se: Monte Carlo standard error of `measured`; 0 when exact.
        ci_low: Lower end of the confidence interval.
        ci_high: Upper end.
        bound: The bound.
        tightness: measured / bound; nan where the bound is 0.
        verdict: The outcome.
        expected: The outcome that a sound check gives, or "" where anything but "refuted" will do.
        replicates: Number of replicates.
        seed: Seed of the run.
        interval: What the interval rests on: "exact", "bounded", "bounded below", "bounded above" or
            "asymptotic"; see theory/verdicts.md.
        informative: Whether the sample says enough of the mean for a mutant to be held against it.
        judged: Whether every number that the outcome needs is there and finite.
        reason: Why the outcome is what it is, where the numbers alone do not say.
        parameters: Numbers of the case, for figures.
        parts: Intervals of the means, where the measured number is a functional of several.
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
    judged: bool = True
    reason: str = ""
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    parts: tuple[Interval, ...] = ()

    @property
    def tightness(self) -> float:
        """measured / bound."""
        return self.measured / self.bound if self.bound and math.isfinite(self.bound) else math.nan

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is what a true theorem and a sound check lead to."""
        if not self.judged:
            return False
        if self.expected:
            return self.verdict == self.expected
        return self.role == "mutant" or self.verdict != "refuted"


def judge(kind: Kind, low: float, high: float, bound: float, margin: float = 0.0) -> Outcome:
    """The outcome for an interval [low, high] against a bound.

    An equality or a rate is judged by equivalence: the whole interval within `margin` of the bound.
    """
    if any(math.isnan(number) for number in (low, high, bound)):
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


def is_vacuous(kind: Kind, bound: float, trivial: float | None) -> bool:
    """Whether a bound says no more than a trivial one."""
    if trivial is None or kind in ("equality", "rate"):
        return False
    return bound >= trivial if kind == "upper" else bound <= trivial


def verdict_record(verdict: Verdict) -> dict[str, object]:
    """A verdict as a flat record: its fields but `parts`, and `tightness`, `as_expected`."""
    record = dataclasses.asdict(verdict)
    del record["parts"]
    record |= {"tightness": verdict.tightness, "as_expected": verdict.as_expected}
    return record
