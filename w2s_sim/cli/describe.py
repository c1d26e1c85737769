"""`w2s show` and `w2s schema`: everything about one theorem, and the schema of study files."""

import sys
import tempfile
import webbrowser
from pathlib import Path

from rich.markup import escape

from w2s_sim.cli.arguments import Show
from w2s_sim.cli.console import make_console
from w2s_sim.files import example_case_file
from w2s_sim.files.schema import schema_path
from w2s_sim.statements import Statement, find_statement


def run_show(arguments: Show) -> int:
    """Print everything about one theorem and a case file to start from, or open its page."""
    statement = find_statement(arguments.id)
    if arguments.open:
        return _open_page(statement)
    console = make_console()
    for line in _description(statement):
        console.print(escape(line), soft_wrap=True)
    # Plain, so that it can be copied into a file as it is.
    print(example_case_file(statement), end="")
    return 0


def _open_page(statement: Statement) -> int:
    """Show the page with the proof in the browser; print where the page lies, for a machine without one."""
    from w2s_sim.book.pages import write_pages

    # The folder stays: the browser reads it after this process has ended.
    folder = Path(tempfile.mkdtemp(prefix="w2s-book-"))
    page = write_pages(folder, [statement.page])[statement.page]
    print(page)
    sys.stdout.flush()
    webbrowser.open(page.as_uri())
    return 0


def run_schema() -> int:
    """Print the JSON schema of study files, as it is shipped."""
    sys.stdout.write(schema_path().read_text(encoding="utf-8"))
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
        "To check it on a task of your own, edit this file and run",
        f"    w2s verify {statement.id} --case FILE.toml",
        "",
    ]
