"""What lessons show beside text: pictures with a caption, and controls in a row."""

import contextlib
import dataclasses
import html
from collections.abc import Iterator
from typing import Any

import marimo as mo
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.plotting.looks import Look, draw_measured
from w2s_sim.plotting.style import figure_style, to_svg

# In inches: a picture of this width is legible on a telephone.
WIDTH, HEIGHT = 4.2, 3.0
BARS = "Bars are two Monte Carlo standard errors to each side."


@contextlib.contextmanager
def drawing(height: float = HEIGHT) -> Iterator[tuple[Figure, Axes]]:
    """Make a figure with one pair of axes, to be drawn inside the `with` block in the project's style.

    Args:
        height: In inches.
    """
    with figure_style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure, figure.subplots()


def draw_means(
    axes: Axes, look: Look, table: pd.DataFrame, x: str, mean: str, label: str = "", *, joined: bool = True
) -> None:
    """Draw a column of means against another column, with bars of two standard errors to each side.

    Args:
        axes: The axes.
        look: The look of the method.
        table: The table; it also has the standard errors, in the column `mean` + "_se".
        x: Column of the positions.
        mean: Column of the means.
        label: Name in the legend; none by default.
        joined: Whether a line joins the points.
    """
    at, means, errors = (table[name].to_numpy() for name in (x, mean, f"{mean}_se"))
    draw_measured(axes, look, at, means, errors, label, joined=joined)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure with its caption, drawn with lines and not with pixels.

    Attributes:
        figure: The figure.
        caption: Markdown that says what is drawn and what bars or bands mean.
        description: Plain text that stands for the picture where it cannot be seen.
    """

    figure: Figure
    caption: str
    description: str

    def _display_(self) -> mo.Html:
        described = f'<svg role="img" aria-label="{html.escape(self.description)}" '
        drawing = to_svg(self.figure).replace("<svg ", described, 1)
        # A narrow screen makes the picture smaller, and a wide one does not blow it up.
        style = "<style>svg {max-width: 100%; height: auto;}</style>"
        return mo.vstack(
            [mo.Html(f'<div style="max-width: 100%">{style}{drawing}</div>'), mo.md(self.caption)]
        )


@dataclasses.dataclass(frozen=True)
class Row:
    """Controls or pictures beside each other, below each other on a narrow screen."""

    parts: tuple[Any, ...]

    def _display_(self) -> mo.Html:
        return mo.hstack(list(self.parts), wrap=True, justify="start", gap=1.5, align="start")


def row(*parts: Any) -> Row:
    """Show controls or pictures beside each other."""
    return Row(parts)
