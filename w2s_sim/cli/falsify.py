"""`w2s falsify`: search for the case nearest to failing, measure it again, and print it as a case file."""

import math
from collections.abc import Sequence
from typing import Any, NoReturn

from w2s_sim._checks import require_between
from w2s_sim.cli.arguments import Falsify
from w2s_sim.cli.computing_precision import precision
from w2s_sim.cli.console import make_console, shows_progress
from w2s_sim.cli.exit_status import leave_interrupted
from w2s_sim.cli.named_statements import named_statement
from w2s_sim.cli.tables import RELATIONS
from w2s_sim.errors import InputError
from w2s_sim.falsifier import Finding, falsify
from w2s_sim.falsifier.hunt import Candidate
from w2s_sim.falsifier.search import final_settings
from w2s_sim.files import case_file, load_case
from w2s_sim.plugins import brought_in, on_the_command_line
from w2s_sim.runs.interruption import InterruptedRunError, Interruption, run_interruptibly
from w2s_sim.statements import Case, Statement

# Meaning of the pressure, by kind of claim.
PRESSING = {
    "upper": "measured / bound",
    "lower": "bound / measured",
    "equality": "distance from the bound in margins",
    "rate": "distance from the bound in margins",
}


def run_falsify(arguments: Falsify) -> int:
    """Search with progress on stderr, and print the case file; returns 1 if the theorem fails at the case."""
    with precision(arguments.x64), brought_in(*arguments.plugins):
        return _falsify(arguments)


def _falsify(arguments: Falsify) -> int:
    require_between("--budget", arguments.budget, 0.0, open_low=True)
    statement = named_statement(arguments.id)
    settings = final_settings(seed=arguments.seed, alpha=arguments.alpha)
    starts = () if arguments.case is None else (load_case(arguments.case, statement),)
    console = make_console(stderr=True)
    # Each best candidate so far, with the number of points tried until then.
    so_far: list[tuple[Candidate, int]] = []
    with console.status("") as status:

        def search(interruption: Interruption) -> Finding:
            def report(text: str) -> None:
                interruption.check()
                if shows_progress():
                    status.update(text)

            return falsify(
                statement,
                budget=arguments.budget,
                settings=settings,
                starts=starts,
                progress=report,
                on_best=lambda candidate, tried: so_far.append((candidate, tried)),
            )

        try:
            finding = run_interruptibly(search)
        except InterruptedRunError:
            status.stop()
            _leave(statement, so_far)
    _print_case(statement, describe(statement, finding), finding.case)
    return 1 if finding.fails else 0


def _print_case(statement: Statement, comments: Sequence[str], case: Case[Any]) -> None:
    for line in comments:
        print(f"# {line}".rstrip())
    try:
        print("\n" + case_file(statement, case), end="")
    except InputError as error:
        print(f"# No case file: {error}")


def _leave(statement: Statement, so_far: Sequence[tuple[Candidate, int]]) -> NoReturn:
    """Print the best case so far, and end the process."""
    if not so_far:
        leave_interrupted(" before a case was found")
    candidate, tried = so_far[-1]
    comments = describe_interrupted(statement, candidate, tried)
    leave_interrupted(last_words=lambda: _print_case(statement, comments, candidate.case))


def describe_interrupted(statement: Statement, candidate: Candidate, tried: int) -> list[str]:
    """Return the best case of an interrupted search, described in sentences."""
    pressure = candidate.score.pressure
    return [
        f"{statement.id}: {statement.title}",
        "The search was interrupted; its pressure is an estimate of the search, not measured again.",
        f"The case nearest to failing among {tried:,} tried, found by: {candidate.how},",
        f"from the case: {candidate.start}",
        *([candidate.score.fault] if candidate.score.fault else []),
        *(
            [f"{PRESSING[statement.kind]}: {pressure:.4f} (biased upwards: the best of many)"]
            if math.isfinite(pressure)
            else []
        ),
        f"Measure it: w2s verify {on_the_command_line(statement)} --case THIS_FILE",
    ]


def _pressure_lines(statement: Statement, finding: Finding) -> list[str]:
    """Return the pressure in words; nothing where there is no ratio, as for a bound of 0 that is attained."""
    if not math.isfinite(finding.pressure):
        return []
    lines = [f"{PRESSING[statement.kind]}: {finding.pressure:.4f}"]
    if math.isfinite(finding.searched):
        lines.append(f"(in the search {finding.searched:.4f}: biased upwards, as the best of many)")
    return lines


def describe(statement: Statement, finding: Finding) -> list[str]:
    """Return the description of a finding, in sentences."""
    verdict = finding.verdict
    source = (
        "exactly" if verdict.replicates == 0 else f"± {verdict.se:.2g}, {verdict.replicates:,} replicates"
    )
    return [
        f"{statement.id}: {statement.title}",
        f"The case nearest to failing among {finding.tried:,} tried, found by: {finding.how},",
        f"from the case: {finding.start}",
        *([f"{finding.fault}: the statement fails, for every assumption holds"] if finding.fault else []),
        f"measured {verdict.measured:.6g} ({source}, fresh keys: seed {verdict.seed})",
        f"bound {RELATIONS[statement.kind]} {verdict.bound:.6g}; interval [{verdict.ci_low:.6g}, "
        f"{verdict.ci_high:.6g}]: {verdict.verdict}",
        *_pressure_lines(statement, finding),
        f"Check it again: w2s verify {on_the_command_line(statement)} --case THIS_FILE",
    ]
