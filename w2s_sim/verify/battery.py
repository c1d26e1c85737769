"""The battery: checks statements, their lemmas, controls and mutants at one family-wise error level."""

import dataclasses
import functools
import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from w2s_sim._checks import described, require_part
from w2s_sim._forks import require_threads
from w2s_sim.engine.replication import prepare
from w2s_sim.errors import InputError, not_among
from w2s_sim.plugins import statements_of
from w2s_sim.precision import in_precision
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.statements import Case, Control, Preset, Statement
from w2s_sim.verify.case_check import check_case, check_control
from w2s_sim.verify.mutants import check_mutants
from w2s_sim.verify.settings import PRESETS, Settings
from w2s_sim.verify.verdict import Role, Verdict, verdict_record

if TYPE_CHECKING:
    import pandas as pd

# The expectation named in error messages about an argument that is not a list of cases.
CASES = "cases, such as [Case('mine', task, Ridge(0.3, num_weak=60))]"

# Columns that come first in a table of verdicts; the columns with long texts come last.
FIRST_COLUMNS = ("verdict", "role", "theorem", "case", "measured", "bound", "tightness", "as_expected")
# Callback that receives the label of the row to be sampled next, and the number of rows already done.
Progress = Callable[[str, int], None]
# Rows whose programs are compiled before they are sampled.
ROWS_AHEAD = 8
# The order in which the rows of one theorem are shown.
ROLES: tuple[Role, ...] = ("theorem", "lemma", "control", "mutant")


@dataclasses.dataclass(frozen=True)
class Job:
    """One sampled row: a theorem, the statement to check (the theorem or one of its lemmas), and the case."""

    theorem: Statement
    statement: Statement
    case: Case
    control: Control | None = None


@dataclasses.dataclass(frozen=True)
class Battery:
    """All checks of one run.

    Attributes:
        statements: The theorems.
        preset: "quick" or "full".
        settings: Budget, precision, seed and error level; by default those of the "quick" preset.
        own_cases: The user's cases. If given, they replace the cases of the statements, and no lemmas or
            controls are checked.
    """

    statements: Sequence[Statement]
    preset: Preset = "quick"
    settings: Settings = PRESETS["quick"]
    own_cases: Sequence[Case] = ()

    @functools.cached_property
    def jobs(self) -> Sequence[Job]:
        """All sampled rows, with cases in the JAX precision that is set at the first access."""
        jobs: list[Job] = []
        for theorem in self.statements:
            for statement in [theorem] if self.own_cases else [theorem, *theorem.lemmas]:
                cases = self.own_cases or _cases_of(statement, self.preset)
                controls = () if self.own_cases else statement.controls(self.preset)
                jobs += [Job(theorem, statement, in_precision(case)) for case in cases]
                at_hand = [_in_precision(control) for control in controls]
                jobs += [Job(theorem, statement, control.case, control) for control in at_hand]
        return jobs

    def run(
        self,
        progress: Progress | None = None,
        *,
        on_verdict: Callable[[Verdict], None] = lambda verdict: None,
        check: Callable[[], None] = lambda: None,
    ) -> list[Verdict]:
        """Check everything; return, per theorem, its own verdicts, then those of lemmas, controls, mutants.

        The error level is shared equally: each of the m sampled rows gets alpha / m, so that with
        probability 1 - alpha no interval of the run misses its mean (Bonferroni). Mutants are judged by the
        theorem's intervals and need no share.

        Args:
            progress: Called before each row is sampled.
            on_verdict: Called with each verdict as soon as it is reached.
            check: Called before each row is sampled and before its program is compiled; an exception that it
                raises ends the run.
        """
        jobs = self.jobs
        level = self.settings.alpha / max(1, len(jobs))
        verdicts: list[Verdict] = []

        def reached(verdict: Verdict) -> None:
            verdicts.append(verdict)
            on_verdict(verdict)

        done = 0
        # The threads compile the programs of later rows, one per core, while this thread samples and judges.
        compiler = ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="compile")
        try:
            # Not all at once: programs that wait for their turn fill the memory.
            ahead = iter(jobs)
            for job in itertools.islice(ahead, ROWS_AHEAD):
                compiler.submit(self._prepare, job, check)
            for theorem in self.statements:
                measured: list[tuple[Case, Verdict]] = []
                for job in jobs:
                    if job.theorem is not theorem:
                        continue
                    check()
                    for following in itertools.islice(ahead, 1):
                        compiler.submit(self._prepare, following, check)
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
    """Return the verdicts grouped by theorem, in the order reached; within a theorem sorted by role."""
    theorems = list(dict.fromkeys(verdict.theorem for verdict in verdicts))
    return sorted(verdicts, key=lambda row: (theorems.index(row.theorem), ROLES.index(row.role)))


