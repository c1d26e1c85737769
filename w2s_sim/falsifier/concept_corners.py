"""Corners of regression concepts: extreme choices of the strong and of the weak model's vectors."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from w2s_sim.falsifier.documents import Document

Generator = np.random.Generator
Vectors = Float[np.ndarray, "K d"]
# Positions of the weak version of the intended concept on a line from the intended concept (0) to an aim (1):
# near the start, around the middle, near the end, and beyond both.
PLACES = (-1.0, 0.1, 0.45, 0.55, 0.9, 0.97, 0.99, 2.0)
# Factors of the distances between the concepts and k*.
SPREADS = (1e-3, 0.02, 0.2, 5.0, 30.0)


def _concepts(make: Callable[[Document, Vectors, Generator], Vectors]) -> Callable:
    """Corner with new concepts, in which the bias of each weak concept stays the same."""

    def change(document: Document, generator: Generator) -> Document:
        old = document.task["concepts"]
        new = make(document, old.copy(), generator)
        return document.with_task(concepts=new).with_weak(concepts=document.weak["concepts"] + new - old)

    return change


def _duplicate(document: Document, vectors: Vectors, generator: Generator) -> Vectors:
    vectors[generator.integers(len(vectors))] = vectors[generator.integers(len(vectors))]
    return vectors


def _mirror(document: Document, vectors: Vectors, generator: Generator) -> Vectors:
    """Reflect a concept in the weak version of k*, so that weak labels cannot tell the two apart."""
    centre, reflected = document.weak["concepts"][document.star], generator.integers(len(vectors))
    vectors[generator.integers(len(vectors))] = 2.0 * centre - vectors[reflected]
    return vectors


def _collinear(document: Document, vectors: Vectors, generator: Generator) -> Vectors:
    direction = vectors[document.star] - vectors[document.rival]
    return vectors[document.star] + np.outer(generator.uniform(-2.0, 2.0, len(vectors)), direction)


def _drawn_together(document: Document, vectors: Vectors, generator: Generator) -> Vectors:
    star = vectors[document.star]
    return star + SPREADS[generator.integers(len(SPREADS))] * (vectors - star)


def _flattened(document: Document, vectors: Vectors, generator: Generator) -> Vectors:
    """Replace the concepts by random ones, ill conditioned: scales of coordinates between 0.001 and 1."""
    scales = 10.0 ** generator.uniform(-3.0, 0.0, vectors.shape[1])
    return generator.standard_normal(vectors.shape) * scales + vectors[document.star]


REGRESSION_CONCEPTS: Mapping[str, Callable] = {
    "duplicate concepts": _concepts(_duplicate),
    "a mirrored concept": _concepts(_mirror),
    "collinear concepts": _concepts(_collinear),
    "concepts drawn together or apart": _concepts(_drawn_together),
    "a thin simplex of concepts": _concepts(_flattened),
    "a concept of zero": _concepts(
        lambda d, v, g: v * (np.arange(len(v)) != g.integers(len(v)))[:, None],
    ),
    "one concept for all": _concepts(lambda d, v, _: np.tile(v[d.star], (len(v), 1))),
}


def _weak(make: Callable[[Document, Vectors, Generator], Vectors]) -> Callable:
    def change(document: Document, generator: Generator) -> Document:
        return document.with_weak(concepts=make(document, document.weak["concepts"].copy(), generator))

    return change


def _bias(document: Document) -> Vectors:
    return document.weak["concepts"] - document.task["concepts"]


def _moved(document: Document, aim: Float[np.ndarray, " d"], generator: Generator) -> Vectors:
    """Give all weak concepts one bias that puts the weak version of k* on the line from k* to `aim`."""
    start = document.task["concepts"][document.star]
    place = PLACES[generator.integers(len(PLACES))]
    return document.task["concepts"] + place * (aim - start)


REGRESSION_WEAK: Mapping[str, Callable] = {
    "weak concepts of the strong model": _weak(lambda d, w, _: d.task["concepts"]),
    "a bias that is longer or shorter": _weak(
        lambda d, w, g: d.task["concepts"] + 10.0 ** g.uniform(-2.0, 1.5) * _bias(d)
    ),
    "one weak concept for all": _weak(lambda d, w, _: np.tile(w[d.star], (len(w), 1))),
    "weak concepts of zero": _weak(lambda d, w, _: 0.0 * w),
    "weak concepts larger than the strong": _weak(lambda d, w, g: g.choice(SPREADS) * d.task["concepts"]),
}
WEAK_PLACES: Mapping[str, Callable] = {
    "weak concepts that lean to the source": _weak(
        lambda d, w, g: _moved(d, d.source_prior @ d.task["concepts"], g)
    ),
    "weak concepts that lean to another": _weak(lambda d, w, g: _moved(d, d.task["concepts"][d.rival], g)),
}
