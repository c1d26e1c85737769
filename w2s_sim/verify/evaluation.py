"""Evaluates the deterministic parts of a statement at a case; in float64 if the statement is exact."""

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

# Number of rounded vector operations between the concept vectors and a student.
OPERATIONS = 8


def bound_of(statement: Statement, case: Case[Any]) -> float:
    """Return the bound of the statement at the case."""
    return _number("bound", statement, statement.bound, case)


def exact_value_of(statement: Statement, case: Case[Any]) -> float:
    """Return the measured quantity of a statement that needs no sampling."""
    assert statement.exact is not None
    return _number("exact", statement, statement.exact, case)


def margin_of(statement: Statement, case: Case[Any]) -> float:
    """Return the largest difference that still counts as equal; 0 if the statement declares no margin."""
    return 0.0 if statement.margin is None else _number("margin", statement, statement.margin, case)


def trivial_of(statement: Statement, case: Case[Any]) -> float | None:
    """Return the bound that holds without the theorem; None if the statement declares none."""
    return None if statement.trivial is None else _number("trivial", statement, statement.trivial, case)


def scale_of(statement: Statement, case: Case[Any]) -> float:
    """Return the size of the terms whose differences an exact statement compares; 1 if they have no unit."""
    return 1.0 if statement.scale is None else _number("scale", statement, statement.scale, case)


def rounding_of(statement: Statement) -> float:
    """Return the relative rounding error of the statement's numbers in the precision they are computed in."""
    in_double = statement.exact is not None or jnp.zeros(()).dtype == jnp.float64
    return DOUBLE_ROUNDING if in_double else SINGLE_ROUNDING


def resolution_of(statement: Statement, case: Case[Any], number: float) -> float:
    """Return the absolute rounding error of a sampled number that is computed from much longer vectors.

    Vectors of length L have rounding error eps L, and so has the distance h of two of them; the error of its
    square is 2 h eps L + (eps L)^2. The error is 0 for numbers without a unit: they are computed from numbers
    of their own size.
    """
    if statement.label_power == 0:
        return 0.0
    precision = float(np.finfo(jax.dtypes.canonicalize_dtype(float)).eps)
    error = OPERATIONS * precision * case.task.label_length
    return error if statement.label_power == 1 else 2.0 * abs(number) ** 0.5 * error + error**2


def terms_of(statement: Statement, case: Case[Any]) -> dict[str, float]:
    """Return the summands of the bound by name; empty if the statement does not declare them."""
    if statement.terms is None:
        return {}
    return {name: float(term) for name, term in _evaluate(statement, statement.terms, case).items()}


def _number(field: str, statement: Statement, function: Callable[[Case[Any]], Any], case: Case[Any]) -> float:
    """Evaluate a function of the statement at a case, as one number.

    Raises:
        InputError: If its value is not one number.
    """
    value = _evaluate(statement, function, case)
    try:
        return float(value)
    except (TypeError, ValueError):
        where = f"{statement.id}, {case.name}"
        raise InputError(field, described(value), "one number", where) from None


def _evaluate(statement: Statement, function: Callable[[Case[Any]], Any], case: Case[Any]) -> Any:
    # An exact statement certifies its bound only up to rounding, so it is evaluated in float64.
    exact = statement.exact is not None
    with jax.enable_x64(True) if exact else contextlib.nullcontext():
        return function(widened(case) if exact else case)


def leaf_name(path: Any) -> str:
    """Return the dotted name of a leaf of a case, such as "task.source.noise"."""
    return jax.tree_util.keystr(path, simple=True, separator=".")
