"""How large and in which formats pictures are drawn, as commands and files say it."""

from typing import Any

from w2s_sim.errors import InputError, shown

# Widths in inches of one column and of both columns of a two-column paper.
WIDTHS = {"single": 3.25, "double": 6.75}
NARROWEST, WIDEST = 2.0, 20.0
FORMATS = ("pdf", "svg", "png")


def parse_width(given: Any, where: str = "--width") -> float:
    """Return a width in inches from "single", "double", or a number or its text.

    Raises:
        InputError: If the value is none of these, or the number is not from 2 to 20.
    """
    if isinstance(given, str) and given in WIDTHS:
        return WIDTHS[given]
    try:
        width = float("nan") if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        width = float("nan")
    if NARROWEST <= width <= WIDEST:
        return width
    names = ", ".join(f"{name!r} ({inches} inches)" for name, inches in WIDTHS.items())
    raise InputError(where, shown(given), f"{names}, or a number of inches from {NARROWEST:g} to {WIDEST:g}")


def parse_formats(given: Any, where: str = "--format") -> tuple[str, ...]:
    """Return the formats named by a text such as "pdf,svg", or by a list of texts.

    Raises:
        InputError: If a name is none of `FORMATS`, or there is none.
    """
    names = given.split(",") if isinstance(given, str) else given
    if isinstance(names, list | tuple) and names and all(isinstance(name, str) for name in names):
        formats = tuple(dict.fromkeys(name.strip().lower() for name in names))
        if set(formats) <= set(FORMATS):
            return formats
    raise InputError(where, shown(given), f"some of {', '.join(FORMATS)}")
