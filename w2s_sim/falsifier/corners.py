"""Corners of the space of cases: numbers, priors and concepts at their extremes.

A corner changes one *aspect* of a document. A combination changes several aspects in a fixed order, in which
an aspect that is computed from another comes later (a weak model without bias after the concepts).
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from w2s_sim.falsifier.concept_corners import REGRESSION_CONCEPTS, REGRESSION_WEAK, WEAK_PLACES
from w2s_sim.falsifier.documents import Document
from w2s_sim.falsifier.number_corners import number_corners
from w2s_sim.falsifier.row_corners import FINITE_CONCEPTS, FINITE_WEAK
from w2s_sim.statements import Statement

Generator = np.random.Generator
Change = Callable[[Document, Generator], Document]
Corners = Mapping[str, Change]

# Probability that a combination changes an aspect, and the same for the concepts of a finite task.
CHANGED, CONCEPTS_CHANGED = 0.35, 0.7
FACTORS = (1e-3, 1.0 / 30.0, 0.3, 3.0, 30.0, 1e3)
# Weight of a concept that a prior nearly excludes.
RARE = 1e-6


@dataclasses.dataclass(frozen=True)
class Combination:
    """A document, and the names of the corners that produced it."""

    document: Document
    names: tuple[str, ...]


def combination(
    document: Document, statement: Statement, sizes: Sequence[int], generator: Generator
) -> Combination:
    """Apply a random combination of corners to a document.

    Args:
        document: The document to change.
        statement: The statement whose `[case]` numbers are among the corners.
        sizes: Possible new sizes; if empty, sizes do not change.
        generator: Source of all random choices.
    """
    aspects = _aspects(document, statement, sizes)
    chosen = [
        corners
        for corners in aspects
        if generator.uniform() < (CONCEPTS_CHANGED if corners is FINITE_CONCEPTS else CHANGED)
    ]
    return _applied(document, chosen, generator)


def single_corner(document: Document, statement: Statement, generator: Generator) -> Combination:
    """Apply a random corner of one aspect; sizes do not change."""
    aspects = _aspects(document, statement, ())
    return _applied(document, [aspects[int(generator.integers(len(aspects)))]], generator)


def _applied(document: Document, aspects: Sequence[Corners], generator: Generator) -> Combination:
    names = []
    for corners in aspects:
        name = list(corners)[int(generator.integers(len(corners)))]
        document = corners[name](document, generator)
        names.append(name)
    return Combination(document, tuple(names))


def _aspects(document: Document, statement: Statement, sizes: Sequence[int]) -> Sequence[Corners]:
    """Return the aspects of a document that can be changed, in the order of their application."""
    if document.kind == "regression":
        own = [REGRESSION_CONCEPTS, REGRESSION_WEAK, WEAK_PLACES, NOISES, WEAK_NOISES, UNITS]
    else:
        own = [FINITE_CONCEPTS, FINITE_WEAK]
    return [TARGET_PRIORS, SOURCE_PRIORS, *own, *number_corners(statement, document, sizes)]


def _normalised(weights: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    return weights / weights.sum()


def _mass(document: Document, at: int) -> Float[np.ndarray, " K"]:
    return np.eye(document.num_concepts)[at]


def _nearly(document: Document, at: int) -> Float[np.ndarray, " K"]:
    return (1.0 - RARE) * _mass(document, at) + RARE * _even(document)


def _even(document: Document) -> Float[np.ndarray, " K"]:
    return np.full(document.num_concepts, 1.0 / document.num_concepts)


def _two(document: Document, share: float) -> Float[np.ndarray, " K"]:
    """Return the prior with weight `share` on k*, and the rest on its rival."""
    return share * _mass(document, document.star) + (1.0 - share) * _mass(document, document.rival)


def _without(document: Document, at: int) -> Float[np.ndarray, " K"]:
    left = document.source_prior * (1.0 - _mass(document, at))
    return _normalised(left) if left.sum() > 0 else document.source_prior


def _source(weights: Callable[[Document], Float[np.ndarray, " K"]]) -> Change:
    return lambda document, _: document.with_task(source_prior=weights(document))


def _target(weights: Callable[[Document, Generator], Float[np.ndarray, " K"]]) -> Change:
    return lambda document, generator: document.with_task(target_prior=weights(document, generator))


SOURCE_PRIORS: Corners = {
    "even source": _source(_even),
    "source sure of the intended concept": _source(lambda d: _mass(d, d.star)),
    "source sure of another concept": _source(lambda d: _mass(d, d.rival)),
    "source almost sure of the intended concept": _source(lambda d: _nearly(d, d.star)),
    "source almost sure of another concept": _source(lambda d: _nearly(d, d.rival)),
    "source of two concepts": _source(lambda d: _two(d, 0.5)),
    "source that leaves a concept out": _source(lambda d: _without(d, d.rival)),
    "source that is the target": _source(lambda d: d.target_prior),
}
TARGET_PRIORS: Corners = {
    "point-mass target": _target(lambda d, g: _mass(d, int(g.integers(d.num_concepts)))),
    "almost a point mass": _target(lambda d, g: _nearly(d, int(g.integers(d.num_concepts)))),
    "even target": _target(lambda d, _: _even(d)),
    "target of two concepts": _target(lambda d, g: _two(d, float(g.uniform(0.5, 1.0)))),
    "target that is the source": _target(lambda d, _: d.source_prior),
}


def _scaled(change: Callable[[Document, float], Document]) -> Change:
    """Corner that applies a change with a random factor."""
    return lambda document, generator: change(document, FACTORS[int(generator.integers(len(FACTORS)))])


def _in_units(document: Document, unit: float) -> Document:
    task, weak = document.task, document.weak
    return document.with_task(noise=unit * task["noise"], concepts=unit * task["concepts"]).with_weak(
        noise=unit * weak["noise"], concepts=unit * weak["concepts"]
    )


NOISES: Corners = {
    "noise": _scaled(lambda d, f: d.with_task(noise=f * d.task["noise"])),
    "quiet noise": lambda d, _: d.with_task(noise=d.task["noise"] / 30.0),
}
WEAK_NOISES: Corners = {
    "no weak noise": lambda d, _: d.with_weak(noise=0.0),
    "weak noise": _scaled(lambda d, f: d.with_weak(noise=f * d.weak["noise"])),
    "weak noise of the strong model": lambda d, _: d.with_weak(noise=d.task["noise"]),
}
UNITS: Corners = {"other units": _scaled(_in_units)}
