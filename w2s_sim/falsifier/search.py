"""Search for the case with the highest pressure on a statement's bound.

The best of many noisy estimates is biased by selection. The case that is reported is therefore measured again
with fresh keys.
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
from w2s_sim.falsifier.objective import NO_SCORE
from w2s_sim.falsifier.purse import Purse
from w2s_sim.plugins import statements_of
from w2s_sim.statements import Case, Statement
from w2s_sim.verify import Settings, Verdict

# Shares of the purse at which the corners, the changes to the best documents and the own cases end.
CORNERS_UNTIL, REFINED_UNTIL, OWN_CASES_UNTIL = 0.65, 0.7, 0.8
# Number of cases from which a local search starts.
MOST_STARTS = 3


@dataclasses.dataclass(frozen=True)
class Finding:
    """The result of a search.

    Attributes:
        start: Name of the statement's own case from which the search reached this case.
        case: The case with the highest pressure.
        searched: Its pressure during the search, biased upwards by selection.
        verdict: Its verdict, measured with keys that the search has not used.
        tried: Number of points tried at which the statement makes a claim.
        how: What produced it: "control", "own case", the names of corners, "steps in log scale", "scan",
            "gradient" or "evolution strategy".
        pressure: `objective.pressure` of the verdict; above 1 the estimate violates the bound. It is infinite
            where no ratio exists, as for an equality without margin that fails, and nan with a fault.
        fault: Description of a number of the statement that is not finite at the case; empty if all are
            finite.
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
        """Whether the statement fails at the case: it is refuted, or a number is not finite."""
        return self.verdict.verdict == "refuted" or bool(self.fault)


def final_settings(seed: int = 0, alpha: float = 1e-3) -> Settings:
    """Return the settings of the final measurement: many replicates, since the estimate is near the bound."""
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
    """Search for a case at which a statement fails or comes nearest to failing, and measure that case again.

    The search first tries controls at which all assumptions hold: such a control shows that an assumption is
    missing. It then tries combinations of corners of everything that a case file can describe: sizes, laws,
    priors, concepts, noises, and the numbers of the estimator at their extremes. From the best documents it
    takes random steps in log scale, and from the best cases it follows gradients through the measured
    quantity if these exist (Adam), and runs an evolution strategy (CMA-ES). Points that break an assumption
    do not count. The search ends at the first case that is refuted with fresh keys, or at which an exact
    value, a measured number or a bound is not finite.

    Args:
        statement: The statement, or the id of a theorem.
        budget: Seconds of search, > 0; the final measurement takes additional time.
        points: Largest number of points to try at which the statement makes a claim. If the seconds suffice,
            the search is then the same on every machine.
        settings: Settings of measurements with fresh keys, which use the seed after `settings.seed`.
        starts: Cases to start from; the statement's own by default.
        progress: Called with a description of the current step; an exception from it ends the search.
        on_best: Called with each candidate whose pressure exceeds all before, and the number of points tried,
            for callers that may interrupt the search.

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
    """Try the controls at which the statement makes a claim: it lacks the assumption that they break.

    The result is printed as a case file, so controls that case files cannot describe are left out.
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
    """Try the statement's own cases while time remains, and at least one if no candidate has been found."""
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
    """Run a local search from the best candidate of each of the best starts."""
    if hunt.found:
        return
    starts = list({candidate.start: candidate for candidate in reversed(hunt.best)}.values())[::-1]
    for rank, candidate in enumerate(starts[:MOST_STARTS]):
        share = (rank + 1) / min(MOST_STARTS, len(starts))
        Ascent(hunt, candidate, OWN_CASES_UNTIL + (1.0 - OWN_CASES_UNTIL) * share).run()


def _finding(hunt: Hunt) -> Finding:
    """Measure the failing case, or else the case with the highest rank, and return the result."""
    best = hunt.found or hunt.best[0]
    hunt.report(f"{best.start}: measuring again")
    verdict = hunt.verdict_of(best)
    pressed = math.nan if best.score.fault else hunt.objective.pressure_of_verdict(best.case, verdict)
    case = dataclasses.replace(best.case, name=f"nearest to failing, from {best.start}")
    fault = best.score.fault if best.fails else ""
    return Finding(best.start, case, best.score.pressure, verdict, hunt.purse.tried, best.how, pressed, fault)
