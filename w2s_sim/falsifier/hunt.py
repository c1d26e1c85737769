"""The best cases of a search so far; cases that seem to fail are measured again at once with fresh keys."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from w2s_sim.falsifier.documents import Document
from w2s_sim.falsifier.objective import Claim, Objective, Score
from w2s_sim.falsifier.purse import Purse
from w2s_sim.randomness import next_seed
from w2s_sim.statements import Case, Statement
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.case_check import check_case

Progress = Callable[[str], None]
# Replicates of the first measurement, and of a second one if the pressure of the first exceeds the threshold.
SCREEN_REPLICATES, SEARCH_REPLICATES = 512, 4096
WORTH_A_SECOND_LOOK = 0.8


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A case that has been tried.

    Attributes:
        case: The case.
        start: Name of the case from which it was made.
        how: The changes or the method that made it.
        score: Its pressure.
        document: Its tables, if it was made from tables.
        frame: Name of the frame in which it was tried, if it was made from tables.
        verdict: The verdict with fresh keys, if the case seemed to fail.
    """

    case: Case[Any]
    start: str
    how: str
    score: Score
    document: Document | None = None
    frame: str = ""
    verdict: Verdict | None = None

    @property
    def rank(self) -> float:
        """The pressure, but at most 1 (the bound is attained) if fresh keys did not confirm a failure."""
        stood = self.verdict is not None and not self.fails
        return min(self.score.pressure, 1.0) if stood else self.score.pressure

    @property
    def fails(self) -> bool:
        """Whether the statement fails at the case: refuted with fresh keys, or a number is not finite."""
        return self.verdict is not None and (self.verdict.verdict == "refuted" or bool(self.score.fault))


class Hunt:
    """State of a search.

    Attributes:
        statement: The statement under test.
        objective: Estimates its pressure.
        settings: Settings of measurements with fresh keys.
        purse: The budget.
        report: Called with a description of the current step.
        on_best: Called with a candidate whose pressure exceeds all before, and the number of points tried.
        best: All candidates with a pressure, highest rank first.
    """

    def __init__(
        self,
        statement: Statement,
        settings: Settings,
        purse: Purse,
        report: Progress,
        on_best: Callable[[Candidate, int], None] | None = None,
    ) -> None:
        self.statement, self.settings, self.purse, self.report = statement, settings, purse, report
        self.on_best = on_best or (lambda candidate, tried: None)
        self.objective = Objective(statement, settings.seed)
        self.best: list[Candidate] = []
        self._checked = 0

    @property
    def found(self) -> Candidate | None:
        """A case at which the statement fails, or None; such a case ends the search."""
        return next((candidate for candidate in self.best if candidate.fails), None)

    def is_over(self, until: float = 1.0) -> bool:
        """Return whether a failing case was found, or the share `until` of the purse is spent."""
        return self.found is not None or self.purse.spent >= until

    def claim(self, case: Case[Any]) -> Claim | None:
        """Return the statement's claim about a case, and count the case as tried if there is a claim."""
        claim = self.objective.claim(case)
        self.purse.tried += claim is not None
        return claim

    def screen(self, candidate: Candidate, claim: Claim) -> None:
        """Measure a case with few replicates, and with more if the pressure is high; then keep it.

        Args:
            candidate: A case; its score is ignored.
            claim: The statement's claim about the case.
        """
        score = self.objective.pressure_of(candidate.case, claim, SCREEN_REPLICATES)
        if math.isfinite(score.pressure) and score.pressure > WORTH_A_SECOND_LOOK:
            score = self.objective.pressure_of(candidate.case, claim, SEARCH_REPLICATES)
        self.add(dataclasses.replace(candidate, score=score))

    def add(self, candidate: Candidate) -> None:
        """Keep a candidate that has a pressure; measure it again if it seems to fail."""
        if candidate.score.pressure > 1.0:
            candidate = dataclasses.replace(candidate, verdict=self._verdict(candidate.case))
        if candidate.score.pressure > -math.inf:
            self.best.append(candidate)
            self.best.sort(key=lambda candidate: -candidate.rank)
            if self.best[0] is candidate:
                self.on_best(candidate, self.purse.tried)

    def verdict_of(self, candidate: Candidate) -> Verdict:
        """Return the verdict on a candidate with fresh keys."""
        return candidate.verdict or self._verdict(candidate.case)

    def _verdict(self, case: Case[Any]) -> Verdict:
        # The r-th test gets the level alpha / (r (r + 1)), so that the levels of all tests sum to at most
        # alpha.
        self._checked += 1
        level = self.settings.alpha / (self._checked * (self._checked + 1))
        fresh = dataclasses.replace(self.settings, seed=next_seed(self.settings.seed))
        return check_case(self.statement, case, settings=fresh, alpha=level)
