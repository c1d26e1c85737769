"""The `[[figure]]` tables of a study: the figures of its results."""

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from w2s_sim.concepts import StyleContentModel
from w2s_sim.errors import InputError, did_you_mean, shown
from w2s_sim.files.cell_keys import resolve_key
from w2s_sim.files.picture_keys import parse_formats, parse_width
from w2s_sim.statements.contract.parameters import unknown_key
from w2s_sim.tasks.metric_labels import RELATIVE_RISKS, metric_names
from w2s_sim.tasks.task import PRIOR_LABELS

if TYPE_CHECKING:
    from w2s_sim.files.study_file import Cell

# The keys of a table and their help.
KEY_HELP = {
    "name": "name of the figure's files",
    "x": "key of the horizontal axis, such as 'estimator.num_weak', or 'sample_size': weak pairs used",
    "y": "metric: excess risk, distance of the prior, gap recovered, style or content error",
    "colour": "key whose values are curves, such as 'estimator.kind'",
    "panel": "key whose values are panels",
    "log_x": "logarithmic horizontal axis",
    "log_y": "logarithmic vertical axis",
    "order": "values of colour in the order of their curves; values that are not listed follow",
    "title": "title above the figure; none by default",
    "x_label": "label of the horizontal axis with its unit; by default made from x",
    "y_label": "label of the vertical axis with its unit; by default made from y",
    "width": "'single' or 'double' column of a paper (3.25 and 6.75 inches), or a number of inches",
    "format": "'png', 'svg', 'pdf', or a list of several; png and svg by default",
}
KEYS = tuple(KEY_HELP)
# The metrics of the tasks that come with the package.
MEASURED = ("risk", *PRIOR_LABELS, *RELATIVE_RISKS, *StyleContentModel.prior_error_labels, "ceiling_gap")
# Not a key of the file: the number of weak pairs that an estimator consumes, by whatever key it is set.
SAMPLE_SIZE = "sample_size"
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}"
MOST_COLOURS, MOST_PANELS = 7, 6
TEXTS = ("title", "x_label", "y_label")
LONGEST_TITLE = 120
DEFAULT_FORMATS = ("png", "svg")


@dataclasses.dataclass(frozen=True)
class StudyFigure:
    """One figure of a study. Its keys are columns of the table of results.

    Attributes:
        name: Name of the figure's files.
        x: Key of the horizontal axis.
        y: The metric: one of `MEASURED`, or a metric of a plugin's task.
        colour: Key whose values are curves; None for one curve.
        panel: Key whose values are panels; None for one panel.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the vertical axis is logarithmic.
        order: Values of `colour` in the order of their curves; values that are not listed follow.
        title: Title above the figure.
        x_label: Label of the horizontal axis; "" for one made from `x`.
        y_label: Label of the vertical axis; "" for one made from `y`.
        width: Width in inches; None for one column if there is one panel, and both columns otherwise.
        formats: Formats of the picture.
    """

    name: str
    x: str
    y: str
    colour: str | None
    panel: str | None
    log_x: bool
    log_y: bool
    order: tuple[Any, ...] = ()
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    width: float | None = None
    formats: tuple[str, ...] = DEFAULT_FORMATS


def read_figures(given: Any, cells: Sequence["Cell"]) -> tuple[StudyFigure, ...]:
    """Read the figures of a study: one table, or a list of tables.

    Raises:
        InputError: If a key is unknown, no cell has the metric, or a curve would have two values in one
            place.
    """
    tables = given if isinstance(given, list) else [given]
    if not tables:
        return ()
    keys = list(dict.fromkeys(key for cell in cells for key in cell.parameters))
    # Find the metrics once, and only if a figure needs a metric that not every student has: JAX traces code.
    metrics = functools.cache(lambda: _metrics(cells))
    figures = []
    for position, table in enumerate(tables, start=1):
        if not isinstance(table, dict):
            raise InputError("figure", repr(table)[:80], "a table [[figure]]")
        try:
            figures.append(_read_figure(table, position, cells, keys, metrics))
        except InputError as error:
            raise error.located("", f"figure[{position}].") from None
    # Some file systems ignore case in file names.
    names = [figure.name.lower() for figure in figures]
    for position, figure in enumerate(figures):
        if names[position] in names[:position]:
            raise InputError(
                f"figure[{position + 1}].name", repr(figure.name), "a name that no other figure has"
            )
    return tuple(figures)


def _metrics(cells: Sequence["Cell"]) -> tuple[str, ...]:
    """Return the metrics that the student of some cell has; distances of priors, e.g., need a prior."""
    kinds = {(type(c.case.task), type(c.case.task.source), type(c.case.estimator)): c.case for c in cells}
    found = {name for case in kinds.values() for name in case.metrics}
    known = dict.fromkeys((*MEASURED, *metric_names(case.task for case in kinds.values())))
    return tuple(name for name in known if name in found or name in RELATIVE_RISKS)


