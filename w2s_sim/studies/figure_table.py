"""The `[[figure]]` tables of a study: what is drawn of its results."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from w2s_sim.errors import InputError
from w2s_sim.statements.parameters import unknown_key
from w2s_sim.studies.cell_keys import resolve_key

if TYPE_CHECKING:
    from w2s_sim.studies.study_file import Cell

KEYS = ("name", "x", "y", "colour", "panel", "log_x", "log_y")
MEASURED = ("risk", "prior_kl", "prior_tv", "pgr")
# Not of the file: the weak pairs that an estimator consumes, whatever it calls them.
SAMPLE_SIZE = "sample_size"
MOST_COLOURS, MOST_PANELS = 7, 6


@dataclasses.dataclass(frozen=True)
class StudyFigure:
    """One figure of a study. Keys are columns of its results.

    Attributes:
        name: Of its files.
        x: Key of the horizontal axis.
        y: What is measured: "risk", "prior_kl", "prior_tv" or "pgr".
        colour: Key whose values are curves; None for one curve.
        panel: Key whose values are panels; None for one panel.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the vertical axis is.
    """

    name: str
    x: str
    y: str
    colour: str | None
    panel: str | None
    log_x: bool
    log_y: bool


def read_figures(given: Any, cells: Sequence["Cell"]) -> tuple[StudyFigure, ...]:
    """The figures that a file asks for: one table, or a list of them.

    Raises:
        InputError: If a key is none, or a curve would have two values in one place.
    """
    tables = given if isinstance(given, list) else [given]
    figures = []
    for position, table in enumerate(tables, start=1):
        if not isinstance(table, dict):
            raise InputError("figure", repr(table)[:80], "a table [[figure]]")
        try:
            figures.append(_read_figure(table, position, cells))
        except InputError as error:
            raise error.located("", f"figure[{position}].") from None
    names = [figure.name for figure in figures]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise InputError(f"figure[{position + 1}].name", repr(name), "a name of its own")
    return tuple(figures)


def _read_figure(table: Mapping[str, Any], position: int, cells: Sequence["Cell"]) -> StudyFigure:
    for key in table:
        if key not in KEYS:
            raise unknown_key(key, KEYS)
    name = table.get("name", f"figure-{position}")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}", name):
        raise InputError("name", repr(name)[:100], "letters, digits, - and _")
    y = table.get("y", "risk")
    if y not in MEASURED:
        raise InputError("y", repr(y)[:80], "one of " + ", ".join(MEASURED))
    keys = list(dict.fromkeys(key for cell in cells for key in cell.parameters))
    if "x" not in table:
        raise InputError("x", "nothing", "the key of the horizontal axis")
    x, colour, panel = (_read_key(table, role, [*keys, SAMPLE_SIZE]) for role in ("x", "colour", "panel"))
    assert x is not None
    logs = [table.get(key, False) for key in ("log_x", "log_y")]
    for key, value in zip(("log_x", "log_y"), logs, strict=True):
        if not isinstance(value, bool):
            raise InputError(key, repr(value)[:80], "true or false")
    figure = StudyFigure(name, x, y, colour, panel, *logs)
    _require_drawable(figure, cells)
    return figure


def _read_key(table: Mapping[str, Any], role: str, keys: Sequence[str]) -> str | None:
    if role not in table:
        return None
    if not isinstance(table[role], str):
        raise InputError(role, repr(table[role])[:80], "a key of the cells, such as 'estimator.kind'")
    return resolve_key(role, table[role], keys)


def _require_drawable(figure: StudyFigure, cells: Sequence["Cell"]) -> None:
    seen: dict[tuple[Any, ...], Cell] = {}
    for cell in cells:
        x = cell_value(cell, figure.x)
        if x is None:
            continue
        if isinstance(x, bool) or not isinstance(x, int | float):
            raise InputError("x", f"{figure.x!r}, whose values are no numbers ({x!r})"[:120], "a number")
        if figure.log_x and x <= 0:
            raise InputError("log_x", f"true, with {figure.x} = {x}", "numbers > 0 on a logarithmic axis")
        place = tuple(str(cell_value(cell, key)) for key in (figure.panel, figure.colour) if key)
        other = seen.setdefault((*place, x), cell)
        if other is not cell:
            differing = [
                key
                for key in {**other.parameters, **cell.parameters}
                if other.parameters.get(key) != cell.parameters.get(key)
            ]
            given = f"cells {other.index} and {cell.index} in one place"
            raise InputError("colour", given, f"colour or panel among {', '.join(differing)}")
    for role, most in (("colour", MOST_COLOURS), ("panel", MOST_PANELS)):
        key = getattr(figure, role)
        values = {str(cell_value(cell, key)) for cell in cells if cell_value(cell, figure.x) is not None}
        if key and len(values) > most:
            raise InputError(role, f"{key!r}, which has {len(values)} values", f"at most {most} values")


def cell_value(cell: "Cell", key: str | None) -> Any:
    """A parameter of a cell, or its sample size; None if it has no such."""
    if key == SAMPLE_SIZE:
        return cell.case.estimator.sample_size
    return None if key is None else cell.parameters.get(key)
