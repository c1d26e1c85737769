"""Mutants: altered versions of a statement, derived from the statement automatically.

The bound is scaled, raised to a power, stripped of a term or evaluated at other numbers than the case's own;
its direction is reversed; a functional of several means is changed. The sampled quantity stays the same.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.fields import Role, role_of
from w2s_sim.statements import Case, Kind, Statement
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.verify.evaluation import bound_of, leaf_name, terms_of

# Factors for the bound. For one-sided bounds, the first factors claim slightly more than the theorem, the
# last factors far more.
FACTORS: Mapping[Kind, tuple[float, ...]] = {
    "upper": (0.97, 0.9, 0.75, 0.5, 0.1),
    "lower": (1.03, 1.1, 1.33, 2.0, 10.0),
    "equality": (0.5, 0.9, 0.95, 1.05, 1.1, 2.0),
    "rate": (0.5, 0.9, 0.95, 1.05, 1.1, 2.0),
}
Change = Callable[[Case[Any]], Case[Any]]
MeansChange = Callable[[Float[np.ndarray, " r"]], Float[np.ndarray, " r"]]
# Changes of a functional: raise all means to a power, or set one mean to zero. Each change maps 0 to 0.
CHANGES_OF_MEANS: tuple[tuple[str, MeansChange], ...] = (
    ("means squared", np.square),
    ("roots of the means", lambda means: np.sqrt(np.maximum(means, 0.0))),
    ("without the first mean", lambda means: np.concatenate([[0.0], means[1:]])),
    ("without the last mean", lambda means: np.concatenate([means[:-1], [0.0]])),
)


@dataclasses.dataclass(frozen=True)
class Mutant:
    """An altered claim.

    Attributes:
        name: Description of the change.
        kind: Direction of the altered claim.
        bound: The altered bound, a function of the case and of the statement's bound there; nan if the mutant
            claims nothing at the case.
        means: For a functional of several means, the change of the means before the functional is applied.
    """

    name: str
    kind: Kind
    bound: Callable[[Case[Any], float], float]
    means: MeansChange | None = None


def mutants_of(statement: Statement, cases: Sequence[Case[Any]]) -> list[Mutant]:
    """Return every mutant of a statement, for the given cases."""
    kind = statement.kind
    mutants = [
        Mutant(f"bound x {factor:g}", kind, lambda _, bound, f=factor: f * bound) for factor in FACTORS[kind]
    ]
    mutants += [
        Mutant(name, kind, lambda _, bound, p=power: bound**p if bound > 0 else math.nan)
        for name, power in (("exponent halved", 0.5), ("exponent doubled", 2.0))
    ]
    mutants.append(Mutant("sign of the bound changed", kind, lambda _, bound: -bound))
    if not statement.is_equality:
        turned: Kind = "lower" if kind == "upper" else "upper"
        mutants.append(Mutant("direction turned round", turned, lambda _, bound: bound))
    if statement.functional is not None:
        mutants += [Mutant(name, kind, lambda _, bound: bound, change) for name, change in CHANGES_OF_MEANS]
    terms = {id(case): terms_of(statement, case) for case in cases}
    names = dict.fromkeys(name for parts in terms.values() for name in parts)
    mutants += [
        Mutant(
            f"without the term: {name}",
            kind,
            lambda case, bound, n=name: bound - terms[id(case)].get(n, math.nan),
        )
        for name in names
    ]
    changes = {id(case): dict(_changes(case)) for case in cases}
    names = dict.fromkeys(name for known in changes.values() for name in known)
    mutants += [
        Mutant(f"bound at {name}", kind, _at_changed_case(statement, changes, name)) for name in names
    ]
    return mutants


def _at_changed_case(
    statement: Statement, changes: Mapping[int, Mapping[str, Change]], name: str
) -> Callable[[Case[Any], float], float]:
    def bound(case: Case[Any], _: float) -> float:
        change = changes[id(case)].get(name)
        if change is None:
            return math.nan
        try:
            return bound_of(statement, change(case))
        except InputError:
            # The changed numbers are no valid case: the mutant claims nothing here.
            return math.nan

    return bound


def _changes(case: Case[Any]) -> Iterator[tuple[str, Change]]:
    """Yield named changes of a case: of each of its arrays, the weak bias, and the estimator's sizes."""
    for index, (path, leaf) in enumerate(jax.tree_util.tree_leaves_with_path(case)):
        if not eqx.is_inexact_array(leaf):
            continue
        name = leaf_name(path).removeprefix("task.")
        match role_of(case, path):
            case Role.PROBABILITY:
                yield f"{name} flattened", lambda case, i=index: _with_leaf(case, i, _flattened)
                yield f"{name} sharpened", lambda case, i=index: _with_leaf(case, i, _sharpened)
            case Role.SCALE | Role.ENTRIES:
                for factor, word in ((0.5, "half"), (2.0, "twice")):
                    change = partial(np.multiply, factor)
                    yield f"{word} the {name}", lambda case, i=index, c=change: _with_leaf(case, i, c)
    for factor, word in ((0.5, "half"), (2.0, "twice")):
        if isinstance(case.task, TransferTask):
            yield f"{word} the weak bias", lambda case, f=factor: _with_bias(case, f)
        for path in _size_paths(case.estimator):
            name = ".".join(path)
            yield f"{word} the {name}", lambda case, p=path, f=factor: _with_size(case, p, f)


def _flattened(values: Any) -> Any:
    """Return the average of the probabilities and the uniform distribution."""
    return 0.5 * (values + 1.0 / values.shape[-1])


def _sharpened(values: Any) -> Any:
    """Return the probabilities squared and normalised."""
    return values**2 / (values**2).sum(axis=-1, keepdims=True)


def _with_leaf(case: Case[Any], index: int, change: Callable[[Any], Any]) -> Case[Any]:
    leaves, structure = jax.tree.flatten(case)
    # NumPy needs no program for each shape. Numbers that overflow make a mutant without a finite bound.
    with np.errstate(all="ignore"):
        leaves[index] = jnp.asarray(change(np.asarray(leaves[index])))
    return jax.tree.unflatten(structure, leaves)


def _with_bias(case: Case[TransferTask], factor: float) -> Case[TransferTask]:
    concepts, weak = np.asarray(case.task.source.vectors), np.asarray(case.task.supervisor.vectors)
    with np.errstate(all="ignore"):
        vectors = jnp.asarray(concepts + factor * (weak - concepts))
    return eqx.tree_at(lambda c: c.task.supervisor.vectors, case, vectors)


def _size_paths(estimator: Any) -> Iterator[tuple[str, ...]]:
    """Yield the field paths of an estimator's integers, including those of nested estimators."""
    for field in dataclasses.fields(estimator):
        value = getattr(estimator, field.name)
        if isinstance(value, eqx.Module):
            yield from ((field.name, *rest) for rest in _size_paths(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            yield (field.name,)


def _with_size(case: Case[Any], path: tuple[str, ...], factor: float) -> Case[Any]:
    def changed(module: Any, path: tuple[str, ...]) -> Any:
        name, *rest = path
        value = getattr(module, name)
        new = changed(value, tuple(rest)) if rest else max(1, round(factor * value))
        return dataclasses.replace(module, **{name: new})

    return dataclasses.replace(case, estimator=changed(case.estimator, path))
