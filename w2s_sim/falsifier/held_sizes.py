"""Frames: fixed sizes and laws, whose programs are compiled once while the numbers of the cases vary."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from w2s_sim.falsifier.documents import Document
from w2s_sim.falsifier.row_corners import normalised

FEATURES = ("gaussian", "rademacher", "uniform", "cube")
NOISE_LAWS = ("normal", "laplace", "logistic", "student-t")
# Variance barely finite, no third moment, no fourth moment, finite fourth moment.
DEGREES = (2.1, 2.9, 3.9, 5.0)
# The keys that describe the features.
FEATURE_MAP = ("factor", "feature_map", "input_dim", "degree", "frequencies", "phases")
LARGEST_DRAWN = 5
# Standard deviations of the features along the axes, for the anisotropic law of a frame.
STRETCHES = (3.0, 1.0 / 3.0)


@dataclasses.dataclass(frozen=True)
class Frame:
    """Sizes and laws that the search keeps fixed for a while.

    Attributes:
        name: Description of the sizes and laws.
        change: Function that brings a document of the frame's kind into the frame.
        kind: Kind of the concepts.
        is_small: Whether the number of weak pairs is made small too; otherwise the document keeps its own.
    """

    name: str
    change: Callable[[Document], Document]
    kind: str
    is_small: bool = True


def frames_of(kind: str, generator: np.random.Generator) -> Sequence[Frame]:
    """Return frames of one kind of concepts: fixed frames, then random frames for regression.

    Args:
        kind: "regression", "categorical" or "hmm".
        generator: Draws the random frames.
    """
    own = Frame(f"{kind}, own sizes", lambda document: document, kind, is_small=False)
    if kind != "regression":
        sizes = [(2, 2), (1, 2), (3, 3), (2, 3)]
        small = [_finite(kind, concepts, symbols) for concepts, symbols in sizes]
        return [small[0], own, *small[1:]]
    fixed = [
        _regression(2, 2),
        _regression(3, 2, features="rademacher"),
        own,
        _regression(1, 2),
        _regression(2, 2, weak_law="student-t"),
        _regression(2, 3, stretched=True),
        _regression(2, 2, features="rademacher"),
        _regression(1, 1),
        _regression(2, 2, law="laplace", weak_law="laplace"),
        _regression(3, 3, features="uniform"),
        _regression(3, 4),
    ]
    drawn = [
        _regression(
            int(generator.integers(1, LARGEST_DRAWN + 1)),
            int(generator.integers(1, LARGEST_DRAWN)),
            features=FEATURES[generator.integers(len(FEATURES))],
            stretched=bool(generator.integers(4) == 0),
            law=NOISE_LAWS[generator.integers(len(NOISE_LAWS))],
            weak_law=NOISE_LAWS[generator.integers(len(NOISE_LAWS))],
            degrees=DEGREES[generator.integers(len(DEGREES))],
        )
        for _ in range(20)
    ]
    return [*fixed, *drawn]


def _regression(
    dim: int,
    num_concepts: int,
    *,
    features: str = "gaussian",
    stretched: bool = False,
    law: str = "normal",
    weak_law: str = "normal",
    degrees: float = DEGREES[0],
) -> Frame:
    def change(document: Document) -> Document:
        small = resized(document, dim, num_concepts)
        factor = np.diag(np.resize(STRETCHES, dim)) if stretched else None
        small = small.with_task(**dict.fromkeys(FEATURE_MAP)).with_task(features=features, factor=factor)
        small = small.with_task(noise_law=law, degrees_of_freedom=degrees if law == "student-t" else None)
        return small.with_weak(
            noise_law=weak_law, degrees_of_freedom=degrees if weak_law == "student-t" else None
        )

    words = [f"d={dim}, K={num_concepts}", f"{'stretched ' if stretched else ''}{features} features"]
    return Frame(", ".join([*words, f"noise {law} and {weak_law}"]), change, "regression")


def resized(document: Document, dim: int, num_concepts: int) -> Document:
    """Resize a regression document: keep k* and the likeliest other concepts, in coordinates of their span.

    Args:
        document: The document; its features are treated as isotropic.
        dim: New number of features d.
        num_concepts: New number of concepts K; missing concepts are placed around k*.
    """
    kept = _kept(document, num_concepts)
    vectors, weak = (np.asarray(table["concepts"]) for table in (document.task, document.weak))
    basis = _basis(np.concatenate([vectors[kept], weak[kept]]))
    vectors, weak = (_fitted(array[kept] @ basis.T, dim) for array in (vectors, weak))
    # Vectors of the `[case]` table, such as the sources of middle models, are described in the same basis.
    own = {
        key: _fitted(value @ basis.T, dim)
        for key, value in document.case.items()
        if np.ndim(value) == 2 and np.shape(value)[1] == basis.shape[1]
    }
    extra = num_concepts - len(kept)
    if extra > 0:
        # On a unit circle around k*, at different angles.
        angles = 2.0 * np.pi * np.arange(1, extra + 1) / (extra + 2)
        circle = _fitted(np.stack([np.cos(angles), np.sin(angles)], axis=1), dim)
        vectors, weak = (np.concatenate([array, array[0] + circle]) for array in (vectors, weak))
    return (
        _with_priors(document, kept, extra)
        .with_task(dim=dim, num_concepts=num_concepts, concepts=vectors)
        .with_weak(concepts=weak)
        .with_case(**own)
    )


def _kept(document: Document, num_concepts: int) -> list[int]:
    """Return the indices of k* and of the other concepts with the largest source weights, in this order."""
    order = np.argsort(-document.source_prior, kind="stable")
    return [document.star, *(int(k) for k in order if k != document.star)][:num_concepts]


def _with_priors(document: Document, kept: list[int], extra: int) -> Document:
    """Restrict both priors to the kept concepts; each missing concept gets a share of the source prior."""
    source, target = document.source_prior[kept], document.target_prior[kept]
    source = np.append(source, np.full(extra, 1.0 / (len(kept) + extra)))
    target = np.append(target, np.zeros(extra))
    return document.with_task(source_prior=normalised(source), target_prior=normalised(target))


def _basis(vectors: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "r d"]:
    """Return orthonormal rows that span the vectors, by Gram-Schmidt in their order (at most d rows)."""
    rows: list[np.ndarray] = []
    for vector in vectors:
        rest = vector - sum(((row @ vector) * row for row in rows), np.zeros(vectors.shape[1]))
        length = np.linalg.norm(rest)
        if length > 1e-9 * np.linalg.norm(vectors):
            rows.append(rest / length)
    return np.stack(rows) if rows else np.zeros((1, vectors.shape[1]))


def _fitted(array: Float[np.ndarray, "m r"], dim: int) -> Float[np.ndarray, "m dim"]:
    """Cut or pad with zeros to the given number of coordinates."""
    return np.pad(array, ((0, 0), (0, max(0, dim - array.shape[1]))))[:, :dim]


def _finite(kind: str, num_concepts: int, symbols: int) -> Frame:
    def change(document: Document) -> Document:
        kept = _kept(document, num_concepts)
        small = _with_priors(document, kept, 0)
        task, weak = (
            {key: _fewer(key, table[key][kept], symbols) for key in document.rows}
            for table in (document.task, document.weak)
        )
        sizes = {"contexts": np.ones(1)} if kind == "categorical" else {"length": symbols}
        changed = small.with_task(**task, **sizes).with_weak(**weak)
        return changed.with_weak(contexts=np.ones(1)) if kind == "categorical" else changed

    return Frame(f"{kind}, K={num_concepts}, {symbols} symbols", change, kind)


def _fewer(key: str, rows: Float[np.ndarray, "*shape"], symbols: int) -> Float[np.ndarray, "*fewer"]:
    """Reduce to one context, and merge the last symbols into one; hidden states stay the same."""
    if key == "tables":
        rows = rows[:, :1]
    if key not in ("tables", "emission") or rows.shape[-1] <= symbols:
        return rows
    head, tail = rows[..., : symbols - 1], rows[..., symbols - 1 :]
    return normalised(np.concatenate([head, tail.sum(axis=-1, keepdims=True)], axis=-1))
