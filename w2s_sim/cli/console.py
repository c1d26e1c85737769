"""Where the commands print: consoles that suit terminals, pipes, NO_COLOR and readers that leave early."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import NoReturn

from rich.console import Console
from rich.table import Table

# Wide enough for a row on one line where the output goes to a file or a pipe.
PIPE_WIDTH = 150
# A terminal that is narrower gets a row's numbers on a line of their own.
NARROW = 110


class _PatientConsole(Console):
    """A console that leaves a closed pipe to the command line, which knows the exit status."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


@contextlib.contextmanager
def warnings_on_a_line() -> Iterator[None]:
    """Warnings appear as the commands' own complaints do, without the line of code that gave them."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *origin: f"w2s: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


def escapes_are_refused() -> bool:
    """Whether the user asks for plain text, without colours or other escape sequences (NO_COLOR)."""
    return bool(os.environ.get("NO_COLOR"))


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal or COLUMNS; wide enough for whole rows where there is neither."""
    terminal = False if escapes_are_refused() else None
    console = _PatientConsole(stderr=stderr, highlight=False, force_terminal=terminal)
    if not (console.is_terminal or console.file.isatty() or os.environ.get("COLUMNS")):
        console.width = PIPE_WIDTH
    return console


def shows_progress() -> bool:
    """Whether somebody watches standard error, and accepts the escape sequences of a moving bar."""
    return sys.stderr.isatty() and not escapes_are_refused()


def make_table(*columns: str, whole: tuple[str, ...] = (), right: tuple[str, ...] = ()) -> Table:
    """A table without borders.

    Args:
        *columns: Names of the columns, from the left.
        whole: Columns whose cells are never cut or folded, such as ids, which a user types again.
        right: Columns of numbers.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            name, no_wrap=name in whole, justify="right" if name in right else "left", overflow="fold"
        )
    return table


def print_table(console: Console, table: Table) -> None:
    """Print a table whose whole columns keep their width, even if the terminal is narrower than they are.

    In a file or a pipe every row is one line.
    """
    one_line = not console.file.isatty() and not os.environ.get("COLUMNS")
    for column in table.columns:
        if column.no_wrap or one_line:
            column.no_wrap = True
            cells = [str(cell) for cell in column.cells]
            column.min_width = max(map(len, [str(column.header), *cells]), default=0)
    console.print(table, crop=False)
