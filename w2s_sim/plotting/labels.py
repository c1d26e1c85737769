"""Labels of a figure: the names of a table's keys, and the text of their values."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import pandas as pd

# By the whole dotted key or its last part: a name for legends, and a name with symbol and unit for axes.
KEY_LABELS = {
    "sample_size": ("weak pairs", "weak pairs consumed"),
    "num_weak": ("weak pairs", "weak pairs, $n$"),
    "num_demonstrations": ("demonstrations", "weak demonstrations in context, $n$"),
    "num_queries": ("queries", "queries that are relabelled, $N$"),
    "ridge": ("ridge", "ridge to the source, $\\eta$"),
    "steps": ("steps", "gradient steps, $t$"),
    "step_size": ("step size", "step size, $\\tau$"),
    "mixing": ("mixing", "label mixing: weight of the model's own labels, $m$"),
    "threshold": ("threshold", "smallest eigenvalue that is followed"),
    "spread": ("spread", "spread of the concept prior, $\\tau$ (label units per feature unit)"),
    "rounds": ("rounds", "rounds of refinement, $T$"),
    "dim": ("features", "number of features, $d$"),
    "num_concepts": ("concepts", "number of concepts, $K$"),
    "length": ("length", "symbols of a sequence, $L$"),
    "share": ("weak share", "share of the weak symbols that are replaced"),
    "bias": ("weak bias", "bias of the weak model, $\\kappa$ (label units)"),
    "task.noise": ("noise", "label noise, $\\sigma$ (label units)"),
    "task.weak.noise": ("weak noise", "weak label noise, $\\sigma'$ (label units)"),
}
LONGEST_VALUE = 32


def short_label(key: str) -> str:
    """Return the name of a key in a legend: "weak degrees of freedom" for "task.weak.degrees_of_freedom"."""
    tables, _, last = key.rpartition(".")
    named = KEY_LABELS.get(key) or KEY_LABELS.get(last)
    if named:
        return named[0]
    spelled = last.replace("_", " ")
    return f"weak {spelled}" if tables.endswith("weak") else spelled


def axis_label(key: str) -> str:
    """Return the name of a key on an axis, with symbol and unit if they are known."""
    named = KEY_LABELS.get(key) or KEY_LABELS.get(key.rpartition(".")[2])
    return named[1] if named else short_label(key)


def distinct_values(column: pd.Series) -> list[Any]:
    """Return a column's distinct values: numbers sorted, others as they appear; None last for missing."""
    values = column.dropna().unique().tolist()
    if all(isinstance(value, Real) for value in values):
        values.sort()
    return [*values, None] if column.isna().any() else values


def value_labels(table: pd.DataFrame, key: str, values: Sequence[Any]) -> list[str]:
    """Return distinct labels of the values of a key, such as "ridge = 0.3", "refine", "no ridge".

    Rows that lack the key are named after the kind of the table that lacks it, if all have the same kind.
    """
    labels = [
        _value_label(table, key, value, f"{value:g}" if _fractional(value) else None) for value in values
    ]
    if len(set(labels)) < len(labels):
        labels = [_value_label(table, key, value, None) for value in values]
    return [
        f"{label} ({labels[: place + 1].count(label)})" if labels.count(label) > 1 else label
        for place, label in enumerate(labels)
    ]


def _value_label(table: pd.DataFrame, key: str, value: Any, written: str | None) -> str:
    tables, _, last = key.rpartition(".")
    if value is None:
        kinds = table.loc[table[key].isna(), f"{tables}.kind"] if f"{tables}.kind" in table else ()
        alone = set(kinds)
        return _plain(alone.pop()) if len(alone) == 1 else f"no {short_label(key)}"
    if last in ("kind", "label"):
        return _plain(value)
    whole = isinstance(value, float) and value.is_integer()
    return f"{short_label(key)} = {written or _plain(int(value) if whole else value)}"


def _fractional(value: Any) -> bool:
    # A column of integers with missing entries may hold them as floats, such as 50.0.
    return isinstance(value, float) and not value.is_integer()


def _plain(value: Any) -> str:
    """Return a value as text of limited length, with dollar signs escaped so that they start no formula."""
    text = str(value)
    return (text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…").replace("$", r"\$")
