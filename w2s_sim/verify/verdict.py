"""Verdicts: what a check says of one case."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, Literal

from w2s_sim.rounding import SINGLE_ROUNDING
from w2s_sim.statements import Kind
from w2s_sim.verify.intervals import Basis, Interval

Outcome = Literal["consistent", "refuted", "inconclusive", "vacuous", "not-applicable", "certified"]
Role = Literal["theorem", "lemma", "control", "mutant"]
# Outcomes of a theorem from the worst: the first that one of its cases has is the outcome of the whole.
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
        reason: Why the outcome is what it is, where the numbers alone do not say.
        parameters: Numbers of the case, for figures.
        parts: Intervals of the means, where the measured number is a functional of several.
        judged: Whether the claim could be judged at all; not where one of its numbers is nan or infinite.
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


def worst_outcome(cases: Iterable[Verdict]) -> Outcome:
    """The outcome of a theorem as a whole; "not-applicable" without any case."""
    found = {case.verdict for case in cases}
    for outcome in WORST_FIRST:
        if outcome in found:
            return outcome
    return "not-applicable"


def judge(kind: Kind, low: float, high: float, bound: float, margin: float = 0.0) -> Outcome:
    """The outcome for an interval [low, high] against a bound.

    An equality or a rate is judged by equivalence: the whole interval within `margin` of the bound.
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
    """Which number keeps a claim from being judged because it is nan, or infinite; "" if none does.

    A bound may be infinite on the side where it says nothing, and so may a trivial one.
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
    """Whether a bound says no more than a trivial one, or is infinite and says nothing.

    Args:
        kind: Direction.
        bound: The bound.
        trivial: The bound that needs no theorem, where there is one.
        rounding: Relative difference up to which the two are one number: that of the precision in which they
            were computed.
    """
    if kind in ("equality", "rate"):
        return False
    # An upper bound upside down is a lower one.
    sign = 1.0 if kind == "upper" else -1.0
    if sign * bound == math.inf:
        return True
    return trivial is not None and sign * bound >= sign * trivial - rounding * abs(bound)


def verdict_record(verdict: Verdict) -> dict[str, object]:
    """A verdict as a flat record: its fields but `parts` and `judged`, and `tightness`, `as_expected`."""
    record = dataclasses.asdict(verdict)
    del record["parts"], record["judged"]
    record |= {"tightness": verdict.tightness, "as_expected": verdict.as_expected}
    return record
