"""The nearest point of a convex hull, by SciPy's solver of non-negative least squares."""

import numpy as np
from scipy import optimize

from tests.audit.oracles_regression import Vector


def nearest_in_hull(concepts: Vector, point: Vector, covariance: Vector) -> Vector:
    """The point of conv{concepts} nearest to `point` in Sigma's norm.

    Raises:
        AssertionError: If the point found is not optimal to the rounding of float64.
    """
    values, basis = np.linalg.eigh(covariance)
    root = basis * np.sqrt(np.maximum(values, 0.0))
    corners, aim = concepts @ root, point @ root
    size = max(float(np.abs(corners - aim).max()), np.finfo(float).tiny)
    scaled = (corners - aim) / size
    # Wolfe's form: the nearest point to 0 of a hull is where (weights, 1) fits (0, 1) best without a sign.
    lifted = np.vstack([scaled.T, np.ones(len(scaled))])
    weights, _ = optimize.nnls(lifted, np.append(np.zeros(lifted.shape[0] - 1), 1.0), maxiter=10_000)
    weights = weights / weights.sum()
    nearest = polished(concepts, point, covariance, weights)
    # Optimal where no corner lies on the far side of the plane through the point, across the way to it.
    away = (point - nearest) @ covariance
    lengths = np.sqrt(np.einsum("ki,ij,kj->k", concepts - nearest, covariance, concepts - nearest))
    gap = np.max((concepts - nearest) @ away - 1e-9 * lengths * np.sqrt(max((point - nearest) @ away, 0.0)))
    assert gap <= 1e-14 * size**2, f"optimality gap {gap:.3g}"
    return nearest


def polished(concepts: Vector, point: Vector, covariance: Vector, weights: Vector) -> Vector:
    """The same face's nearest point, by its normal equations in extended precision."""
    active = weights > 1e-12
    corners = concepts[active].astype(np.longdouble)
    origin, steps = corners[0], corners[1:] - corners[0]
    if not len(steps):
        return concepts[active][0]
    metric = covariance.astype(np.longdouble)
    gram = np.asarray(steps @ metric @ steps.T, float)
    share = np.linalg.lstsq(gram, np.asarray(steps @ metric @ (point - origin), float), rcond=1e-14)[0]
    for _ in range(3):
        rest = steps @ metric @ (point - origin - share @ steps)
        share = share + np.linalg.lstsq(gram, np.asarray(rest, float), rcond=1e-14)[0]
    return np.asarray(origin + share @ steps, float)
