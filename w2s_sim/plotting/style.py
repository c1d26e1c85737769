"""The common style of all figures: sizes for the column of a paper, and the colours of Okabe and Ito."""

import contextlib
import contextvars
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from w2s_sim.errors import InputError

BLUE, SKY, ORANGE, GREEN = "#0072B2", "#56B4E9", "#E69F00", "#009E73"
VERMILION, PURPLE, BLACK = "#D55E00", "#CC79A7", "#000000"
# Grey is not one of the eight Okabe-Ito colours; it differs from them in lightness.
GREY = "#767676"
# Bars and bands show this many standard errors to each side.
BAR_STANDARD_ERRORS = 2.0

# Defaults: what a user's matplotlibrc or style changes has precedence.
DEFAULTS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "figure.labelsize": 7.0,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.6,
    "errorbar.capsize": 1.5,
    "axes.linewidth": 0.6,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelpad": 2.5,
    "axes.titlepad": 4.0,
    "grid.linewidth": 0.4,
    "grid.alpha": 0.3,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.labelspacing": 0.3,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.3,
    "figure.dpi": 150.0,
    "savefig.dpi": 300.0,
    # Text stays text, so that it can be searched and edited.
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
# What the files need whatever the user prefers: the exact size, and the same bytes from the same table.
REQUIRED: dict[Any, Any] = {"savefig.bbox": None, "svg.hashsalt": "w2s-sim"}

_styled = contextvars.ContextVar("styled", default=False)


@contextlib.contextmanager
def figure_style(style: Path | None = None) -> Iterator[None]:
    """Apply the style of the figures inside a `with` block; a block inside another changes nothing.

    Precedence: these defaults, then settings that the user has changed from matplotlib's own defaults (in a
    matplotlibrc or by `matplotlib.style.use`), then the file `style`.

    Args:
        style: A file of matplotlib settings (`*.mplstyle`).

    Raises:
        InputError: If the file cannot be read, or holds a setting that matplotlib does not accept.
    """
    if _styled.get():
        yield
        return
    chosen = read_style(style) if style is not None else {}
    ours = {key: value for key, value in DEFAULTS.items() if mpl.rcParams[key] == mpl.rcParamsDefault[key]}
    token = _styled.set(True)
    try:
        with mpl.rc_context({**ours, **chosen, **REQUIRED}):  # pyright: ignore[reportArgumentType]
            yield
    finally:
        _styled.reset(token)


def read_style(style: Path) -> dict[Any, Any]:
    """Return the settings of a style file.

    Raises:
        InputError: If the file cannot be read, or holds a setting that matplotlib does not accept.
    """
    expected = "a file of matplotlib settings, such as 'font.size: 9' on a line"
    complaints = io.StringIO()
    try:
        text = style.read_text(encoding="utf-8")
        with _warnings_of_matplotlib(complaints):
            settings = dict(mpl.rc_params_from_file(style, fail_on_error=True, use_default_template=False))
    except OSError as error:
        raise InputError("--style", f"{style} ({error.strerror})", expected) from None
    except (UnicodeDecodeError, KeyError, ValueError) as error:
        raise InputError("--style", f"{style} ({error})", expected) from None
    if complaints.getvalue():
        # The lines that follow say where matplotlib's own file of settings is.
        raise InputError("--style", f"{style} ({complaints.getvalue().strip().splitlines()[0]})", expected)
    if not settings and text.strip():
        raise InputError("--style", f"{style}, which sets nothing", expected)
    return settings


@contextlib.contextmanager
def _warnings_of_matplotlib(stream: io.StringIO) -> Iterator[None]:
    """Collect the warnings that matplotlib logs about lines of a file that it skips."""
    import logging

    logger, handler = logging.getLogger("matplotlib"), logging.StreamHandler(stream)
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates


def to_svg(figure: Figure) -> str:
    """Return a figure as an SVG element for an HTML page, with the letters as paths."""
    buffer = io.StringIO()
    with figure_style(), mpl.rc_context({"svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
