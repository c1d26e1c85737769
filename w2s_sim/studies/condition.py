"""Conditions on the parameters of a cell, such as "estimator.num_weak >= 2 * task.dim"."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from simpleeval import SimpleEval

from w2s_sim.errors import InputError
from w2s_sim.studies.cell_keys import resolve_key

FIELD = "sweep.where"
FUNCTIONS = {"min": min, "max": max, "abs": abs, "len": len}
EXPECTED = "a condition on keys of a cell, such as 'estimator.num_weak >= 2 * task.dim'"


@dataclasses.dataclass(frozen=True)
class Condition:
    """What the cells of a study have to fulfil.

    Attributes:
        text: As in the file.
        keys: The keys that it speaks of, by the names that it gives them.
    """

    text: str
    keys: Mapping[str, str]

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a cell fulfils it. A cell that lacks one of its keys is none of its business.

        Raises:
            InputError: If it cannot be evaluated, or is neither true nor false.
        """
        if not all(key in parameters for key in self.keys.values()):
            return True
        names: dict[str, Any] = {}
        for name, key in self.keys.items():
            *tables, last = name.split(".")
            place = names
            for table in tables:
                place = place.setdefault(table, {})
            place[last] = parameters[key]
        try:
            value = SimpleEval(names=names, functions=FUNCTIONS).eval(self.text)
        except Exception as error:
            # simpleeval raises its own errors for what it forbids, Python others for what types do not allow.
            raise InputError(FIELD, f"{self.text!r} ({error})", EXPECTED) from None
        if not isinstance(value, bool):
            raise InputError(FIELD, f"{self.text!r}, which is {value!r}", EXPECTED)
        return value


def read_conditions(given: Any, keys: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions in a file: a text, or a list of texts that all have to hold.

    Args:
        given: What the file says.
        keys: Those that cells have.

    Raises:
        InputError: If one is no text, cannot be read, or speaks of keys that no cell has.
    """
    texts = given if isinstance(given, list) else [given]
    return tuple(_read_condition(text, keys) for text in texts)


def _read_condition(text: Any, keys: Sequence[str]) -> Condition:
    if not isinstance(text, str):
        raise InputError(FIELD, repr(text)[:80], EXPECTED)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(FIELD, repr(text)[:80], EXPECTED) from None
    names = list(dict.fromkeys(_names(tree)))
    if not names:
        raise InputError(FIELD, f"{text!r}, which speaks of no key", EXPECTED)
    return Condition(text.strip(), {name: resolve_key(FIELD, name, keys) for name in names})


def _names(node: ast.AST) -> list[str]:
    """Dotted names in an expression; names of functions left out."""
    name = _dotted(node)
    if name is not None:
        return [name]
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        children.remove(node.func)
    return [name for child in children for name in _names(child)]


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        table = _dotted(node.value)
        return None if table is None else f"{table}.{node.attr}"
    return None
