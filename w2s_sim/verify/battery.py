"""The battery: statements with their lemmas, controls and mutants, at one family-wise error level."""

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from w2s_sim.randomness import Seed, require_seed
from w2s_sim.statements import Case, Control, Preset, Statement
from w2s_sim.verify.case_check import check_case, check_control
from w2s_sim.verify.mutants import check_mutants
from w2s_sim.verify.replication import prepare
from w2s_sim.verify.settings import PRESETS, Settings
from w2s_sim.verify.verdict import Role, Verdict, verdict_record

if TYPE_CHECKING:
    import pandas as pd

# Called with the label of the row that is sampled next, and the number of rows done.
Progress = Callable[[str, int], None]
# Rows of one theorem are shown in this order.
ROLES: tuple[Role, ...] = ("theorem", "lemma", "control", "mutant")


@dataclasses.dataclass(frozen=True)
class Job:
    """One sampled row: a theorem, the statement that is checked (itself or a lemma of it), and the case."""

    theorem: Statement
    statement: Statement
    case: Case
    control: Control | None = None


@dataclasses.dataclass(frozen=True)
class Battery:
    """Everything that one run checks.

    Attributes:
        statements: The theorems.
        preset: "quick" or "full".
        settings: Budget, precision, seed and error level; by default the preset's.
        own_cases: Cases of the user's own; in place of the statements' cases, without their lemmas and
            controls.
    """

    statements: Sequence[Statement]
    preset: Preset = "quick"
    settings: Settings = PRESETS["quick"]
    own_cases: Sequence[Case] = ()

    def jobs(self) -> list[Job]:
        """All sampled rows."""
        jobs: list[Job] = []
        for theorem in self.statements:
            for statement in [theorem] if self.own_cases else [theorem, *theorem.lemmas]:
                cases = self.own_cases or statement.cases(self.preset)
                controls = () if self.own_cases else statement.controls(self.preset)
                jobs += [Job(theorem, statement, case) for case in cases]
                jobs += [Job(theorem, statement, control.case, control) for control in controls]
        return jobs

    def run(
        self,
        progress: Progress | None = None,
        *,
        on_verdict: Callable[[Verdict], None] = lambda verdict: None,
        check: Callable[[], None] = lambda: None,
    ) -> list[Verdict]:
        """All verdicts: each theorem's own, then its lemmas', controls' and mutants'.

        The error level is shared equally: each of the m sampled rows gets alpha / m, so that with
        probability 1 - alpha no interval of the run misses (Bonferroni). Mutants are judged by the
        theorem's intervals and need no share.

        Args:
            progress: Called before each row is sampled.
            on_verdict: Called with each verdict as it is reached.
            check: Called before each row is sampled or its program compiled; what it raises ends the run.
        """
        jobs = self.jobs()
        level = self.settings.alpha / max(1, len(jobs))
        verdicts: list[Verdict] = []

        def reached(verdict: Verdict) -> None:
            verdicts.append(verdict)
            on_verdict(verdict)

        done = 0
        # Programs are compiled ahead, one a core, while this thread samples and judges.
        compiler = ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="compile")
        try:
            for job in jobs:
                compiler.submit(self._prepare, job, check)
            for theorem in self.statements:
                measured: list[tuple[Case, Verdict]] = []
                for job in jobs:
                    if job.theorem is not theorem:
                        continue
                    check()
                    if progress is not None:
                        progress(f"{theorem.id}: {job.case.name}", done)
                    reached(self._check(job, level))
                    done += 1
                    if job.statement is theorem and job.control is None:
                        measured.append((job.case, verdicts[-1]))
                for verdict in check_mutants(theorem, measured, self.settings):
                    reached(verdict)
        finally:
            compiler.shutdown(wait=False, cancel_futures=True)
        return in_order(verdicts)

    def _prepare(self, job: Job, check: Callable[[], None]) -> None:
        check()
        if job.statement.measure is not None:
            prepare(job.statement.measure, job.case, memory=self.settings.memory)

    def _check(self, job: Job, level: float) -> Verdict:
        is_lemma = job.statement is not job.theorem
        theorem = job.theorem.id
        if job.control is not None:
            name = job.statement.id if is_lemma else ""
            return check_control(
                job.statement, job.control, settings=self.settings, alpha=level, theorem=theorem, name=name
            )
        role = "lemma" if is_lemma else "theorem"
        return check_case(
            job.statement, job.case, settings=self.settings, alpha=level, role=role, theorem=theorem
        )


def in_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Theorem by theorem, in the order in which they were reached; rows of each by their role."""
    theorems = list(dict.fromkeys(verdict.theorem for verdict in verdicts))
    return sorted(verdicts, key=lambda row: (theorems.index(row.theorem), ROLES.index(row.role)))


def check(
    *statements: Statement,
    preset: Preset = "quick",
    seed: Seed = 0,
    alpha: float = 1e-3,
    cases: Sequence[Case] = (),
) -> "pd.DataFrame":
    """Check statements and return the table of verdicts: the notebook's `w2s verify`.

    Args:
        *statements: Statements of one's own, or of `all_statements()`.
        preset: "quick" or "full".
        seed: Seed of all replicates, in [0, 2^64).
        alpha: Family-wise error level of the call, in (0, 0.5].
        cases: Cases of one's own, in place of the statements' cases, lemmas and controls.

    Returns:
        One row per verdict; columns as in `Verdict`, with `tightness` and `as_expected`.
    """
    settings = dataclasses.replace(PRESETS[preset], seed=require_seed(seed), alpha=alpha)
    return verdict_frame(Battery(statements, preset, settings, tuple(cases)).run())


def verdict_frame(verdicts: Iterable[Verdict]) -> "pd.DataFrame":
    """Verdicts as a DataFrame, one row each."""
    import pandas as pd

    return pd.DataFrame([verdict_record(verdict) for verdict in verdicts])
