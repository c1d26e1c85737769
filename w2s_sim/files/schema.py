"""The JSON schema of study files, generated from the parameters that the loader checks.

Editors complete and explain the keys of a file whose first line is `#:schema PATH`. The loader refuses every
file that the schema refuses (except for kinds that only cells excluded by a condition have), and others
besides, such as files with priors that do not sum to 1. To regenerate the shipped file:

    python -m w2s_sim.files.schema > w2s_sim/files/study.schema.json
"""

import importlib.resources
import json
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_sim.files.baseline_table import HELP as BASELINE_HELP
from w2s_sim.files.condition import LONGEST_TEXT, MOST_CONDITIONS
from w2s_sim.files.estimator_table import (
    ALIASES,
    LABEL,
    LABEL_HELP,
    LONGEST_LABEL,
)
from w2s_sim.files.figure_table import (
    DEFAULT_FORMATS,
    KEY_HELP,
    LONGEST_TITLE,
    MEASURED,
    NAME_PATTERN,
    TEXTS,
)
from w2s_sim.files.picture_keys import FORMATS, NARROWEST, WIDEST, WIDTHS
from w2s_sim.files.study_file import MOST_FIGURES, REPLICATION
from w2s_sim.files.sweep import MODE
from w2s_sim.files.task_table import DEFAULT_KIND, example_tasks, read_task, task_parameters, weak_parameters
from w2s_sim.plugins import EstimatorKind, registry
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.tasks.metric_labels import metric_names

Schema = dict[str, Any]

TYPES = {int: "integer", float: "number", bool: "boolean"}
WHERE = "condition on cells, such as 'estimator.num_weak >= 2 * task.dim', or a list that all have to hold"


def study_schema() -> Schema:
    """Return the schema, in draft 2020-12.

    The schema is written for editors. It has no references, no `allOf` and no `if`, which some editors cannot
    follow; branches have descriptions, because a description beside branches is not shown.
    """
    figure, drawn = _figure(), {"description": "Figures of the results."}
    tables = {
        "task": _task(),
        "estimator": {
            "type": "array",
            "items": _estimator(),
            "minItems": 1,
            "description": "Learners to compare, one table each; lists are swept.",
        },
        "replication": _replication(),
        "baseline": {"type": "object", "minProperties": 1, "description": BASELINE_HELP},
        "sweep": _sweep(),
        "figure": {
            "anyOf": [
                {"type": "array", "items": figure, "maxItems": MOST_FIGURES, **drawn},
                {**figure, **drawn},
            ],
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "w2s-sim study",
        "description": "A task and estimators whose lists are swept, their replicates, and the figures.",
        **_table(tables, ("task", "estimator", "replication")),
    }


def schema_path() -> Path:
    """Return the path of the schema file that comes with the package."""
    return Path(str(importlib.resources.files("w2s_sim.files") / "study.schema.json"))


def schema_text() -> str:
    """Return the text of the schema file, which the shipped file must equal."""
    return json.dumps(study_schema(), indent=1) + "\n"


def _table(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """Return the schema of a table that has these keys and no others."""
    needed = list(required)
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
    }


def _list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema, "minItems": 1}


def _value(parameter: Parameter) -> Schema:
    """Return the schema of one value of a parameter, without description."""
    if parameter.type is str:
        return {"type": "string", "enum": list(parameter.choices)}
    if parameter.type is list:
        schema: Schema = {"type": "number"}
        for _ in range(parameter.depth):
            schema = _list_of(schema)
        return schema
    lowest = "exclusiveMinimum" if parameter.open_low else "minimum"
    limits = {lowest: parameter.low, "maximum": parameter.high}
    return {"type": TYPES[parameter.type], **{k: v for k, v in limits.items() if math.isfinite(v)}}


def _explained(schema: Schema, parameter: Parameter) -> Schema:
    """Add the texts that editors show: the help, and the default of the key."""
    default = {} if parameter.default is None else {"default": parameter.default}
    return {**schema, "description": parameter.help, **default}


def _key(parameter: Parameter, swept: bool) -> Schema:
    """Return the schema of a key: a value, or if `swept` also a list of values."""
    value = _value(parameter)
    if not swept:
        return _explained(value, parameter)
    if parameter.type in TYPES:
        # Limits apply to numbers and `items` to lists, so one branch can describe both.
        return _explained({**value, **_list_of(value), "type": [value["type"], "array"]}, parameter)
    return {"anyOf": [_explained(branch, parameter) for branch in (value, _list_of(value))]}


def _keys(parameters: Iterable[Parameter], swept: bool = True) -> dict[str, Schema]:
    return {parameter.name: _key(parameter, swept) for parameter in parameters}


def _kind(kinds: Sequence[str], explanation: str, swept: bool = True) -> Schema:
    return _key(Parameter("kind", str, explanation, choices=tuple(kinds)), swept)


def _one_of_kinds(kind: Schema, branches: Sequence[Schema]) -> Schema:
    """Return the schema of a table that is of one of several kinds.

    Each branch lists the keys of one kind; `kind` has its own schema, so that an unknown kind is reported.
    """
    return {"type": "object", "properties": {"kind": kind}, "oneOf": list(branches)}


