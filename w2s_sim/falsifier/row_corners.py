"""Corners of finite concepts: probabilities with zeros, almost certain, powers of two, or equal."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from w2s_sim.falsifier.documents import Document

Generator = np.random.Generator
Rows = Float[np.ndarray, "*rest M"]
Make = Callable[[Document, Rows, Generator], Rows]
# Total probability of all but the likeliest outcome in an almost certain row.
DOUBTS = (1e-2, 1e-3, 1e-4, 1e-5)
SHARES = (1e-3, 0.1, 0.5, 1.0)
# Difference between a weak law and the strong law that is small enough for the two to count as equal.
NEARLY = 5e-7


def normalised(rows: Rows) -> Rows:
    """Scale rows to sum to one; rows of sum zero become uniform."""
    total = rows.sum(axis=-1, keepdims=True)
    return np.where(total > 0, rows / np.where(total > 0, total, 1.0), 1.0 / rows.shape[-1])


def is_well_described(document: Document) -> bool:
    """Return whether the weak model equals the strong model."""
    return all(np.array_equal(document.task[key], document.weak[key]) for key in document.rows)


def _concepts(make: Make) -> Callable:
    """Corner with new concepts; a weak model that equals the strong model changes with it."""

    def change(document: Document, generator: Generator) -> Document:
        new = {key: normalised(make(document, document.task[key], generator)) for key in document.rows}
        changed = document.with_task(**new)
        return changed.with_weak(**new) if is_well_described(document) else changed

    return change


def _almost_certain(document: Document, rows: Rows, generator: Generator) -> Rows:
    """Make concept k show symbol k in its first row, symbol k + 1 in the next row, and so on cyclically."""
    doubt = DOUBTS[generator.integers(len(DOUBTS))]
    return _certain(rows, doubt)


def _certain(rows: Rows, doubt: float) -> Rows:
    size = rows.shape[-1]
    symbols = np.indices(rows.shape[:-1]).sum(axis=0) % size
    others = doubt / max(size - 1, 1)
    return np.where(np.arange(size) == symbols[..., None], 1.0 - doubt if size > 1 else 1.0, others)


def _with_zeros(document: Document, rows: Rows, generator: Generator) -> Rows:
    """Give one symbol probability 0 under every concept."""
    return rows * (np.arange(rows.shape[-1]) != generator.integers(rows.shape[-1]))


def _with_holes(document: Document, rows: Rows, generator: Generator) -> Rows:
    """Set the least likely symbol of each row to probability 0."""
    return np.where(rows > rows.min(axis=-1, keepdims=True), rows, 0.0)


def _duplicate(document: Document, rows: Rows, generator: Generator) -> Rows:
    rows = rows.copy()
    rows[document.rival] = rows[document.star]
    return rows


def _powers_of_two(document: Document, rows: Rows, generator: Generator) -> Rows:
    """Make all log odds integer multiples of log 2."""
    return 2.0 ** -generator.integers(0, 6, rows.shape).astype(float)


FINITE_CONCEPTS: Mapping[str, Callable] = {
    "almost certain concepts": _concepts(_almost_certain),
    "certain concepts": _concepts(lambda d, rows, _: _certain(rows, 0.0)),
    "a symbol that no concept shows": _concepts(_with_zeros),
    "a symbol less in every row": _concepts(_with_holes),
    "duplicate concepts": _concepts(_duplicate),
    "one concept for all": _concepts(lambda d, rows, _: np.broadcast_to(rows[d.star], rows.shape)),
    "odds that are powers of two": _concepts(_powers_of_two),
    "sharper or flatter concepts": _concepts(
        lambda d, rows, g: rows ** float(g.choice([0.1, 0.5, 2.0, 5.0]))
    ),
    "drawn concepts": _concepts(
        lambda d, rows, g: g.dirichlet(np.full(rows.shape[-1], 0.3), rows.shape[:-1])
    ),
}


def _weak(make: Make) -> Callable:
    """Corner with a new weak model, computed from the strong model."""

    def change(document: Document, generator: Generator) -> Document:
        rows = {key: normalised(make(document, document.task[key], generator)) for key in document.rows}
        return document.with_weak(**rows)

    return change


def _smoothed(document: Document, rows: Rows, generator: Generator) -> Rows:
    share = SHARES[generator.integers(len(SHARES))]
    return (1.0 - share) * rows + share / rows.shape[-1]


def _almost_the_same(document: Document, rows: Rows, generator: Generator) -> Rows:
    """Move a small probability in each row from the likeliest to the least likely symbol."""
    size = np.arange(rows.shape[-1])
    least = size == rows.argmin(axis=-1)[..., None]
    most = size == rows.argmax(axis=-1)[..., None]
    return rows + NEARLY * (least.astype(float) - most.astype(float))


FINITE_WEAK: Mapping[str, Callable] = {
    "weak model that is the strong one": _weak(lambda d, rows, _: rows),
    "weak model almost the strong one": _weak(_almost_the_same),
    "smoothed weak model": _weak(_smoothed),
    "shifted weak model": _weak(
        lambda d, rows, g: rows + float(g.choice(SHARES)) * (np.roll(rows, 1, axis=-1) - rows)
    ),
    "weak model of another concept": _weak(lambda d, rows, _: np.roll(rows, 1, axis=0)),
    "certain weak model": _weak(lambda d, rows, _: _certain(rows, 0.0)),
}
