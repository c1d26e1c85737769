"""The contract `EmpiricalStatement`: a claim about measured numbers that no proof backs."""

import dataclasses
from collections.abc import Callable
from typing import ClassVar, Literal

from w2s_sim.empirical.estimate import Estimate
from w2s_sim.errors import InputError
from w2s_sim.randomness import require_seed

EmpiricalVerdict = Literal["seen", "not seen", "undecided", "not measured"]
# A function of (fast, seed): with `fast`, few and small runs; the seed counts only where runs are drawn.
Measurement = Callable[[bool, int], Estimate]


class NotMeasuredError(Exception):
    """What a measurement reads is missing: a table of results, or a language model.

    Attributes:
        missing: What is missing.
        command: The command that makes or fetches it.
    """

    def __init__(self, missing: str, command: str) -> None:
        self.missing = missing
        self.command = command
        super().__init__(f"Not measured: {missing} is missing; this command makes it: {command}")


@dataclasses.dataclass(frozen=True)
class EmpiricalControl:
    """A measurement of the same quantity where the claim must not be seen.

    Attributes:
        name: What differs from the measurement of the claim.
        measure: The measurement.
    """

    name: str
    measure: Measurement


@dataclasses.dataclass(frozen=True)
class EmpiricalStatement:
    """A claim that a measured quantity lies in a range.

    Attributes:
        id: Slug, as on the command line.
        claim: The claim in one sentence.
        quantity: The measured quantity, with its unit.
        low: Lower end of the range that the claim names; -inf without one.
        high: Upper end; inf without one.
        measure: The measurement. It raises `NotMeasuredError` if it reads what is missing.
        control: A measurement where the claim must not be seen.
        reference: Source: authors, year, arXiv id.
        page: Path of its page in theory/.

    Raises:
        InputError: If the range is empty or holds every number.
    """

    kind: ClassVar[str] = "empirical"

    id: str
    claim: str
    quantity: str
    low: float
    high: float
    measure: Measurement
    control: EmpiricalControl
    reference: str
    page: str

    def __post_init__(self) -> None:
        if not self.low < self.high or self.low == -self.high == float("-inf"):
            raise InputError("low, high", f"{self.low}, {self.high}", "the ends of a range", self.id)

    def verdict(self, estimate: Estimate) -> EmpiricalVerdict:
        """Return "seen" if the interval lies in the range, "not seen" if outside of it, else "undecided"."""
        if self.low <= estimate.low and estimate.high <= self.high:
            return "seen"
        return "not seen" if estimate.high < self.low or estimate.low > self.high else "undecided"


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a measurement of an empirical statement has found.

    Attributes:
        statement: The statement.
        verdict: The verdict on the claim.
        control_verdict: The verdict on the control, which must be "not seen".
        estimate: The measured number; None if it was not measured.
        control_estimate: The number measured under the control; None if it was not measured.
        remark: If it was not measured, what is missing, and the command that makes it.
    """

    statement: EmpiricalStatement
    verdict: EmpiricalVerdict
    control_verdict: EmpiricalVerdict
    estimate: Estimate | None = None
    control_estimate: Estimate | None = None
    remark: str = ""

    @property
    def as_claimed(self) -> bool:
        """Whether nothing speaks against the claim: it is not "not seen", and its control is not "seen"."""
        return self.verdict != "not seen" and self.control_verdict != "seen"


def measure_statement(statement: EmpiricalStatement, *, fast: bool = False, seed: int = 0) -> Finding:
    """Measure a statement and its control.

    Args:
        statement: The statement.
        fast: Whether to make few and small runs, for a first look.
        seed: Seed of all runs.

    Raises:
        InputError: If the seed is none.
    """
    require_seed(seed)
    try:
        found = statement.measure(fast, seed)
        under_control = statement.control.measure(fast, seed)
    except NotMeasuredError as error:
        return Finding(statement, "not measured", "not measured", remark=str(error))
    verdicts = statement.verdict(found), statement.verdict(under_control)
    return Finding(statement, *verdicts, found, under_control)
