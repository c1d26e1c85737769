"""`w2s list` and `w2s show`: what there is to check."""

from rich.markup import escape
from rich.table import Table

from w2s_sim.cli.arguments import Show
from w2s_sim.cli.tables import make_console
from w2s_sim.statements import Statement, all_statements, find_statement
from w2s_sim.studies import example_case_file
from w2s_sim.studies.ready_studies import READY


def run_list() -> int:
    """One line per theorem, then one per ready study."""
    console = make_console()
    table = _table("theorem", "kind", "title", "lemmas", "page")
    for statement in all_statements().values():
        lemmas = str(len(statement.lemmas))
        table.add_row(statement.id, statement.kind, statement.title, lemmas, statement.page)
    console.print(table)
    console.print()
    studies = _table("ready study (w2s run NAME)", "question")
    for name, title in READY.items():
        studies.add_row(name, escape(title))
    console.print(studies)
    return 0


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def run_show(arguments: Show) -> int:
    """Everything about one theorem, and a case file to start from."""
    statement = find_statement(arguments.id)
    console = make_console()
    for line in _description(statement):
        console.print(escape(line), soft_wrap=True)
    # Plain, so that it can be copied into a file as it is.
    print(example_case_file(statement), end="")
    return 0


def _description(statement: Statement) -> list[str]:
    cases = statement.cases("quick")
    controls = statement.controls("quick")
    return [
        f"{statement.id}: {statement.title} ({statement.kind} bound)",
        "",
        statement.summary,
        "",
        f"claim        {statement.formula}",
        f"reference    {statement.reference}",
        f"proof        {statement.page}",
        "",
        "assumptions",
        *[f"  - {assumption.name}" for assumption in statement.assumptions],
        "lemmas",
        *[f"  - {lemma.id}: {lemma.title}" for lemma in statement.lemmas],
        "controls, each breaking an assumption",
        *[f"  - {control.case.name} (breaks: {control.breaks})" for control in controls],
        f"cases in the quick preset: {len(cases)}",
        "",
        "To check it on a task of your own, edit this file and run",
        f"    w2s verify {statement.id} --case FILE.toml",
        "",
    ]
