"""Conditions on the parameters of a cell, such as "estimator.num_weak >= 2 * task.dim"."""

import ast
import dataclasses
import operator
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from simpleeval import DEFAULT_OPERATORS, EvalWithCompoundTypes

from w2s_sim.errors import InputError, shown
from w2s_sim.files.cell_keys import resolve_key

FIELD = "sweep.where"
FUNCTIONS = {"min": min, "max": max, "abs": abs, "len": len}
EXPECTED = "a condition on keys of a cell, such as 'estimator.num_weak >= 2 * task.dim'"
LONGEST_TEXT, DEEPEST_TREE, MOST_CONDITIONS = 1000, 40, 100
# Largest number of bits of a power of whole numbers.
LARGEST_POWER = 4096
NODES = (
    *(ast.Expression, ast.Load, ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.List, ast.Tuple),
    *(ast.Call, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.IfExp),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
)


def _power(base: float, exponent: float) -> Any:
    if isinstance(base, int) and base.bit_length() * abs(exponent) > LARGEST_POWER:
        raise OverflowError("too large a power")
    return base**exponent


def _of_numbers(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Restrict an operation to numbers, since Python also repeats, joins and formats texts and lists."""

    def checked(left: Any, right: Any) -> Any:
        for value in (left, right):
            if not isinstance(value, int | float):
                raise TypeError(f"{shown(value)} is no number")
        return operation(left, right)

    return checked


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
OPERATORS = DEFAULT_OPERATORS | {kind: _of_numbers(operation) for kind, operation in ARITHMETIC.items()}


@dataclasses.dataclass(frozen=True)
class Condition:
    """A condition that the cells of a study must fulfil.

    Attributes:
        text: The condition as written in the file.
        keys: The keys of cells in the condition.
        tree: The parsed text, with the names "key0", "key1", ... in place of the keys.
        known: Results so far, by the values of the keys: many cells share the same values.
    """

    text: str
    keys: tuple[str, ...]
    tree: ast.expr
    known: dict[Hashable, bool] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether a cell fulfils the condition; True for a cell that lacks one of the keys.

        Raises:
            InputError: If the condition cannot be evaluated, or its value is not a boolean.
        """
        if not all(key in parameters for key in self.keys):
            return True
        values = [parameters[key] for key in self.keys]
        # Look values up by their text: 1 and 1.0 are equal but differ in type, and lists are not hashable.
        said = tuple(map(repr, values))
        if said not in self.known:
            self.known[said] = self._evaluate(values)
        return self.known[said]

    def _evaluate(self, values: Sequence[Any]) -> bool:
        names = {f"key{index}": value for index, value in enumerate(values)}
        evaluator = EvalWithCompoundTypes(OPERATORS, dict(FUNCTIONS), names)
        where = ", ".join(f"{key} = {shown(value)}" for key, value in zip(self.keys, values, strict=True))
        try:
            value = evaluator.eval(self.text, self.tree)
        except Exception as error:
            # simpleeval raises its own errors for forbidden expressions, Python others for wrong types.
            # The last argument is the text: an OverflowError has a number before it.
            reason = error.args[-1] if error.args else type(error).__name__
            raise InputError(FIELD, f"{shown(self.text)} ({reason}) at {where}", EXPECTED) from None
        if not isinstance(value, bool):
            raise InputError(FIELD, f"{shown(self.text)}, which is {shown(value)} at {where}", EXPECTED)
        return value


def read_conditions(given: Any, keys: Sequence[str]) -> tuple[Condition, ...]:
    """Read the conditions of a file: a text, or a list of texts that must all hold.

    Args:
        given: The value in the file.
        keys: The keys of the cells.

    Raises:
        InputError: If a condition is not a text, cannot be parsed, or names a key that no cell has.
    """
    texts = given if isinstance(given, list) else [given]
    if not texts:
        raise InputError(FIELD, "an empty list", EXPECTED)
    if len(texts) > MOST_CONDITIONS:
        raise InputError(FIELD, f"{len(texts):,} conditions", f"at most {MOST_CONDITIONS}")
    return tuple(_read_condition(text, keys) for text in texts)


def _read_condition(text: Any, keys: Sequence[str]) -> Condition:
    if not isinstance(text, str):
        raise InputError(FIELD, shown(text), EXPECTED)
    if len(text) > LONGEST_TEXT:
        raise InputError(FIELD, f"{len(text):,} characters", f"at most {LONGEST_TEXT:,}, or a list of texts")
    try:
        with warnings.catch_warnings():
            # Python warns about escapes and comparisons in a text that was not written as Python.
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(FIELD, shown(text), EXPECTED) from None
    _require_plain(tree, text)
    names = _Names(keys)
    body = names.visit(tree.body)
    if not names.found:
        raise InputError(FIELD, f"{shown(text)}, which contains no key", EXPECTED)
    return Condition(text.strip(), tuple(names.found), body)


def _require_plain(tree: ast.AST, text: str) -> None:
    """Refuse everything but arithmetic, comparisons and logic, before any of the text is evaluated."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST_TREE):
        for node in level:
            if not isinstance(node, NODES) or not _is_plain(node):
                given = f"{shown(text)}, in which {type(node).__name__} is not allowed"
                raise InputError(FIELD, given, f"{EXPECTED}; of functions {', '.join(FUNCTIONS)}")
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise InputError(FIELD, f"{shown(text)}, nested more than {DEEPEST_TREE} deep", EXPECTED)


def _is_plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
    if isinstance(node, ast.Attribute):
        return _dotted(node) is not None
    return not isinstance(node, ast.Constant) or isinstance(node.value, bool | int | float | str)


class _Names(ast.NodeTransformer):
    """Replace every dotted name by a plain name, and collect the keys that the names refer to."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = keys
        self.found: list[str] = []

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._named(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._named(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # The name of a function is not a key.
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], [])

    def _named(self, node: ast.AST) -> ast.Name:
        key = resolve_key(FIELD, _dotted(node) or "", self.keys)
        if key not in self.found:
            self.found.append(key)
        return ast.Name(f"key{self.found.index(key)}", ast.Load())


def _dotted(node: ast.AST) -> str | None:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None
