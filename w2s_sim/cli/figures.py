"""`w2s figures` and `w2s redraw`."""

import sys

from w2s_sim.cli.arguments import Figures
from w2s_sim.figures import draw
from w2s_sim.plotting.saving import parse_formats


def run_figures(arguments: Figures) -> int:
    """Draw the figures, and print the paths of the pictures."""
    paths = draw(
        arguments.names,
        arguments.out,
        formats=parse_formats(arguments.format),
        width=arguments.width,
        style=arguments.style,
        fast=arguments.fast,
        cache=not arguments.no_cache,
        tell=lambda line: print(line, file=sys.stderr, flush=True),
    )
    for path in paths:
        print(path)
    return 0
