"""Capacity tasks from plain numbers, and features of a weak and a strong model with a given overlap."""

import numpy as np
from jaxtyping import ArrayLike, Float

from w2s_sim._checks import require_between, require_count
from w2s_sim.errors import InputError
from w2s_sim.laws.features import FeatureLaw, feature_law
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.ridge_teacher import RidgeTeacher

MATRICES = "weak_dim, strong_dim and overlap, or the matrices weak_features and strong_features"


def overlapping_features(
    dim: int, weak_dim: int, strong_dim: int, overlap: float
) -> tuple[Float[np.ndarray, "d p"], Float[np.ndarray, "d s"]]:
    """Return A_w and A_s with orthonormal columns and the capacity overlap ||A_s^T A_w||_F^2.

    The strong features are the first p_s coordinates of x, and the first weak feature is the first of these.
    With m = min(p_w, p_s), weak features 2 to m each lie at one angle from a strong feature, with the squared
    cosine (overlap - 1) / (m - 1); the others are orthogonal to all strong features.

    Args:
        dim: d, large enough for the parts outside the strong features.
        weak_dim: p_w >= 1.
        strong_dim: p_s >= 1.
        overlap: In [1, m].

    Raises:
        InputError: If a number is out of its range.
    """
    for name, size in (("dim", dim), ("weak.dim", weak_dim), ("strong_dim", strong_dim)):
        require_count(name, size, 1)
    shared = min(weak_dim, strong_dim)
    require_between("overlap", overlap, 1.0, float(shared))
    cosine = (overlap - 1.0) / (shared - 1.0) if shared > 1 else 1.0
    turned = shared - 1 if cosine < 1.0 else 0
    needed = strong_dim + turned + weak_dim - shared
    if dim < needed:
        expected = f"dim >= {needed}, for the weak features outside the strong ones"
        raise InputError("dim", dim, expected)
    weak = np.zeros((dim, weak_dim))
    weak[0, 0] = 1.0
    for j in range(1, shared):
        weak[j, j] = cosine**0.5
        if turned:
            weak[strong_dim + j - 1, j] = (1.0 - cosine) ** 0.5
    for j in range(shared, weak_dim):
        weak[strong_dim + turned + j - shared, j] = 1.0
    return weak, np.eye(dim, strong_dim)


def capacity_task(
    dim: int,
    weak_dim: int | None = None,
    strong_dim: int | None = None,
    overlap: float | None = None,
    *,
    noise: float = 0.5,
    num_true: int | None = None,
    ridge: float = 0.0,
    weak_noise: float = 0.0,
    target: Float[ArrayLike, " d"] | list[float] | None = None,
    features: str | FeatureLaw | Float[ArrayLike, "d d"] = "gaussian",
    weak_features: Float[ArrayLike, "d p"] | list[list[float]] | None = None,
    strong_features: Float[ArrayLike, "d s"] | list[list[float]] | None = None,
    start: Float[ArrayLike, " s"] | list[float] | None = None,
) -> CapacityTask:
    """Build a capacity task from plain numbers.

    Args:
        dim: d >= 1, the number of coordinates of x.
        weak_dim: p_w >= 1, the number of weak features.
        strong_dim: p_s >= 1, the number of strong features.
        overlap: Their capacity overlap; the features are those of `overlapping_features`.
        noise: Standard deviation sigma >= 0 of the true labels' noise, in label units.
        num_true: True pairs of the teacher's training; None for infinitely many.
        ridge: The teacher's penalty >= 0, in squared feature units.
        weak_noise: Standard deviation >= 0 of noise on the weak labels, in label units.
        target: beta, d numbers; the first coordinate, which both models see, by default.
        features: "gaussian", "uniform", "rademacher", a `FeatureLaw`, or the covariance of normal x.
        weak_features: A_w, in place of the three numbers.
        strong_features: A_s, in place of the three numbers.
        start: Coefficients of the strong model before alignment, p_s numbers; 0 by default.

    Raises:
        InputError: If an argument is invalid; the message names the argument.
    """
    require_count("dim", dim, 1)
    law = feature_law(features, dim)
    has_matrices = weak_features is not None or strong_features is not None
    if weak_dim is not None and strong_dim is not None and overlap is not None and not has_matrices:
        if not law.isotropic:
            expected = "isotropic features, or the matrices weak_features and strong_features"
            raise InputError("overlap", f"{overlap} with features that are not isotropic", expected)
        weak_features, strong_features = overlapping_features(dim, weak_dim, strong_dim, overlap)
    elif (weak_dim, strong_dim, overlap) != (None, None, None):
        raise InputError("overlap", "numbers that are incomplete, or beside matrices", MATRICES)
    if weak_features is None or strong_features is None:
        raise InputError("overlap", "nothing", MATRICES)
    return CapacityTask(
        law,
        np.eye(dim)[0] if target is None else target,
        noise,
        strong_features,
        RidgeTeacher(weak_features, ridge, weak_noise, num_true),
        np.zeros(np.shape(strong_features)[1:]) if start is None else start,
    )
