"""The common style of all figures; the colours of Okabe and Ito are distinct for colour-blind readers."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

BLUE, SKY, ORANGE, GREEN = "#0072B2", "#56B4E9", "#E69F00", "#009E73"
VERMILION, PURPLE, BLACK = "#D55E00", "#CC79A7", "#000000"
# Grey is not one of the eight Okabe-Ito colours; it differs from them in lightness.
GREY = "#767676"
# Bars and bands show this many standard errors to each side.
BAR_STANDARD_ERRORS = 2.0

_SETTINGS: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    # A fixed salt, so that the same table gives the same file.
    "svg.hashsalt": "w2s-sim",
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Apply the project's matplotlib settings inside a `with` block."""
    with mpl.rc_context(_SETTINGS):
        yield


def to_svg(figure: Figure) -> str:
    """Return a figure as an SVG element for an HTML page, with the fonts embedded as paths."""
    buffer = io.StringIO()
    with figure_style():
        figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
