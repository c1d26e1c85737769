"""Formatting keys and values as TOML."""

from typing import Any

import numpy as np

from w2s_sim.statements.contract.parameters import Parameter

# Column of the comments in example files.
COMMENTS_AT = 43


def value_text(value: Any) -> str:
    """Format a value: a text, a number, or an array as nested lists."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int) or (isinstance(value, list) and all(type(entry) is int for entry in value)):
        return str(value)
    array = np.asarray(value)
    if array.ndim == 0:
        return _number_text(array)
    if array.ndim == 1:
        return "[" + ", ".join(_number_text(entry) for entry in array) + "]"
    rows = ",\n    ".join(value_text(row) for row in array)
    return f"[\n    {rows},\n]"


def _number_text(number: Any) -> str:
    """Format a float with the fewest digits that give the same number in its precision."""
    text = str(number if np.issubdtype(number.dtype, np.floating) else float(number))
    return text if set(text) & set(".en") else text + ".0"


def table_text(name: str, table: dict[str, Any]) -> str:
    """Format a table, one line per key."""
    lines = [f"[{name}]"] + [f"{key} = {value_text(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def key_line(parameter: Parameter) -> str:
    """Format a key of an example file with its explanation; a key without example value is commented out."""
    shown = parameter.example if parameter.example is not None else parameter.default
    if shown is None and parameter.choices:
        shown = parameter.choices[0]
    if shown is None:
        text = "..."
    elif isinstance(shown, bool):
        text = str(shown).lower()
    else:
        text = f'"{shown}"' if isinstance(shown, str) else str(shown)
    prefix = "" if parameter.example is not None else "# "
    comment = parameter.help + (f": {', '.join(parameter.choices)}" if parameter.choices else "")
    return f"{prefix}{parameter.name} = {text}".ljust(COMMENTS_AT) + f"# {comment}"
