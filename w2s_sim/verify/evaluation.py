"""The deterministic parts of a statement on a case; in float64 where the statement is exact."""

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from w2s_sim._checks import described
from w2s_sim.errors import InputError
from w2s_sim.precision import widened
from w2s_sim.rounding import DOUBLE_ROUNDING, SINGLE_ROUNDING
from w2s_sim.statements import Case, Statement

# Roundings of a vector on the way from the concepts to a student.
OPERATIONS = 8


def bound_of(statement: Statement, case: Case[Any]) -> float:
    """The bound."""
    return _number("bound", statement, statement.bound, case)


def exact_value_of(statement: Statement, case: Case[Any]) -> float:
    """The measured quantity of a statement that needs no sampling."""
    assert statement.exact is not None
    return _number("exact", statement, statement.exact, case)


def margin_of(statement: Statement, case: Case[Any]) -> float:
    """The difference that still counts as equal; 0 where there is none."""
    return 0.0 if statement.margin is None else _number("margin", statement, statement.margin, case)


def trivial_of(statement: Statement, case: Case[Any]) -> float | None:
    """The bound that needs no theorem, where there is one."""
    return None if statement.trivial is None else _number("trivial", statement, statement.trivial, case)


def scale_of(statement: Statement, case: Case[Any]) -> float:
    """Size of what the numbers of an exact statement are differences of; 1 where they have no unit."""
    return 1.0 if statement.scale is None else _number("scale", statement, statement.scale, case)


def rounding_of(statement: Statement) -> float:
    """What the numbers of a statement may be off by, relative to their size: that of their precision."""
    in_double = statement.exact is not None or jnp.zeros(()).dtype == jnp.float64
    return DOUBLE_ROUNDING if in_double else SINGLE_ROUNDING


def resolution_of(statement: Statement, case: Case[Any], number: float) -> float:
    """What rounding may change in a sampled number because it is made of vectors much longer than it is.

    Vectors of length L are known to eps L, and so is a distance h of two of them: its square is known to
    2 h eps L + (eps L)^2. Numbers without a unit are made of numbers of their own size.
    """
    if statement.label_power == 0:
        return 0.0
    precision = float(np.finfo(jax.dtypes.canonicalize_dtype(float)).eps)
    error = OPERATIONS * precision * case.task.label_length
    return error if statement.label_power == 1 else 2.0 * abs(number) ** 0.5 * error + error**2


def terms_of(statement: Statement, case: Case[Any]) -> dict[str, float]:
    """The bound's summands; none where they are not told."""
    if statement.terms is None:
        return {}
    return {name: float(term) for name, term in _evaluate(statement, statement.terms, case).items()}


def _number(field: str, statement: Statement, function: Callable[[Case[Any]], Any], case: Case[Any]) -> float:
    """A function of the statement at a case, one number.

    Raises:
        InputError: If it is none.
    """
    value = _evaluate(statement, function, case)
    try:
        return float(value)
    except (TypeError, ValueError):
        where = f"{statement.id}, {case.name}"
        raise InputError(field, described(value), "one number", where) from None


def _evaluate(statement: Statement, function: Callable[[Case[Any]], Any], case: Case[Any]) -> Any:
    # A certificate is no better than its rounding.
    exact = statement.exact is not None
    with jax.enable_x64(True) if exact else contextlib.nullcontext():
        return function(widened(case) if exact else case)


def leaf_name(path: Any) -> str:
    """Name of a number of a case, as in "task.source.noise"."""
    return jax.tree_util.keystr(path, simple=True, separator=".")
