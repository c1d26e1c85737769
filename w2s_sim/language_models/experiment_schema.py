"""The JSON schema of files of experiments, from the fields of their settings.

Editors complete and check the keys of a file whose first line is `#:schema PATH`. The loader refuses every
file that the schema refuses, and others besides, such as files with a number out of range.
"""

import dataclasses
import typing
from typing import Any, Literal

from w2s_sim.language_models.experiment_file import EXPERIMENTS, text_keys

TYPES = {int: "integer", float: "number", str: "string"}


def experiment_schema() -> dict[str, Any]:
    """Return the schema: one of the experiments with its settings, and perhaps texts."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Experiment with a language model (w2s lm run)",
        "oneOf": [_experiment(kind) for kind in EXPERIMENTS],
    }


def _experiment(kind: str) -> dict[str, Any]:
    texts = _table({key: {"type": "string"} for key in text_keys(kind)})
    return {**_table({kind: _settings(EXPERIMENTS[kind][0]), "texts": texts}), "required": [kind]}


def _settings(kind: type[Any]) -> dict[str, Any]:
    """Return the schema of the settings, each with the explanation in the docstring of its class."""
    hints = typing.get_type_hints(kind)
    explained = _explanations(kind.__doc__ or "")
    return _table(
        {
            field.name: {
                **_of(hints[field.name]),
                "default": _plain(field.default),
                "description": explained[field.name],
            }
            for field in dataclasses.fields(kind)
        }
    )


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _of(hint: Any) -> dict[str, Any]:
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _of(typing.get_args(hint)[0])}
    if typing.get_origin(hint) is Literal:
        return {"enum": list(typing.get_args(hint))}
    return {"type": TYPES[hint]}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _explanations(docstring: str) -> dict[str, str]:
    """Return what a docstring says of every attribute, by its name."""
    found: dict[str, str] = {}
    for line in docstring.partition("Attributes:")[2].splitlines():
        name, colon, text = line.strip().partition(": ")
        if colon and name.isidentifier():
            found[name] = text
        elif line.strip() and found:
            found[list(found)[-1]] += f" {line.strip()}"
    return found
