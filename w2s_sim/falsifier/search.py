"""Search of the case space for the case that presses hardest on a bound.

Every number found on the way is the best of many noisy ones, and so too good: what is reported is measured
again with fresh keys.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

from w2s_sim._checks import require_between
from w2s_sim._forks import require_threads
from w2s_sim.falsifier.ascent import Ascent
from w2s_sim.falsifier.documents import Document
from w2s_sim.falsifier.exploration import Exploration
from w2s_sim.falsifier.hunt import SEARCH_REPLICATES, Candidate, Hunt, Progress
from w2s_sim.falsifier.objective import NO_SCORE, pressure_of_verdict
from w2s_sim.falsifier.purse import Purse
from w2s_sim.plugins import statements_of
from w2s_sim.statements import Case, Statement
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.evaluation import margin_of

# Shares of the purse that are spent when corners are done, changes to the best, and own cases.
CORNERS_UNTIL, REFINED_UNTIL, OWN_CASES_UNTIL = 0.65, 0.7, 0.8
# Cases from which the search climbs.
MOST_STARTS = 3


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a search has found.

    Attributes:
        start: Name of the statement's own case from which it was reached.
        case: The case that presses hardest.
        searched: Its pressure during the search, too good by selection.
        verdict: Its verdict, measured with keys that the search has not seen.
        tried: Points at which the statement made a claim.
        how: What found it: "control", "own case", the names of corners, "steps in log scale", "scan",
            "gradient" or "evolution strategy".
        pressure: `objective.pressure` of the verdict; above 1 the estimate violates the bound.
        fault: What of the statement is not a finite number at the case; empty if all is.
    """

    start: str
    case: Case[Any]
    searched: float
    verdict: Verdict
    tried: int
    how: str
    pressure: float
    fault: str = ""

    @property
    def fails(self) -> bool:
        """Whether the statement fails at the case: it is refuted, or something is not a finite number."""
        return self.verdict.verdict == "refuted" or bool(self.fault)


def final_settings(seed: int = 0, alpha: float = 1e-3) -> Settings:
    """Settings of the last measurement: many replicates, for the bound is near."""
    return Settings(seed=seed, alpha=alpha, max_replicates=1_048_576, precision=0.01)


def falsify(
    statement: Statement | str,
    *,
    budget: float = 60.0,
    points: float = math.inf,
    settings: Settings | None = None,
    starts: Sequence[Case[Any]] = (),
    progress: Progress | None = None,
    on_best: Callable[[Candidate, int], None] | None = None,
) -> Finding:
    """Look for a case in which a statement fails, or is nearest to it, and measure it again.

    First come controls at which all assumptions hold: one is forgotten. Then the corners of all
    that a case file can say, in combinations: sizes, laws, priors, concepts, noises, and the numbers of the
    estimator at their extremes. Then random steps in log scale from the best documents, and from the best
    cases gradients through the measured quantity where those exist (Adam), and an evolution strategy
    (CMA-ES). Points that break an assumption do not count. The search ends at the first case that is refuted
    with fresh keys, or at which an exact value, a measured number or a bound is not finite.

    Args:
        statement: The statement, or the id of a theorem.
        budget: Seconds of search, > 0; the last measurement comes on top.
        points: Most points, where the statement makes a claim, that are tried: with seconds enough, the
            search is then the same on every machine.
        settings: Of measurements with fresh keys, which use the seed after `settings.seed`.
        starts: Cases to start from; the statement's own by default.
        progress: Called with what is being done; an exception from it ends the search.
        on_best: Called with each candidate that presses harder than all before it, and how many points were
            tried so far: for those who may not wait for the end.

    Source: CMA-ES after Hansen 2016, arXiv 1604.00772; Adam after Kingma & Ba 2015, arXiv 1412.6980.
    """
    require_threads()
    require_between("budget", budget, 0.0, open_low=True)
    (statement,) = statements_of(statement)
    settings = settings or final_settings()
    own_cases = starts or statement.cases("quick")
    hunt = Hunt(statement, settings, Purse(budget, points), progress or (lambda _: None), on_best)
    if not starts:
        _try_controls(hunt)
    exploration = Exploration(hunt, own_cases, settings.seed)
    exploration.run(CORNERS_UNTIL)
    exploration.refine(REFINED_UNTIL)
    _try_own_cases(hunt, own_cases)
    _ascend(hunt)
    return _finding(hunt)


def _try_controls(hunt: Hunt) -> None:
    """Those of which something is claimed: the theorem has forgotten the assumption that they break.

    What is found is printed as a case file: controls that no file describes are left out.
    """
    for control in hunt.statement.controls("quick"):
        if Document.of(hunt.statement, control.case) is None:
            continue
        claim = hunt.claim(control.case)
        if claim is not None and not hunt.is_over():
            hunt.report(f"{control.case.name}: control")
            score = hunt.objective.pressure_of(control.case, claim, SEARCH_REPLICATES)
            hunt.add(Candidate(control.case, control.case.name, "control", score))


def _try_own_cases(hunt: Hunt, cases: Sequence[Case[Any]]) -> None:
    """As many as there is time for, and one at least if nothing has been found to press so far."""
    for case in cases:
        if hunt.best and hunt.is_over(OWN_CASES_UNTIL):
            return
        hunt.report(f"{case.name}: own case")
        claim = hunt.claim(case)
        score = NO_SCORE if claim is None else hunt.objective.pressure_of(case, claim, SEARCH_REPLICATES)
        hunt.add(Candidate(case, case.name, "own case", score))
    if not hunt.best:
        hunt.best = [Candidate(cases[0], cases[0].name, "own case", NO_SCORE)]


def _ascend(hunt: Hunt) -> None:
    """From the best candidate of each of the best starts."""
    if hunt.found:
        return
    starts = list({candidate.start: candidate for candidate in reversed(hunt.best)}.values())[::-1]
    for rank, candidate in enumerate(starts[:MOST_STARTS]):
        share = (rank + 1) / min(MOST_STARTS, len(starts))
        Ascent(hunt, candidate, OWN_CASES_UNTIL + (1.0 - OWN_CASES_UNTIL) * share).run()


def _finding(hunt: Hunt) -> Finding:
    """A case that fails, or the one that presses hardest."""
    best = hunt.found or hunt.best[0]
    hunt.report(f"{best.start}: measuring again")
    verdict = hunt.verdict_of(best)
    margin = margin_of(hunt.statement, best.case)
    pressed = math.nan if best.score.fault else pressure_of_verdict(verdict, margin)
    case = dataclasses.replace(best.case, name=f"nearest to failing, from {best.start}")
    fault = best.score.fault if best.fails else ""
    return Finding(best.start, case, best.score.pressure, verdict, hunt.purse.tried, best.how, pressed, fault)
