"""Progress of long loops, for commands and scripts: on standard error, step by step."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from w2s_sim.cli.console import make_console, shows_progress

StepT = TypeVar("StepT")


def track(steps: Sequence[StepT], describe: Callable[[StepT], str] = str) -> Iterator[StepT]:
    """The steps one by one; standard error says at which one the loop is.

    On a terminal a bar moves and goes when the loop ends. In a file or a pipe every step is a line.

    Args:
        steps: What the loop is over.
        describe: What is being done at a step.
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
