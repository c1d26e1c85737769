"""The best cases of a search so far; those that seem to fail are measured again at once, with fresh keys."""

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
# A first look, and a second one at what the first shows near to failing.
SCREEN_REPLICATES, SEARCH_REPLICATES = 512, 4096
WORTH_A_SECOND_LOOK = 0.8


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A case that was tried.

    Attributes:
        case: The case.
        start: Name of the case that it was made from.
        how: What made it.
        score: How hard it presses.
        document: Its tables, if it was made from some.
        frame: Name of the frame in which it was tried, if it was made from tables.
        verdict: Measured with fresh keys, where it seemed to fail.
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
        """Its pressure; a case that was measured again and stood counts as one that attains its bound."""
        stood = self.verdict is not None and not self.fails
        return min(self.score.pressure, 1.0) if stood else self.score.pressure

    @property
    def fails(self) -> bool:
        """Whether the statement fails at it: refuted with fresh keys, or not a finite number."""
        return self.verdict is not None and (self.verdict.verdict == "refuted" or bool(self.score.fault))


class Hunt:
    """A search under way.

    Attributes:
        statement: What is under attack.
        objective: Its pressure.
        settings: Of measurements with fresh keys.
        purse: What may be spent.
        report: Called with what is being done.
        on_best: Called with a candidate that presses harder than all before it, and how many were tried.
        best: All candidates that press, the hardest first.
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
        """A case at which the statement fails, or None: there the search ends."""
        return next((candidate for candidate in self.best if candidate.fails), None)

    def is_over(self, until: float = 1.0) -> bool:
        """Whether a case was found, or the share `until` of the purse is spent."""
        return self.found is not None or self.purse.spent >= until

    def claim(self, case: Case[Any]) -> Claim | None:
        """What the statement says of a case; it counts as tried if that is something."""
        claim = self.objective.claim(case)
        self.purse.tried += claim is not None
        return claim

    def screen(self, candidate: Candidate, claim: Claim) -> None:
        """Few replicates, and more where these show something.

        Args:
            candidate: A case; its score is not looked at.
            claim: What the statement says of it.
        """
        score = self.objective.pressure_of(candidate.case, claim, SCREEN_REPLICATES)
        if math.isfinite(score.pressure) and score.pressure > WORTH_A_SECOND_LOOK:
            score = self.objective.pressure_of(candidate.case, claim, SEARCH_REPLICATES)
        self.add(dataclasses.replace(candidate, score=score))

    def add(self, candidate: Candidate) -> None:
        """Keep a case that presses; one that seems to fail is measured again."""
        if candidate.score.pressure > 1.0:
            candidate = dataclasses.replace(candidate, verdict=self._verdict(candidate.case))
        if candidate.score.pressure > -math.inf:
            self.best.append(candidate)
            self.best.sort(key=lambda candidate: -candidate.rank)
            if self.best[0] is candidate:
                self.on_best(candidate, self.purse.tried)

    def verdict_of(self, candidate: Candidate) -> Verdict:
        """Measured with fresh keys."""
        return candidate.verdict or self._verdict(candidate.case)

    def _verdict(self, case: Case[Any]) -> Verdict:
        # The r-th of these gets the share 1 / (r (r + 1)) of the level: together they have all of it.
        self._checked += 1
        level = self.settings.alpha / (self._checked * (self._checked + 1))
        fresh = dataclasses.replace(self.settings, seed=next_seed(self.settings.seed))
        return check_case(self.statement, case, settings=fresh, alpha=level)
