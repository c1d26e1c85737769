"""`w2s show` and `w2s schema`: the description of one theorem, and the schema of study files."""

import sys

from rich.markup import escape

from w2s_sim.cli.arguments import Schema, Show
from w2s_sim.cli.book import open_page
from w2s_sim.cli.console import make_console
from w2s_sim.cli.named_statements import named_statement
from w2s_sim.errors import InputError
from w2s_sim.files import example_case_file
from w2s_sim.files.schema import schema_path, schema_text
from w2s_sim.plugins import brought_in, on_the_command_line, registry
from w2s_sim.statements import Statement


def run_show(arguments: Show) -> int:
    """Print the description of a theorem and an example case file, or open the page with the proof."""
    with brought_in(*arguments.plugins):
        statement = named_statement(arguments.id)
        if not arguments.open:
            return _show(statement)
        open_page(statement.page)
        return 0


def _show(statement: Statement) -> int:
    console = make_console()
    example = _example(statement)
    for line in [*_description(statement), *_case_lines(statement, bool(example))]:
        console.print(escape(line), soft_wrap=True)
    # Printed without markup, so that it can be copied into a file unchanged.
    print(example, end="")
    return 0


def run_schema(arguments: Schema) -> int:
    """Print the JSON schema of study files: the shipped schema, or one with the kinds of plugins."""
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
        f"proof        {statement.page} (w2s show {statement.id} --open)",
        "",
        "assumptions",
        *[f"  - {assumption.name}" for assumption in statement.assumptions],
        "lemmas",
        *[f"  - {lemma.id}: {lemma.title}" for lemma in statement.lemmas],
        "controls, each breaking an assumption",
        *[f"  - {control.case.name} (breaks: {control.breaks})" for control in controls],
        f"cases in the quick preset: {len(cases)}",
        "",
    ]


def _example(statement: Statement) -> str:
    """Return an example case file; "" if the statement takes none, or no file can describe its tasks."""
    if statement.build_estimator is None:
        return ""
    try:
        return example_case_file(statement)
    except InputError:
        return ""


def _case_lines(statement: Statement, takes_files: bool) -> list[str]:
    """Return the lines above the example case file, or a line that says that there is none."""
    named = on_the_command_line(statement)
    if not takes_files:
        return ["It takes no cases from files. To check its own cases, run", f"    w2s verify {named}"]
    remark = "To check it on a task of your own, edit this file and run"
    return [remark, f"    w2s verify {named} --case FILE.toml", ""]
