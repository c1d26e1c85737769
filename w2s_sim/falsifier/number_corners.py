"""Corners of the `[case]` table: small sizes, numbers at their limits, and all choices of words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from w2s_sim.falsifier.documents import Document
from w2s_sim.statements import Statement
from w2s_sim.statements.contract.parameters import Parameter

Generator = np.random.Generator
# Large factors, and moderate ones: a factor of 1.5 makes a step of 1 only slightly too large.
FACTORS = (1e-3, 1.0 / 30.0, 0.3, 1.5, 3.0, 30.0, 1e3)
# Largest number of random sets of keys to try until one describes an estimator.
DRAWS_OF_KEYS = 20
# The smallest sizes, and larger sizes of which one is added: fixed ones, and sizes just above the number of
# features, where least squares has no moments.
SMALLEST, LARGER, ABOVE_FEATURES = (1, 2, 3), (8, 32), (1, 2, 4, 5)


def small_sizes(document: Document, generator: Generator) -> list[int]:
    """Return a few small sizes (of weak pairs, rounds or steps), and a larger one."""
    dim = document.task.get("dim", 0)
    larger = sorted({*LARGER, *(dim + extra for extra in ABOVE_FEATURES if dim)} - set(SMALLEST))
    return [*SMALLEST, larger[int(generator.integers(len(larger)))]]


def with_sizes(
    document: Document, statement: Statement, sizes: Sequence[int], generator: Generator
) -> Document:
    """Replace every size of the `[case]` table by a random element of `sizes`."""
    whole = [p.name for p in statement.parameters if p.type is int and p.name in document.case]
    return document.with_case(**{name: sizes[int(generator.integers(len(sizes)))] for name in whole})


def number_corners(
    statement: Statement, document: Document, sizes: Sequence[int]
) -> Sequence[Mapping[str, Callable]]:
    """Return the aspects of the `[case]` table: all sizes together, each other number, the choice of keys.

    Args:
        statement: The statement that defines the keys.
        document: The document to change.
        sizes: Possible new sizes; if empty, sizes do not change.
    """
    given = [parameter for parameter in statement.parameters if parameter.name in document.case]
    aspects = [{p.name: _corner(p, sizes)} for p in given if p.type is not int]
    if sizes and len(aspects) < len(given):
        aspects.append({"sizes": lambda d, g: with_sizes(d, statement, sizes, g)})
    if sizes and has_other_estimators(statement):
        aspects.append({"another estimator": lambda d, g: with_other_estimator(d, statement, sizes, g)})
    return aspects


def _corner(parameter: Parameter, sizes: Sequence[int]) -> Callable:
    return lambda d, g: d.with_case(**{parameter.name: _extreme(parameter, sizes, d, g)})


def _is_optional(parameter: Parameter) -> bool:
    return not parameter.required and parameter.default is None


def has_other_estimators(statement: Statement) -> bool:
    """Return whether optional keys choose the estimator."""
    return any(_is_optional(parameter) for parameter in statement.parameters)


def with_other_estimator(
    document: Document, statement: Statement, sizes: Sequence[int], generator: Generator
) -> Document:
    """Replace the optional keys by a random few of them, so that the table describes another estimator.

    Keys may need or exclude one another, so random sets are drawn until one describes an estimator.
    """
    for _ in range(DRAWS_OF_KEYS):
        changed = _other_keys(statement, sizes, document, generator)
        if changed.names_an_estimator(statement):
            return changed
    return document


def _other_keys(
    statement: Statement, sizes: Sequence[int], document: Document, generator: Generator
) -> Document:
    """Replace the optional keys by one to three random ones."""
    optional = [parameter for parameter in statement.parameters if _is_optional(parameter)]
    count = min(len(optional), int(generator.integers(1, 4)))
    chosen = [optional[i] for i in generator.choice(len(optional), count, replace=False)]
    changes: dict[str, Any] = {parameter.name: None for parameter in optional}
    for parameter in chosen:
        changes[parameter.name] = _extreme(parameter, sizes, document, generator)
    return document.with_case(**changes)


def _extreme(parameter: Parameter, sizes: Sequence[int], document: Document, generator: Generator) -> Any:
    if parameter.type is bool:
        return not document.case.get(parameter.name, False)
    if parameter.type is str:
        return parameter.choices[int(generator.integers(len(parameter.choices)))]
    values = sizes if parameter.type is int else _numbers(parameter, document)
    return values[int(generator.integers(len(values)))]


def _numbers(parameter: Parameter, document: Document) -> list[Any]:
    """Return the finite limits of a parameter, and its value times each factor; a list has no limits."""
    if parameter.type is list:
        given = np.asarray(document.case.get(parameter.name, parameter.example))
        return [factor * given for factor in FACTORS]
    given = document.case.get(parameter.name) or parameter.example or 1.0
    ends = [parameter.low] * (not parameter.open_low) + [parameter.high]
    ends = [end for end in ends if np.isfinite(end)]
    return [*ends, *(factor * float(given) for factor in FACTORS)]
