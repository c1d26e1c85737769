"""The page that a figure is drawn for: its width, and panels of legible size on it."""

import dataclasses
import re
import textwrap
from collections.abc import Sequence
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine

from w2s_sim.files.picture_keys import WIDTHS

# A panel narrower than this has no room for labels of 7 points.
NARROWEST_PANEL = 2.1
# Height of a panel as a share of its width, and its bounds in inches.
ASPECT, LOWEST_PANEL, HIGHEST_PANEL = 0.75, 1.75, 2.5
# Width of a usual letter, as a multiple of the size of the letters.
LETTER_WIDTH = 0.56
# Room in inches for the labels to the left of a panel's axes.
BESIDE_AXIS = 0.6
POINTS_PER_INCH = 72.0


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
        room = letters_in(axis_width(panel), _points("axes.titlesize"))
        panel.set_title(textwrap.fill(f"{letter}{title}".strip(), room))


def label_axes(axes: Axes, x_label: str, y_label: str) -> None:
    """Set the labels of both axes; units of long labels move to a second line.

    Args:
        axes: A panel, as from `Page.figure`.
        x_label: The horizontal quantity with its unit in brackets.
        y_label: The vertical quantity with its unit in brackets.
    """
    width, height = panel_size(axes)
    axes.set_xlabel(_in_lines(x_label, letters_in(0.85 * width, _points("axes.labelsize"))))
    axes.set_ylabel(_in_lines(y_label, letters_in(0.8 * height, _points("axes.labelsize"))))


def make_room(figure: Figure, *, above: float = 0.0, below: float = 0.0, panels: float = 0.0) -> float:
    """Let a figure grow, for what stands around its panels or for the panels themselves.

    Args:
        figure: A figure, as from `Page.figure`.
        above: Inches of room above the panels and above all that stands over them.
        below: Inches of room directly below the panels.
        panels: Inches of room that the panels gain, with all that belongs to them.

    Returns:
        Where the room below the panels begins, in inches from the bottom of the figure.
    """
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    _, bottom, _, share = engine.get()["rect"]
    before = figure.get_figheight()
    height = before + above + below + panels
    rect = (0.0, (bottom * before + below) / height, 1.0, (share * before + panels) / height)
    engine.set(rect=rect)  # pyright: ignore
    figure.set_figheight(height)
    return bottom * before


def panel_size(axes: Axes) -> tuple[float, float]:
    """Return the width and the height in inches of the cell of the grid that the axes stand in."""
    figure, spec = axes.get_figure(root=True), axes.get_subplotspec()
    assert figure is not None
    rows, columns = spec.get_gridspec().get_geometry() if spec else (1, 1)
    engine = figure.get_layout_engine()
    share = engine.get()["rect"][3] if isinstance(engine, ConstrainedLayoutEngine) else 1.0
    return figure.get_figwidth() / columns, share * figure.get_figheight() / rows


def axis_width(axes: Axes) -> float:
    """Return about how long the horizontal axis of a panel is, in inches."""
    return panel_size(axes)[0] - BESIDE_AXIS


def letters_in(inches: float, points: float) -> int:
    """Return how many letters of usual width fit into a length, if they are as large as `points`."""
    return int(inches * POINTS_PER_INCH / (LETTER_WIDTH * points))


def _points(setting: Literal["axes.titlesize", "axes.labelsize"]) -> float:
    return FontProperties(size=mpl.rcParams[setting]).get_size_in_points()


def _in_lines(label: str, room: int) -> str:
    # The letters of formulas are shorter than what describes them.
    if len(re.sub(r"\\[a-z]+|[${}_^]", "", label)) <= room:
        return label
    name, bracket, unit = label.partition(" (")
    return "\n".join(textwrap.wrap(name, max(room, 10)) + ([f"({unit}"] if bracket else []))
