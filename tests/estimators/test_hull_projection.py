"""Projection on the hull of concepts, against its optimality condition and an independent solver."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize, nnls

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


def nearest_by_enumeration(concepts, point, root) -> float:
    """Squared distance of the hull from a point: the least over all faces, each by least squares."""
    rows, goal = concepts @ root, point @ root
    best = np.inf
    for size in range(1, min(len(rows), rows.shape[1] + 1) + 1):
        for face in itertools.combinations(range(len(rows)), size):
            first, *others = face
            edges = (rows[others] - rows[first]).T
            weights = np.linalg.lstsq(edges, goal - rows[first], rcond=1e-14)[0] if others else np.zeros(0)
            if weights.min(initial=0.0) < 0 or weights.sum() > 1 + 1e-14:
                continue
            best = min(best, float(np.sum((rows[first] + edges @ weights - goal) ** 2)))
    return best


def nearest_by_nnls(concepts, point) -> np.ndarray:
    """Seen from `point`, a hull's point of least norm is a multiple of a non-negative least-squares fit."""
    size = np.abs(concepts - point).max()
    system = np.vstack([(concepts - point).T / size, np.ones(len(concepts))])
    weights, _ = nnls(system, np.append(np.zeros(len(point)), 1.0))
    return weights @ concepts / weights.sum()


DEGENERATE = {
    "general": lambda g, v, p: (v, p),
    "a hundredth thin": lambda g, v, p: (v * [1, 0.01, 0.01, 0.01], p),
    "flat but for the rounding of float32": lambda g, v, p: (v * [1, 1e-8, 1e-8, 1e-8], p),
    "duplicates": lambda g, v, p: (v[[0, 1, 0, 1, 2]], p),
    "one point": lambda g, v, p: (v[[0] * 5], p),
    "on a line": lambda g, v, p: (np.outer(g.standard_normal(5), v[0]) + v[1], p),
    "on a line, in float32": lambda g, v, p: (
        np.outer(g.standard_normal(5), [0.1, 0.2, 0.3, 0.7]).astype(np.float32).astype(float),
        p,
    ),
    "on a concept": lambda g, v, p: (v, v[3]),
    "inside": lambda g, v, p: (v, g.dirichlet(np.ones(5)) @ v),
    "near the hull": lambda g, v, p: (v, g.dirichlet(np.ones(5)) @ v + 1e-6 * p),
    "far away": lambda g, v, p: (v, 1e6 * p),
}


@pytest.mark.parametrize("kind", DEGENERATE)
def test_degenerate_hulls_against_enumeration_of_faces(kind: str) -> None:
    """To 1e-10 of the distance, as far as positions are known to 1e-15 of the numbers' size."""
    for seed in range(8):
        generator = np.random.default_rng(seed)
        drawn = generator.standard_normal((5, 4)), 1.5 * generator.standard_normal(4)
        concepts, point = DEGENERATE[kind](generator, *drawn)
        root = np.linalg.cholesky(problem(seed)[2][:4, :4])
        weights = hull_weights(concepts, point, root @ root.T)
        assert weights.min() >= 0
        assert weights.sum() == pytest.approx(1.0, abs=1e-12)
        found = float(np.sum(((weights @ concepts - point) @ root) ** 2))
        oracle = nearest_by_enumeration(concepts, point, root)
        size = np.abs(concepts).max() + np.abs(point).max()
        rounding = 1e-10 * oracle + 1e-14 * size * oracle**0.5 + 1e-28 * size**2
        assert found <= oracle + rounding, (kind, seed)


@pytest.mark.parametrize("shape", [(1, 3), (7, 2), (3, 6), (32, 6)])
def test_few_and_many_concepts_against_nonnegative_least_squares(shape: tuple[int, int]) -> None:
    for seed in range(8):
        generator = np.random.default_rng(seed)
        concepts, point = generator.standard_normal(shape), generator.standard_normal(shape[1])
        found = project_on_hull(concepts, point, np.eye(shape[1]))
        np.testing.assert_allclose(found, nearest_by_nnls(concepts, point), atol=1e-12)


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e9])
def test_weights_do_not_depend_on_units(unit: float) -> None:
    for kind in ("general", "a hundredth thin"):
        generator = np.random.default_rng(2)
        drawn = generator.standard_normal((5, 4)), generator.standard_normal(4)
        concepts, point = DEGENERATE[kind](generator, *drawn)
        plain = hull_weights(concepts, point, np.eye(4))
        np.testing.assert_allclose(hull_weights(unit * concepts, unit * point, np.eye(4)), plain, atol=1e-11)
        np.testing.assert_allclose(hull_weights(concepts, point, unit * np.eye(4)), plain, atol=1e-11)


def test_single_precision_and_many_points_at_once() -> None:
    generator = np.random.default_rng(0)
    concepts, points = generator.standard_normal((5, 4)), generator.standard_normal((256, 4))
    exact = np.stack([nearest_by_nnls(concepts, point) for point in points])
    with jax.enable_x64(False):
        project = jax.vmap(hull_projection.project_on_hull, (None, 0, None))
        found = project(jnp.asarray(concepts), jnp.asarray(points), jnp.eye(4))
    np.testing.assert_allclose(found, exact, atol=1e-5)


def test_singular_covariance_projects_within_what_it_sees() -> None:
    concepts = np.array([[0.0, 0.0], [1.0, 5.0], [2.0, -3.0]])
    nearest = project_on_hull(concepts, np.array([1.3, 40.0]), np.diag([1.0, 0.0]))
    assert nearest[0] == pytest.approx(1.3, abs=1e-12)


def test_weights_from_inner_products_alone() -> None:
    generator = np.random.default_rng(1)
    laws, shown = generator.dirichlet(np.ones(6), 4), generator.dirichlet(np.ones(6))
    laws[3] = laws[0]
    weights = np.asarray(
        hull_projection.simplex_weights(jnp.asarray(laws @ laws.T), jnp.asarray(laws @ shown))
    )
    np.testing.assert_allclose(weights @ laws, nearest_by_nnls(laws, shown), atol=1e-7)


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
