"""Frames: sizes and laws, for which programs are compiled once, while the numbers of cases move."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from w2s_sim.falsifier.documents import Document
from w2s_sim.falsifier.row_corners import normalised

FEATURES = ("gaussian", "rademacher", "uniform")
NOISE_LAWS = ("normal", "laplace", "logistic", "student-t")
# Close to no variance, no third moment, no fourth, and enough of them.
DEGREES = (2.1, 2.9, 3.9, 5.0)
# The keys that say what features are.
FEATURE_MAP = ("factor", "feature_map", "input_dim", "degree", "frequencies", "phases")
LARGEST_DRAWN = 5
# Standard deviations of the features along the axes, for the anisotropic law of a frame.
STRETCHES = (3.0, 1.0 / 3.0)


@dataclasses.dataclass(frozen=True)
class Frame:
    """Sizes and laws that a search holds fixed for a while.

    Attributes:
        name: Of what is changed.
        change: A document in the frame, from any document of its kind.
        kind: Of the concepts.
        is_small: Whether weak pairs are to be few as well; otherwise their number is the document's own.
    """

    name: str
    change: Callable[[Document], Document]
    kind: str
    is_small: bool = True


def frames_of(kind: str, generator: np.random.Generator) -> Sequence[Frame]:
    """Frames of one kind of concepts: small and own sizes, other laws at small ones, then drawn ones.

    Args:
        kind: "regression", "categorical" or "hmm".
        generator: Draws the last of them.
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
    """A regression document of other sizes: k* and the likeliest others, in coordinates of their own span.

    Args:
        document: With Euclidean geometry in mind: its features count as isotropic.
        dim: d.
        num_concepts: K; concepts that are missing are drawn as far from k* as its rival.
    """
    kept = _kept(document, num_concepts)
    vectors, weak = (np.asarray(table["concepts"]) for table in (document.task, document.weak))
    basis = _basis(np.concatenate([vectors[kept], weak[kept]]))
    vectors, weak = (_fitted(array[kept] @ basis.T, dim) for array in (vectors, weak))
    extra = num_concepts - len(kept)
    if extra > 0:
        # On a circle around k*, of the rival's distance: no two alike.
        angles = 2.0 * np.pi * np.arange(1, extra + 1) / (extra + 2)
        circle = _fitted(np.stack([np.cos(angles), np.sin(angles)], axis=1), dim)
        vectors, weak = (np.concatenate([array, array[0] + circle]) for array in (vectors, weak))
    return (
        _with_priors(document, kept, extra)
        .with_task(dim=dim, num_concepts=num_concepts, concepts=vectors)
        .with_weak(concepts=weak)
    )


def _kept(document: Document, num_concepts: int) -> list[int]:
    """k* first, then the others by their source weight."""
    order = np.argsort(-document.source_prior, kind="stable")
    return [document.star, *(int(k) for k in order if k != document.star)][:num_concepts]


def _with_priors(document: Document, kept: list[int], extra: int) -> Document:
    """Both priors on the concepts that are kept; the missing ones get a share of the source each."""
    source, target = document.source_prior[kept], document.target_prior[kept]
    source = np.append(source, np.full(extra, 1.0 / (len(kept) + extra)))
    target = np.append(target, np.zeros(extra))
    return document.with_task(source_prior=normalised(source), target_prior=normalised(target))


def _basis(vectors: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "r d"]:
    """Orthonormal rows that span the vectors, in their order (Gram-Schmidt); the first d if m exceeds d."""
    rows: list[np.ndarray] = []
    for vector in vectors:
        rest = vector - sum(((row @ vector) * row for row in rows), np.zeros(vectors.shape[1]))
        length = np.linalg.norm(rest)
        if length > 1e-9 * np.linalg.norm(vectors):
            rows.append(rest / length)
    return np.stack(rows) if rows else np.zeros((1, vectors.shape[1]))


def _fitted(array: Float[np.ndarray, "m r"], dim: int) -> Float[np.ndarray, "m dim"]:
    """The first coordinates, or zeros for those that are missing."""
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
    """One context, and the last symbols counted as one; hidden states stay."""
    if key == "tables":
        rows = rows[:, :1]
    if key not in ("tables", "emission") or rows.shape[-1] <= symbols:
        return rows
    head, tail = rows[..., : symbols - 1], rows[..., symbols - 1 :]
    return normalised(np.concatenate([head, tail.sum(axis=-1, keepdims=True)], axis=-1))