def _cases_of(statement: Statement, preset: Preset) -> Sequence[Case[Any]]:
    """Return the statement's own cases.

    Raises:
        InputError: If the statement has no cases, or its cases are not a list of `Case`.
    """
    cases = statement.cases(preset)
    if not isinstance(cases, Sequence) or not cases:
        raise InputError(
            "cases", described(cases), f"a list of at least one case for {preset!r}", statement.id
        )
    for index, case in enumerate(cases):
        require_part(f"cases[{index}]", case, Case, CASES)
    return cases


def _in_precision(control: Control) -> Control:
    return dataclasses.replace(
        control, case=in_precision(control.case), believed=in_precision(control.believed)
    )


def check(
    *statements: Statement | str | Iterable[Statement | str],
    preset: Preset = "quick",
    seed: Seed = 0,
    alpha: float = 1e-3,
    cases: Case | Iterable[Case] = (),
) -> "pd.DataFrame":
    """Check statements and return the table of verdicts: `w2s verify` for notebooks.

    Args:
        *statements: `Statement` objects, ids of theorems, or lists of them.
        preset: "quick" or "full".
        seed: Seed of all replicates, in [0, 2^64).
        alpha: Family-wise error level of the call, in (0, 0.5].
        cases: A case or several of the user's own. If given, they replace the cases of the statements, and no
            lemmas or controls are checked.

    Returns:
        One row per verdict; columns as in `Verdict`, with `tightness` and `as_expected`.

    Raises:
        InputError: Before any work starts, if there is no such theorem or preset, if an element of `cases` is
            not a `Case`, or if its task is not of a kind that the statement is about.
    """
    require_threads()
    found = statements_of(*statements)
    if not found:
        raise InputError(
            "statements", "none", "at least one statement or id of a theorem: check(*all_statements())"
        )
    if preset not in PRESETS:
        raise not_among("preset", preset, PRESETS)
    settings = dataclasses.replace(PRESETS[preset], seed=require_seed(seed), alpha=alpha)
    return verdict_frame(Battery(found, preset, settings, own_cases_of(found, cases)).run())


def own_cases_of(
    statements: Sequence[Statement], cases: Case[Any] | Iterable[Case[Any]]
) -> tuple[Case[Any], ...]:
    """Return the user's cases as a tuple, checked against the statements that they are given for.

    Raises:
        InputError: If an element is not a `Case`, if two cases have the same name, if a task is not of a kind
            that a statement is about, or if an estimator does not suit the concepts of its task.
    """
    given = (cases,) if isinstance(cases, Case) else cases
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError("cases", described(cases), CASES)
    own = tuple(given)
    for index, case in enumerate(own):
        field = f"cases[{index}]"
        require_part(field, case, Case, CASES)
        if case.name in (other.name for other in own[:index]):
            raise InputError(field, f"a second case named {case.name!r}", "a name of its own for every case")
        for statement in statements:
            kinds = {type(c.task): None for c in (*statement.cases("quick"), *statement.cases("full"))}
            if kinds and not isinstance(case.task, tuple(kinds)):
                wanted = " or ".join(kind.__name__ for kind in kinds)
                found = f"{case.name!r}, with a {type(case.task).__name__}"
                raise InputError(field, found, f"a case with a {wanted}, for {statement.id}")
        case.estimator.require_concepts(case.task.source, f"{field}.estimator")
    return own


def verdict_frame(verdicts: Iterable[Verdict]) -> "pd.DataFrame":
    """Return the verdicts as a DataFrame with one row each: outcome, case and numbers first, reasons last."""
    from w2s_sim.frames import CompactFrame

    records = [verdict_record(verdict) for verdict in verdicts]
    frame = CompactFrame(records)
    others = [name for name in frame.columns if name not in FIRST_COLUMNS]
    return frame.reindex(columns=[*FIRST_COLUMNS, *others])
