"""`w2s falsify`: search for the tightest case, measure it again, print it as a case file."""

import sys

import jax
from rich.console import Console

from w2s_sim._checks import require_between
from w2s_sim.cli.arguments import Falsify
from w2s_sim.cli.tables import RELATIONS
from w2s_sim.errors import InputError
from w2s_sim.falsifier import Finding, falsify
from w2s_sim.falsifier.search import final_settings
from w2s_sim.statements import Statement, find_statement
from w2s_sim.studies import case_file, load_case


def run_falsify(arguments: Falsify) -> int:
    """Search, report on stderr while it lasts, and print the file; 1 if the theorem fails there."""
    if arguments.x64:
        jax.config.update("jax_enable_x64", True)
    require_between("--budget", arguments.budget, 0.0, open_low=True)
    statement = find_statement(arguments.id)
    settings = final_settings(seed=arguments.seed, alpha=arguments.alpha)
    starts = () if arguments.case is None else (load_case(arguments.case, statement),)
    console = Console(stderr=True, highlight=False)
    with console.status("") as status:
        finding = falsify(
            statement,
            budget=arguments.budget,
            settings=settings,
            starts=starts,
            progress=lambda text: status.update(text) if sys.stderr.isatty() else None,
        )
    for line in describe(statement, finding):
        print(f"# {line}".rstrip())
    try:
        print("\n" + case_file(statement, finding.case), end="")
    except InputError as error:
        print(f"# No case file: {error}")
    return 1 if finding.fails else 0


def describe(statement: Statement, finding: Finding) -> list[str]:
    """What was found, in sentences."""
    verdict = finding.verdict
    pressing = {
        "upper": "measured / bound",
        "lower": "bound / measured",
        "equality": "distance from the bound in margins",
        "rate": "distance from the bound in margins",
    }[statement.kind]
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
        f"{pressing}: {finding.pressure:.4f}",
        f"(in the search {finding.searched:.4f}: the best of many, and so too good)",
        f"Check it again: w2s verify {statement.id} --case THIS_FILE",
    ]
