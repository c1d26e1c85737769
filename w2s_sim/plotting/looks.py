"""One look for each method throughout all figures: a colour, a marker and dashes, told apart in grey too."""

import dataclasses
from collections.abc import Collection
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D

from w2s_sim.plotting.style import (
    BAR_STANDARD_ERRORS,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
)

# Matplotlib's dash pattern: the offset at which the line begins, and the lengths of dashes and gaps.
Dashes = tuple[float, tuple[float, ...]]
SOLID: Dashes | str = "-"
DASHED: Dashes = (0.0, (4.5, 1.8))
DOTTED: Dashes = (0.0, (1.1, 1.3))
DASH_DOT: Dashes = (0.0, (5.0, 1.5, 1.2, 1.5))
LONG_DASHES: Dashes = (0.0, (8.0, 2.0))
# Numbers, such as a list, an array or a column of a table.
Values = Collection[Any]
# Contrast of text against white that WCAG calls AA.
TEXT_CONTRAST = 4.5


@dataclasses.dataclass(frozen=True)
class Look:
    """How a method is drawn.

    Attributes:
        colour: Colour of line and marker.
        marker: Marker of measured points; "" for lines without points.
        dashes: Line style: "-" or a dash pattern.
    """

    colour: str
    marker: str = ""
    dashes: Dashes | str = SOLID

    def as_line(self, dashes: Dashes | str) -> "Look":
        """Return a line in the same colour: theory, or a bound, of what has this look."""
        return Look(self.colour, "", dashes)

    @property
    def ink(self) -> str:
        """The colour for text about the method: dark enough to be read on white (contrast AA)."""
        return readable(self.colour)


NAIVE = Look(ORANGE, "s")
LABELLER = Look(BLUE, "o")
REFINED = Look(GREEN, "^")
ITERATED = Look(PURPLE, "D")
PROJECTED = Look(SKY, "v")
ORACLE = Look(BLACK, "*")
WEAK_MODEL = Look(GREY, "X", LONG_DASHES)
SOURCE = Look(BLACK, "P", DASH_DOT)
FLOOR = Look(ORANGE, "", DASHED)
UPPER_BOUND = Look(VERMILION, "", DOTTED)
LOWER_BOUND = Look(VERMILION, "", (0.0, (4.5, 1.3, 1.1, 1.3, 1.1, 1.3)))
THEORY = Look(BLACK, "", (0.0, (2.6, 1.2)))

METHODS: dict[str, Look] = {
    "naive fine-tuning": NAIVE,
    "labeller, read in context": LABELLER,
    "refined student": REFINED,
    "iterated refinement": ITERATED,
    "projection on the hull": PROJECTED,
    "oracle": ORACLE,
    "weak model": WEAK_MODEL,
    "source": SOURCE,
    "floor": FLOOR,
    "upper bound": UPPER_BOUND,
    "lower bound": LOWER_BOUND,
    "theory": THEORY,
}
# Curves of one method at several values of a parameter; neighbours differ in lightness.
SERIES: tuple[Look, ...] = (
    Look(BLUE, "o"),
    Look(ORANGE, "s"),
    Look(GREEN, "^"),
    Look(SKY, "D"),
    Look(BLACK, "P"),
    Look(PURPLE, "v"),
    Look(GREY, "X"),
)
# Theoretical curves and levels that belong to no single method.
THEORIES: tuple[Look, ...] = (
    UPPER_BOUND.as_line(DASHED),
    Look(BLACK, "", DOTTED),
    Look(GREEN, "", DASH_DOT),
    Look(GREY, "", LONG_DASHES),
)


def draw_measured(
    axes: Axes,
    look: Look,
    x: Values,
    y: Values,
    se: Values,
    label: str = "",
    *,
    joined: bool = True,
) -> ErrorbarContainer:
    """Draw measured values with bars of two Monte Carlo standard errors to each side.

    Args:
        axes: The axes.
        look: The look of the method.
        x: Positions.
        y: Means.
        se: Their standard errors; nan draws no bar.
        label: Name in the legend; none by default.
        joined: Whether a line joins the points.
    """
    return axes.errorbar(
        _numbers(x),
        _numbers(y),
        yerr=BAR_STANDARD_ERRORS * _numbers(se),
        color=look.colour,
        marker=look.marker or None,
        linestyle=look.dashes if joined else "none",
        elinewidth=0.8,
        label=label or "_nolegend_",
        zorder=3,
    )


def draw_line(axes: Axes, look: Look, x: Values, y: Values, label: str = "") -> Line2D:
    """Draw a curve that has no sampling error, such as a bound or an exact value.

    Args:
        axes: The axes.
        look: The look of the method.
        x: Positions.
        y: Values.
        label: Name in the legend; none by default.
    """
    (line,) = axes.plot(
        _numbers(x), _numbers(y), color=look.colour, linestyle=look.dashes, label=label or "_nolegend_"
    )
    return line


def _numbers(values: Values) -> np.ndarray:
    return np.asarray(list(values), dtype=float)


def readable(colour: str) -> str:
    """Return the colour, darkened until text in it has contrast AA on white."""
    rgb = np.asarray(to_rgb(colour))
    while _contrast_on_white(rgb) < TEXT_CONTRAST:
        rgb = 0.97 * rgb
    return to_hex(tuple(rgb))


def _contrast_on_white(rgb: np.ndarray) -> float:
    """Return the contrast ratio of WCAG 2.1 between a colour and white."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 1.05 / (float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)
