"""Progress of long loops on standard error, for commands and scripts."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from w2s_sim.cli.console import make_console, shows_progress

StepT = TypeVar("StepT")


def track(steps: Sequence[StepT], describe: Callable[[StepT], str] = str) -> Iterator[StepT]:
    """Yield the steps of a loop one by one, and report the current step on standard error.

    A terminal shows a bar, which disappears when the loop ends. A file or a pipe gets one line per step.

    Args:
        steps: The steps of the loop.
        describe: Describes a step.
    """
    watched = shows_progress()
    columns = (
        TextColumn("{task.completed}/{task.total}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=make_console(stderr=True), transient=True, disable=not watched) as bar:
        task = bar.add_task("", total=len(steps))
        for done, step in enumerate(steps):
            bar.update(task, description=describe(step), completed=done)
            if not watched:
                print(f"{done + 1}/{len(steps)} {describe(step)}", file=sys.stderr, flush=True)
            yield step


def report_row(label: str, done: int) -> None:
    """Report the row that a battery samples next, on a line of standard error."""
    print(f"{done + 1} {label}", file=sys.stderr, flush=True)
