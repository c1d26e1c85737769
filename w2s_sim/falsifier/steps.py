"""Random steps of a document in log scale: some of its numbers change, by a little or by a lot."""

from typing import Any

import numpy as np
from jaxtyping import Float

from w2s_sim.falsifier.documents import Document, Table
from w2s_sim.falsifier.row_corners import is_well_described, normalised

Generator = np.random.Generator
# Probability that a step moves a number, and the range of log10 of the step length.
MOVED = 0.3
LENGTHS = (-2.0, 0.5)
# Keys that describe sizes and laws: a step keeps them, because other sizes would need another program.
FIXED = ("dim", "num_concepts", "length", "input_dim", "degree", "contexts")


def stepped(document: Document, generator: Generator) -> Document:
    """Return a random document near the given one."""
    length = 10.0 ** generator.uniform(*LENGTHS)
    task = _moved(document.task, document, length, generator)
    weak = _moved(document.weak, document, length, generator)
    if document.rows and is_well_described(document):
        weak = {**weak, **{key: task[key] for key in document.rows}}
    return Document(task, weak, _moved(document.case, document, length, generator))


def _moved(table: Table, document: Document, length: float, generator: Generator) -> dict[str, Any]:
    return {
        key: _step(key, value, document, length, generator)
        if _can_move(key, value) and generator.uniform() < MOVED
        else value
        for key, value in table.items()
    }


def _can_move(key: str, value: Any) -> bool:
    return key not in FIXED and isinstance(value, float | np.ndarray)


def _step(key: str, value: Any, document: Document, length: float, generator: Generator) -> Any:
    if isinstance(value, float):
        return value * float(np.exp(length * generator.standard_normal()))
    if key in document.rows or key.endswith("prior"):
        return normalised(value * np.exp(length * generator.standard_normal(value.shape)))
    return value + _relative(value, length, generator)


def _relative(value: Float[np.ndarray, "*s"], length: float, generator: Generator) -> Float[np.ndarray, "*s"]:
    """Draw a step of the root-mean-square size of the array, times `length`."""
    size = float(np.sqrt(np.mean(value**2))) or 1.0
    return length * size * generator.standard_normal(value.shape)
