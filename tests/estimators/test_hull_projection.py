"""Projection on the hull of concepts, against its optimality condition and an independent solver."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

import w2s_sim as w2s
from w2s_sim.estimators import hull_projection

pytestmark = pytest.mark.usefixtures("x64")


def hull_weights(concepts, point, covariance) -> np.ndarray:
    arrays = (jnp.asarray(values) for values in (concepts, point, covariance))
    return np.asarray(hull_projection.hull_weights(*arrays))


def project_on_hull(concepts, point, covariance) -> np.ndarray:
    arrays = (jnp.asarray(values) for values in (concepts, point, covariance))
    return np.asarray(hull_projection.project_on_hull(*arrays))


def problem(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    num_concepts, dim = int(generator.integers(2, 7)), int(generator.integers(6, 10))
    root = generator.standard_normal((dim, dim))
    covariance = root @ root.T / dim + 0.1 * np.eye(dim)
    return generator.standard_normal((num_concepts, dim)), 1.5 * generator.standard_normal(dim), covariance


@pytest.mark.parametrize("seed", range(12))
def test_optimality_condition_and_independent_solver(seed: int) -> None:
    concepts, point, covariance = problem(seed)
    weights = hull_weights(concepts, point, covariance)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    nearest = weights @ concepts
    assert ((concepts - nearest) @ covariance @ (point - nearest)).max() < 1e-9

    def distance(candidate: np.ndarray) -> float:
        away = candidate @ concepts - point
        return float(away @ covariance @ away)

    start = np.full(len(concepts), 1 / len(concepts))
    simplex = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    oracle = minimize(distance, start, bounds=[(0, 1)] * len(concepts), constraints=simplex, tol=1e-12)
    assert distance(weights) <= oracle.fun + 1e-9


def test_points_of_the_hull_stay_where_they_are() -> None:
    concepts, _, covariance = problem(1)
    inside = np.random.default_rng(0).dirichlet(np.ones(len(concepts))) @ concepts
    np.testing.assert_allclose(project_on_hull(concepts, inside, covariance), inside, atol=1e-7)


def test_more_concepts_than_features() -> None:
    angles = 2 * np.pi * np.arange(7) / 7
    concepts = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    nearest = project_on_hull(concepts, np.array([3.0, 0.0]), np.eye(2))
    np.testing.assert_allclose(nearest, [1.0, 0.0], atol=1e-6)


def test_estimator_projects_the_student_that_it_holds() -> None:
    task = w2s.canonical_task()
    key = jax.random.key(0)
    data = task.sample_weak(60, key=key)
    student = w2s.LeastSquares(num_weak=60)
    weak = student.fit(task.source, data, key=key).coefficients
    for covariance in (None, np.diag(np.linspace(0.5, 2.0, 8))):
        estimator = w2s.HullProjection(student, None if covariance is None else jnp.asarray(covariance))
        found = estimator.fit(task.source, data, key=key).coefficients
        metric = np.eye(8) if covariance is None else covariance
        np.testing.assert_allclose(found, project_on_hull(task.source.vectors, weak, metric), atol=1e-9)
        assert estimator.sample_size == 60


@pytest.mark.parametrize("covariance", [np.ones(8), np.full((8, 8), np.nan)])
def test_bad_covariance_is_refused(covariance: np.ndarray) -> None:
    with pytest.raises(w2s.InputError, match="covariance"):
        w2s.HullProjection(w2s.LeastSquares(num_weak=60), jnp.asarray(covariance))