def _task() -> Schema:
    branches = []
    kinds = registry().tasks
    for kind, own in kinds.items():
        parameters = [parameter for parameter in task_parameters(kind) if parameter.name != "kind"]
        properties = {
            "kind": _kind([kind], "family of concepts"),
            **_keys(parameters),
        }
        required = [parameter.name for parameter in parameters if parameter.required]
        if own.weak_parameters:
            # A list of whole weak models is swept like any other list; lists inside it are not.
            several = {**_list_of(_weak(kind, swept=False)), "description": "Weak models to compare."}
            properties["weak"] = {"anyOf": [_weak(kind, swept=True), several]}
            required.append("weak")
        first = [] if kind == DEFAULT_KIND else ["kind"]
        branches.append({"title": kind, **_table(properties, [*first, *required])})
    families = _kind(tuple(kinds), f"family of concepts; {DEFAULT_KIND} when left out")
    return {"description": "The problem: concepts, priors, weak model.", **_one_of_kinds(families, branches)}


def _weak(task_kind: str, swept: bool) -> Schema:
    """Return the schema of the weak model; kinds with the same keys share a branch, so they can be swept."""
    own = registry().tasks[task_kind]
    weak_keys, described = own.weak_keys, {"description": "The weak model that labels the data."}
    if not weak_keys:
        keys = _keys(own.weak_parameters, swept)
        return {**described, **_table(keys, [p.name for p in own.weak_parameters if p.required])}
    ruled = {key for needed, allowed in weak_keys.values() for key in needed + allowed}
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for kind, keys in weak_keys.items():
        alike.setdefault(keys, []).append(kind)
    branches = []
    for (needed, allowed), kinds in alike.items():
        others = ruled.difference(needed, allowed) | {"kind"}
        parameters = [p for p in weak_parameters(task_kind) if p.name not in others]
        properties = {"kind": _kind(kinds, "kind of weak model", swept), **_keys(parameters, swept)}
        branches.append({"title": ", ".join(kinds), **_table(properties, ["kind", *needed])})
    kind = _kind(tuple(weak_keys), "kind of weak model", swept)
    return {
        **described,
        **_one_of_kinds(kind, branches),
        "required": ["kind"],
    }


def _estimator() -> Schema:
    kinds = registry().estimators
    branches = [_estimator_of(entry) for entry in kinds.values()]
    return {**_one_of_kinds(_kind(tuple(kinds), "kind of estimator", False), branches), "required": ["kind"]}


def _estimator_of(entry: EstimatorKind) -> Schema:
    kind, explanation = entry.name, _for_concepts(entry)
    keys = _keys(entry.parameters)
    aliases = {alias: name for alias, name in ALIASES.items() if name in keys}
    properties = {
        "kind": _kind([kind], explanation, False),
        LABEL: {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL, "description": LABEL_HELP},
        **keys,
        **{alias: keys[name] for alias, name in aliases.items()},
    }
    needed = [parameter.name for parameter in entry.parameters if parameter.required]
    plain = [name for name in needed if name not in aliases.values()]
    # One name of each required key with an alias: no kind has two such keys, which `oneOf` cannot express.
    named = [{"required": [n]} for pair in aliases.items() if pair[1] in needed for n in pair[::-1]]
    rules: Schema = {"oneOf": named} if named else {}
    if entry.needs:
        rules["dependentRequired"] = {key: [needed] for key, needed in entry.needs.items()}
    return {"title": kind, "description": explanation, **_table(properties, ["kind", *plain]), **rules}


def _for_concepts(entry: EstimatorKind) -> str:
    kinds = registry().tasks
    names = [name for name, kind in kinds.items() if entry.is_for(kind)]
    return "for all concepts" if len(names) == len(kinds) else f"for {', '.join(names)} concepts"


def _measured() -> list[str]:
    """Return the metrics that figures can show: those of the package's tasks and of plugins' tasks."""
    kinds = [kind.name for plugin in registry().plugins for kind in plugin.tasks]
    tasks = [read_task(tomllib.loads(example_tasks(kind)[0])["task"]) for kind in kinds]
    return list(dict.fromkeys((*MEASURED, *metric_names(tasks))))


def _replication() -> Schema:
    enough = [{"required": ["replicates"]}, {"required": ["target_relative_se"]}]
    return {
        "description": "Number of replicates of every cell.",
        **_table(_keys(REPLICATION, swept=False)),
        "anyOf": enough,
    }


def _sweep() -> Schema:
    text = {"type": "string", "maxLength": LONGEST_TEXT}
    several = {**_list_of(text), "maxItems": MOST_CONDITIONS}
    where = {**text, **several, "type": ["string", "array"], "description": WHERE}
    return {
        "description": "How lists are combined, and which combinations are left out.",
        **_table({"mode": _key(MODE, swept=False), "where": where}),
    }


def _figure() -> Schema:
    values: dict[str, Schema] = {
        "name": {"type": "string", "pattern": f"^{NAME_PATTERN}$"},
        "y": {"type": "string", "enum": _measured(), "default": "risk"},
        **{key: {"type": "string"} for key in ("x", "colour", "panel")},
        **{key: {"type": "boolean", "default": False} for key in ("log_x", "log_y")},
        "order": {"type": "array", "minItems": 1},
        **{key: {"type": "string", "maxLength": LONGEST_TITLE} for key in TEXTS},
        "width": {
            "anyOf": [
                {"type": "string", "enum": list(WIDTHS)},
                {"type": "number", "minimum": NARROWEST, "maximum": WIDEST},
            ]
        },
        "format": {
            "anyOf": [{"type": "string", "enum": list(FORMATS)}, _list_of({"enum": list(FORMATS)})],
            "default": list(DEFAULT_FORMATS),
        },
    }
    return _table({key: _described(values[key], text) for key, text in KEY_HELP.items()}, ["x"])


def _described(schema: Schema, text: str) -> Schema:
    """Add a description; editors do not show it beside branches, which get it instead."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [{**branch, "description": text} for branch in schema["anyOf"]]}
    return {**schema, "description": text}


if __name__ == "__main__":
    print(schema_text(), end="")