def _read_figure(
    table: Mapping[str, Any],
    position: int,
    cells: Sequence["Cell"],
    keys: Sequence[str],
    metrics: Callable[[], Sequence[str]],
) -> StudyFigure:
    for key in table:
        if key not in KEYS:
            raise unknown_key(key, KEYS)
    name = table.get("name", f"figure-{position}")
    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        raise InputError("name", repr(name)[:100], "letters, digits, - and _")
    y = table.get("y", "risk")
    if y not in ["risk", *RELATIVE_RISKS] and y not in metrics():
        known, of_prior = y in list(MEASURED), y in list(PRIOR_LABELS)
        reason = ", and no cell transfers a prior" if of_prior else ", which no cell has" if known else ""
        given = repr(y)[:80] + (reason or did_you_mean(y, metrics()))
        raise InputError("y", given, "one of " + ", ".join(metrics()))
    if "x" not in table:
        raise InputError("x", "nothing", "the key of the horizontal axis")
    x, colour, panel = (_read_key(table, role, [*keys, SAMPLE_SIZE]) for role in ("x", "colour", "panel"))
    assert x is not None
    for role, key, others in (("colour", colour, (x,)), ("panel", panel, (x, colour))):
        if key is not None and key in others:
            raise InputError(
                role, f"{key!r}, which is drawn already", "a key that the figure does not use yet"
            )
    logs = [table.get(key, False) for key in ("log_x", "log_y")]
    for key, value in zip(("log_x", "log_y"), logs, strict=True):
        if not isinstance(value, bool):
            raise InputError(key, repr(value)[:80], "true or false")
    title, x_label, y_label = (_read_text(table, key) for key in TEXTS)
    figure = StudyFigure(
        name,
        x,
        y,
        colour,
        panel,
        *logs,
        order=_read_order(table, colour, cells),
        title=title,
        x_label=x_label,
        y_label=y_label,
        width=parse_width(table["width"], "width") if "width" in table else None,
        formats=parse_formats(table.get("format", list(DEFAULT_FORMATS)), "format"),
    )
    _require_drawable(figure, cells)
    return figure


def _read_key(table: Mapping[str, Any], role: str, keys: Sequence[str]) -> str | None:
    if role not in table:
        return None
    if not isinstance(table[role], str):
        raise InputError(role, repr(table[role])[:80], "a key of the cells, such as 'estimator.kind'")
    return resolve_key(role, table[role], keys)


def _read_text(table: Mapping[str, Any], key: str) -> str:
    text = table.get(key, "")
    if not isinstance(text, str) or len(text) > LONGEST_TITLE or not text.isprintable():
        raise InputError(key, shown(text), f"a text of one line, at most {LONGEST_TITLE} characters long")
    if text.replace(r"\$", "").count("$") % 2:
        raise InputError(key, shown(text), r"formulas between two dollar signs; \$ for a dollar sign")
    return text


def _read_order(table: Mapping[str, Any], colour: str | None, cells: Sequence["Cell"]) -> tuple[Any, ...]:
    if "order" not in table:
        return ()
    order = table["order"]
    if colour is None:
        raise InputError("order", shown(order), "a key colour, whose values it puts in order")
    values = list(dict.fromkeys(_comparable(cell_value(cell, colour)) for cell in cells))
    values = [value for value in values if value is not None]
    given = [_comparable(value) for value in order] if isinstance(order, list) else None
    if not given or len(set(given)) < len(given) or not set(given) <= set(values):
        raise InputError("order", shown(order), f"a list of some of {', '.join(map(repr, values))}")
    return tuple(given)


def _require_drawable(figure: StudyFigure, cells: Sequence["Cell"]) -> None:
    seen: dict[tuple[Any, ...], Cell] = {}
    drawn: set[tuple[Any, ...]] = set()
    without_x = Counter[tuple[Any, ...]]()
    for cell in cells:
        place = tuple(_comparable(cell_value(cell, key)) for key in (figure.panel, figure.colour))
        x = horizontal_value(cell, figure.x)
        if x is None:
            without_x[place] += 1
            continue
        if isinstance(x, bool) or not isinstance(x, int | float):
            raise InputError("x", f"{figure.x!r}, whose values are not numbers ({x!r})"[:120], "a number")
        if figure.log_x and x <= 0:
            raise InputError("log_x", f"true, with {figure.x} = {x}", "numbers > 0 on a logarithmic axis")
        other = seen.setdefault((*place, x), cell)
        if other is not cell:
            raise _two_in_one_place(other, cell)
        drawn.add(place)
    if not drawn:
        raise InputError("x", f"{figure.x!r}, which no cell has", "a key with values to draw against")
    # A cell without an x value that is alone in its curve is drawn as a horizontal line.
    drawn |= {place for place, count in without_x.items() if count == 1}
    for index, (role, most) in enumerate((("panel", MOST_PANELS), ("colour", MOST_COLOURS))):
        values = {place[index] for place in drawn}
        if len(values) > most:
            given = f"{getattr(figure, role)!r}, which has {len(values)} values"
            raise InputError(role, given, f"at most {most} values")


def _two_in_one_place(first: "Cell", second: "Cell") -> InputError:
    keys = {**first.parameters, **second.parameters}
    differing = [key for key in keys if first.parameters.get(key) != second.parameters.get(key)]
    given = f"cells {first.index} and {second.index} at the same place"
    expected = (
        f"colour or panel among {', '.join(differing)}" if differing else "no two cells that are the same"
    )
    return InputError("colour", given, expected)


def _comparable(value: Any) -> Any:
    # Compare as in the table of results, where lists are texts.
    return str(value) if isinstance(value, list) else value


def cell_value(cell: "Cell", key: str | None) -> Any:
    """Return a parameter of a cell, or its sample size; None if the cell has no such parameter."""
    if key == SAMPLE_SIZE:
        return cell.case.estimator.sample_size
    return None if key is None else cell.parameters.get(key)


def horizontal_value(cell: "Cell", key: str) -> Any:
    """Return a value of a cell on an axis; None for a sample size of 0, which has no place on the axis."""
    return (cell_value(cell, key) or None) if key == SAMPLE_SIZE else cell_value(cell, key)
