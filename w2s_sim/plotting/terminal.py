"""A picture made of characters, for a terminal: curves on two logarithmic axes."""

import math
from collections.abc import Mapping, Sequence

# Marks of curves, in the order of the curves; the second row is for terminals without Unicode.
MARKS = "■●▲◆"
ASCII_MARKS = "#o^*"
# Columns left of the picture: the labels of the vertical axis.
MARGIN = 9


def terminal_picture(
    curves: Mapping[str, Sequence[tuple[float, float]]],
    *,
    level: float,
    level_label: str,
    x_label: str,
    y_label: str,
    width: int = 72,
    height: int = 16,
    unicode: bool = True,
) -> str:
    """Draw curves and one horizontal line on logarithmic axes, with characters.

    Where marks fall into one place, the mark of the later curve is shown.

    Args:
        curves: For each label, points (x, y) with positive coordinates.
        level: Height of the horizontal line; positive.
        level_label: Label of the line.
        x_label: Label of the horizontal axis, with its unit.
        y_label: Label of the vertical axis, with its unit.
        width: Number of columns of the whole picture, at least 40.
        height: Number of rows between the axes.
        unicode: Whether the terminal can show characters beyond ASCII.

    Returns:
        Lines of text: the vertical label, the picture, the horizontal axis, and the legend.
    """
    points = [point for curve in curves.values() for point in curve]
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    # The vertical axis ends at powers of ten.
    heights = [level, *(y for _, y in points)]
    bottom, top = math.floor(math.log10(min(heights))), math.ceil(math.log10(max(heights)))
    columns = max(width, 40) - MARGIN
    line, edge, corner, floor = ("╌", "│", "└", "─") if unicode else ("-", "|", "+", "-")

    def column(x: float) -> int:
        return round((columns - 1) * math.log(x / x_low) / math.log(x_high / x_low)) if x_high > x_low else 0

    def row(y: float) -> int:
        return round((height - 1) * (top - math.log10(y)) / max(1, top - bottom))

    grid = [[" "] * columns for _ in range(height)]
    grid[row(level)] = [line] * columns
    marks = MARKS if unicode else ASCII_MARKS
    for mark, curve in zip(marks, curves.values(), strict=False):
        for x, y in curve:
            grid[row(y)][column(x)] = mark
    labels = {row(10.0**power): f"{10.0**power:g}" for power in range(bottom, top + 1)}
    lines = [
        y_label,
        *(f"{labels.get(i, ''):>{MARGIN - 2}} {edge}" + "".join(r).rstrip() for i, r in enumerate(grid)),
    ]
    lines.append(" " * (MARGIN - 1) + corner + floor * columns)
    lines.append(_axis({column(x): f"{x:g}" for x in sorted({x for x, _ in points})}, columns))
    lines.append(f"{x_label:>{MARGIN + columns}}")
    lines += [f"  {mark} {label}" for mark, label in zip(marks, curves, strict=False)]
    return "\n".join([*lines, f"  {line} {level_label}"])


def _axis(ticks: Mapping[int, str], columns: int) -> str:
    """Return the labels below the horizontal axis; a label without room is left out."""
    text, free = [" "] * columns, 0
    for place, label in sorted(ticks.items()):
        # The last label ends where the axis ends.
        start = min(place, columns - len(label))
        if start >= free:
            text[start : start + len(label)] = label
            free = start + len(label) + 1
    return " " * MARGIN + "".join(text).rstrip()
