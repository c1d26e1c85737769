"""Consoles of the commands: for terminals, pipes, NO_COLOR, and readers that close a pipe early."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import NoReturn

from rich.console import Console
from rich.table import Table

# Width of output to a file or a pipe, so that each row fits on one line.
PIPE_WIDTH = 150
# In a terminal narrower than this, the numbers of a row are printed on a separate line.
NARROW = 110


class _PatientConsole(Console):
    """Console that raises BrokenPipeError, so that `main` can set the exit status for a closed pipe."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


@contextlib.contextmanager
def warnings_on_a_line() -> Iterator[None]:
    """Print warnings in one line like the commands' error messages, without the source line."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *origin: f"w2s: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


def escapes_are_refused() -> bool:
    """Return whether the user wants plain text without colours and other escape sequences (NO_COLOR)."""
    return bool(os.environ.get("NO_COLOR"))


def make_console(*, stderr: bool = False) -> Console:
    """Make a console as wide as the terminal or COLUMNS, or wide enough for whole rows without either."""
    terminal = False if escapes_are_refused() else None
    console = _PatientConsole(stderr=stderr, highlight=False, force_terminal=terminal)
    if not (console.is_terminal or console.file.isatty() or os.environ.get("COLUMNS")):
        console.width = PIPE_WIDTH
    return console


def shows_progress() -> bool:
    """Return whether standard error is a terminal, and the user accepts the escape sequences of a bar."""
    return sys.stderr.isatty() and not escapes_are_refused()


def make_table(*columns: str, whole: tuple[str, ...] = (), right: tuple[str, ...] = ()) -> Table:
    """Make a table without borders.

    Args:
        *columns: Names of the columns, from left to right.
        whole: Columns whose cells are never cut or wrapped, such as ids, which users copy.
        right: Right-aligned columns, such as numbers.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            name, no_wrap=name in whole, justify="right" if name in right else "left", overflow="fold"
        )
    return table


def print_table(console: Console, table: Table) -> None:
    """Print a table. Columns that must stay whole keep their width, even if the terminal is narrower.

    In a file or a pipe every row is one line.
    """
    one_line = not console.file.isatty() and not os.environ.get("COLUMNS")
    for column in table.columns:
        if column.no_wrap or one_line:
            column.no_wrap = True
            cells = [str(cell) for cell in column.cells]
            column.min_width = max(map(len, [str(column.header), *cells]), default=0)
    console.print(table, crop=False)
