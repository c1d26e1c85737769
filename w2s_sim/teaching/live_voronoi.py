"""The cells of the concepts in a plane through three concepts, and where the weak concept lies among them."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from w2s_sim.tasks.regression_task import TransferTask

# Points on each side of the grid on which cells are drawn, and what is shown around the concepts, as a share
# of their extent.
GRID, MARGIN = 160, 0.6


@dataclasses.dataclass(frozen=True)
class VoronoiPlane:
    """A plane through three concepts, for normal features of unit variance.

    Attributes:
        through: The concepts that span the plane, k* first; two concepts and the weak one for K = 2.
        concepts: Positions of all concepts in the plane: projections for those outside of it.
        weak: Position of the weak version of k*.
        off_plane: Distance of the weak concept from the plane, in label units.
        x: Coordinates of the columns of the grid.
        y: Coordinates of the rows of the grid.
        nearest: The nearest concept of positive source prior at every point of the grid.
        winner: The concept nearest to the weak concept, on which the posterior concentrates.
        shares: For every concept, the share of the way from k* to it at which the weak concept lies; the
            border of the cell of k* is at 1/2; nan for k*.
    """

    through: tuple[int, ...]
    concepts: Float[np.ndarray, "K 2"]
    weak: Float[np.ndarray, " 2"]
    off_plane: float
    x: Float[np.ndarray, " columns"]
    y: Float[np.ndarray, " rows"]
    nearest: Int[np.ndarray, "rows columns"]
    winner: int
    shares: Float[np.ndarray, " K"]


def voronoi_plane(task: TransferTask) -> VoronoiPlane:
    """Compute the plane through the intended concept and its two strongest rivals under the source prior."""
    vectors, weak, prior = (
        np.asarray(part, np.float64)
        for part in (task.source.vectors, task.supervisor.vectors, task.source.prior)
    )
    star = int(task.target_concept)
    rivals = [k for k in np.argsort(-prior, kind="stable").tolist() if k != star][:2]
    third = vectors[rivals[1]] if len(rivals) > 1 else weak[star]
    axes = _orthonormal(vectors[rivals[0]] - vectors[star], third - vectors[star])
    steps = vectors - vectors[star]
    shift = weak[star] - vectors[star]
    places, own = steps @ axes.T, axes @ shift
    heights = np.sum(steps**2, axis=1) - np.sum(places**2, axis=1)
    x, y = (_around(places[:, i], own[i]) for i in (0, 1))
    points = np.stack(np.meshgrid(x, y), axis=-1)
    squares = np.sum((points[:, :, None] - places) ** 2, axis=3) + heights
    distances = np.sum((weak[star] - vectors) ** 2, axis=1)
    known = prior > 0
    lengths = np.sum(steps**2, axis=1)
    with np.errstate(invalid="ignore"):
        shares = steps @ shift / lengths
    return VoronoiPlane(
        through=(star, *rivals),
        concepts=places,
        weak=own,
        off_plane=float(np.sqrt(max(0.0, shift @ shift - own @ own))),
        x=x,
        y=y,
        nearest=np.argmin(np.where(known, squares, np.inf), axis=2),
        winner=int(np.argmin(np.where(known, distances, np.inf))),
        shares=shares,
    )


def _orthonormal(first: Float[np.ndarray, " d"], second: Float[np.ndarray, " d"]) -> Float[np.ndarray, "2 d"]:
    """Return an orthonormal basis of a plane that holds both vectors, the first along its first axis."""
    basis, _ = np.linalg.qr(np.column_stack([first, second]))
    axes = basis.T
    return axes * np.where(np.array([first @ axes[0], second @ axes[1]]) < 0, -1.0, 1.0)[:, None]


def _around(places: Float[np.ndarray, " K"], own: float) -> Float[np.ndarray, " points"]:
    """Return grid coordinates that hold all concepts and the weak one, with a margin."""
    low, high = min(places.min(), own), max(places.max(), own)
    margin = MARGIN * max(high - low, 1.0)
    return np.linspace(low - margin, high + margin, GRID)
