"""The verdict of a theorem on the explorer's task, round by round."""

from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.files.case_file import build_case
from w2s_sim.statements import Case, Statement
from w2s_sim.statements.registry import find_statement
from w2s_sim.teaching.live_task import Controls, task_of
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.case_check import check_case

# The theorems about regression concepts whose numbers are those of the controls.
THEOREMS = (
    "naive-floor",
    "naive-risk-curve",
    "no-free-lunch",
    "concept-identification",
    "identification-rate",
    "voronoi-threshold",
    "refinement-risk",
    "mixture-collapse",
    "grouped-transfer",
)
FIRST_ROUND, MOST_REPLICATES, ALPHA = 512, 32_768, 1e-3
# An interval is never this narrow: sampling goes on to the end of a round.
FINEST = 1e-9
SAID = {
    "consistent": "the whole interval lies where the theorem says. This is evidence, not a proof.",
    "refuted": "the whole interval lies where the theorem says that it cannot.",
    "inconclusive": "the interval does not decide yet.",
    "vacuous": "the bound says no more than what holds without the theorem.",
    "not-applicable": "the theorem says nothing about this task.",
    "certified": "computed exactly, without sampling.",
}


def case_of(controls: Controls, statement: Statement) -> Case[Any]:
    """Return the case of a theorem on the task of the controls.

    Args:
        controls: The controls, whose n is the number of weak pairs or of demonstrations.
        statement: One of `THEOREMS`.

    Raises:
        InputError: If there is no such task, or the theorem cannot be asked about it.
    """
    numbers = {
        "num_weak": controls.num_weak,
        "num_demonstrations": controls.num_weak,
        "num_queries": controls.num_queries,
        "ridge": controls.ridge,
    }
    table = {
        parameter.name: numbers[parameter.name]
        for parameter in statement.parameters
        if parameter.name in numbers and (parameter.required or parameter.name in ("ridge", "num_queries"))
    }
    grouped = [parameter.example for parameter in statement.parameters if parameter.name == "grouped"]
    if any(grouped):
        table["grouped"] = True
    return build_case("explorer", statement, task_of(controls), table)


class Rounds:
    """Looks at one case, each with twice as many replicates as the one before.

    The intervals hold at all looks together: sampling may stop whenever somebody likes.

    Attributes:
        statement: The theorem.
        verdicts: The verdicts so far, the last one last.
        problem: Why the theorem cannot be asked about the task; "" if it can.
    """

    def __init__(self, controls: Controls, theorem: str) -> None:
        """Prepare the rounds; nothing is sampled yet.

        Args:
            controls: The controls of the explorer.
            theorem: One of `THEOREMS`.
        """
        self.statement = find_statement(theorem)
        self.verdicts: list[Verdict] = []
        self.problem = ""
        try:
            self._case = case_of(controls, self.statement)
        except InputError as error:
            self.problem = str(error)

    @property
    def finished(self) -> bool:
        """Whether another round would show nothing new."""
        if self.problem or not self.verdicts:
            return bool(self.problem)
        last = self.verdicts[-1]
        undecidable = last.verdict not in ("consistent", "refuted", "inconclusive")
        return undecidable or last.interval == "exact" or last.replicates >= MOST_REPLICATES

    def advance(self) -> None:
        """Look again, at twice as many replicates."""
        if self.finished:
            return
        replicates = FIRST_ROUND * 2 ** len(self.verdicts)
        settings = Settings(alpha=ALPHA, first_round=FIRST_ROUND, max_replicates=replicates, precision=FINEST)
        self.verdicts.append(check_case(self.statement, self._case, settings=settings, alpha=ALPHA))

    @property
    def kind(self) -> str:
        """Kind of the callout in which the sentence stands."""
        outcome = self.verdicts[-1].verdict if self.verdicts else ""
        return "danger" if outcome == "refuted" else "neutral"

    def sentence(self) -> str:
        """Return what the last look says, in Markdown."""
        if self.problem:
            return f"**not asked**: {self.problem}"
        if not self.verdicts:
            return "Nothing is sampled yet: switch *sample* on."
        last = self.verdicts[-1]
        # What a programmer could do about it is left out.
        reason = last.reason.partition("; give its")[0]
        return f"**{last.verdict}**: {SAID[last.verdict]}" + (f" ({reason})" if reason else "")
