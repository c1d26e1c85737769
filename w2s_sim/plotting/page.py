"""The page that a figure is drawn for: its width, and panels of legible size on it."""

import dataclasses
import textwrap
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from w2s_sim.errors import InputError

# Widths in inches of one column and of both columns of a two-column paper.
WIDTHS = {"single": 3.25, "double": 6.75}
NARROWEST, WIDEST = 2.0, 20.0
# A panel narrower than this has no room for labels of 7 points.
NARROWEST_PANEL = 2.1
# Height of a panel as a share of its width, and its bounds in inches.
ASPECT, LOWEST_PANEL, HIGHEST_PANEL = 0.75, 1.75, 2.5


@dataclasses.dataclass(frozen=True)
class Page:
    """The width for which a figure is drawn.

    Attributes:
        width: Width of the figure in inches.
    """

    width: float = WIDTHS["double"]

    @property
    def is_single(self) -> bool:
        """Whether the page is as narrow as one column."""
        return self.width < 2 * NARROWEST_PANEL

    def columns(self, num_panels: int, most: int = 3) -> int:
        """Return how many panels stand side by side: as many as are legible, in rows of equal length."""
        room = max(1, min(num_panels, most, int(self.width / NARROWEST_PANEL)))
        rows = -(-num_panels // room)
        return -(-num_panels // rows)

    def figure(
        self,
        num_panels: int = 1,
        *,
        most_columns: int = 3,
        height: float | None = None,
        share_x: bool = False,
        share_y: bool = False,
    ) -> tuple[Figure, list[Axes]]:
        """Make a figure with panels side by side, or under one another where the page is narrow.

        Args:
            num_panels: Number of panels.
            most_columns: Largest number of panels side by side.
            height: Height of a row of panels in inches; None for three quarters of a panel's width.
            share_x: Whether all panels have the same horizontal axis.
            share_y: Whether all panels have the same vertical axis.

        Returns:
            The figure, and its axes row by row.
        """
        columns = self.columns(num_panels, most_columns)
        rows = -(-num_panels // columns)
        if height is None:
            height = min(max(ASPECT * self.width / columns, LOWEST_PANEL), HIGHEST_PANEL)
        figure = Figure(figsize=(self.width, height * rows), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=share_x, sharey=share_y, squeeze=False)
        axes = list(np.ravel(grid))
        for unused in axes[num_panels:]:
            unused.remove()
        return figure, axes[:num_panels]


def title_panels(axes: Sequence[Axes], titles: Sequence[str]) -> None:
    """Set the titles of panels, after (a), (b) and so on if there are several; long titles are wrapped.

    Args:
        axes: The panels of one figure, as from `Page.figure`.
        titles: A title for each panel; "" for the letter alone.
    """
    for index, (panel, title) in enumerate(zip(axes, titles, strict=True)):
        letter = f"({chr(ord('a') + index)}) " if len(axes) > 1 else ""
        size = FontProperties(size=mpl.rcParams["axes.titlesize"]).get_size_in_points()
        panel.set_title(textwrap.fill(f"{letter}{title}".strip(), int(panel_width(panel) * 72 / (0.56 * size))))


def panel_width(axes: Axes) -> float:
    """Return the width in inches of the column of panels that the axes stand in."""
    spec = axes.get_subplotspec()
    return axes.get_figure(root=True).get_figwidth() / (spec.get_gridspec().ncols if spec else 1)


def parse_width(text: str, where: str = "--width") -> float:
    """Return a width in inches from "single", "double" or a number.

    Raises:
        InputError: If the text is none of these, or the number is not from 2 to 20.
    """
    if text in WIDTHS:
        return WIDTHS[text]
    try:
        width = float(text)
    except ValueError:
        width = float("nan")
    if NARROWEST <= width <= WIDEST:
        return width
    expected = f"single ({WIDTHS['single']}), double ({WIDTHS['double']}), or {NARROWEST:g} to {WIDEST:g}"
    raise InputError(where, repr(text), f"{expected} inches")
