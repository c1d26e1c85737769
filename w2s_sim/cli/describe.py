"""`w2s list`, `w2s show` and `w2s schema`: what there is to check, and what files may hold."""

import json
import sys

from rich.markup import escape

from w2s_sim.cli.arguments import List, Schema, Show
from w2s_sim.cli.console import NARROW, make_console, make_table, print_table
from w2s_sim.cli.named_statements import named_statement
from w2s_sim.files import example_case_file
from w2s_sim.files.ready_studies import READY
from w2s_sim.files.schema import schema_path, schema_text
from w2s_sim.plugins import brought_in, on_the_command_line, registry
from w2s_sim.statements import Statement, all_statements


def run_list(arguments: List) -> int:
    """One line per theorem, then one per ready study."""
    if arguments.json:
        theorems = [
            {
                "id": statement.id,
                "kind": statement.kind,
                "title": statement.title,
                "summary": statement.summary,
                "lemmas": [lemma.id for lemma in statement.lemmas],
                "reference": statement.reference,
                "page": statement.page,
            }
            for statement in all_statements().values()
        ]
        studies = [{"name": name, "question": title} for name, title in READY.items()]
        print(json.dumps({"theorems": theorems, "studies": studies}, indent=1))
        return 0
    console = make_console()
    # A narrow terminal has no room for the pages, which `w2s show` names as well.
    columns = ("theorem", "kind", "title", "lemmas", "page")[: 4 if console.width < NARROW else 5]
    table = make_table(*columns, whole=("theorem", "kind"), right=("lemmas",))
    for statement in all_statements().values():
        lemmas = str(len(statement.lemmas))
        cells = (statement.id, statement.kind, statement.title, lemmas, statement.page)
        table.add_row(*cells[: len(columns)])
    print_table(console, table)
    console.print()
    ready = make_table("ready study (w2s run NAME)", "question", whole=("ready study (w2s run NAME)",))
    for name, title in READY.items():
        ready.add_row(name, escape(title))
    print_table(console, ready)
    return 0


def run_show(arguments: Show) -> int:
    """Everything about one theorem, and a case file to start from."""
    with brought_in(*arguments.plugins):
        return _show(named_statement(arguments.id))


def _show(statement: Statement) -> int:
    console = make_console()
    for line in _description(statement):
        console.print(escape(line), soft_wrap=True)
    if statement.build_estimator is not None:
        # Plain, so that it can be copied into a file as it is.
        print(example_case_file(statement), end="")
    return 0


def run_schema(arguments: Schema) -> int:
    """Print the JSON schema of study files: as it is shipped, or with the kinds of plugins."""
    with brought_in(*arguments.plugins):
        brings = registry().plugins
        sys.stdout.write(schema_text() if brings else schema_path().read_text(encoding="utf-8"))
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
        *_case_lines(statement),
    ]


def _case_lines(statement: Statement) -> list[str]:
    """What stands above the ready case file, or that there is none."""
    named = on_the_command_line(statement)
    if statement.build_estimator is None:
        return ["It takes no cases from files. To check its own cases, run", f"    w2s verify {named}"]
    remark = "To check it on a task of your own, edit this file and run"
    return [remark, f"    w2s verify {named} --case FILE.toml", ""]
