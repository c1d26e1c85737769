"""hull-regression: the dimension of the hull, and a case in plain NumPy."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import nnls
from scipy.stats import norm

import w2s_sim as w2s
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.hull_regression.example_hulls import inside_the_hull, many_unbiased
from w2s_sim.statements.hull_regression.lemmas import hull_dimension
from w2s_sim.statements.hull_regression.simplex_vertex import SIMPLEX, vertex_bound, vertex_dimension_bound
from w2s_sim.statements.shared.regression_examples import canonical, noisy, two_concepts
from w2s_sim.verify import replicate

STATEMENT = find_statement("hull-regression")


@pytest.mark.parametrize(
    ("task", "dimension"),
    [(canonical(), 3), (inside_the_hull(0.1), 2), (many_unbiased(), 11), (two_concepts(), 1)],
)
def test_dimension_of_the_hull(task: w2s.TransferTask, dimension: int) -> None:
    assert int(hull_dimension(task)) == dimension


def test_error_of_nonnegative_least_squares(standard_errors_off) -> None:
    """Another solver on other draws: nonnegative weights that a heavy row makes sum to one."""
    generator, heavy, errors = np.random.default_rng(3), 1e4, []
    for _ in range(1000):
        inputs = generator.normal(size=(20, 8))
        system = np.vstack([inputs[:, :4], heavy * np.ones(4)])
        target = np.append(inputs[:, 3] + 0.5 * generator.normal(size=20), heavy)
        weights, _ = nnls(system, target, maxiter=1000)
        errors.append(np.sum((inputs[:, :4] @ (weights - np.eye(4)[3])) ** 2))
    case = Case("", noisy(0.5), w2s.HullRegression(num_weak=20))
    ours = replicate(STATEMENT.measure, case, seed=5, start=0, stop=1000)  # pyright: ignore[reportArgumentType]
    difference = np.asarray(ours)[:, None] - np.asarray(errors)[:, None]
    assert standard_errors_off(difference, np.zeros(1)) < 5
    assert np.mean(errors) < 0.5 * float(STATEMENT.bound(case))


def test_fewer_pairs_than_directions_bound_the_error() -> None:
    case = Case("", noisy(0.5), w2s.HullRegression(num_weak=2))
    assert float(STATEMENT.bound(case)) == pytest.approx(2 * 0.25)


@pytest.mark.parametrize("count", [2, 4, 32])
def test_vertex_dimension_bounds_the_noise_in_the_tangent_cone(count: int) -> None:
    """delta by nonnegative least squares on the edges; B_K by integration; and the logarithm."""
    edges = (np.eye(count)[1:] - np.eye(count)[0]).T
    noise = np.random.default_rng(4).normal(size=(600, count))
    lengths = [np.sum((edges @ nnls(edges, g)[0]) ** 2) for g in noise]
    bound = float(vertex_dimension_bound(count))
    assert np.mean(lengths) - 5 * np.std(lengths) / 600**0.5 < bound < 2.5 * np.mean(lengths)

    def through(level: float) -> float:
        below = quad(lambda g: (level - g) ** 2 * norm.pdf(g), -np.inf, level)[0]
        return below + (count - 1) * quad(lambda g: (g - level) ** 2 * norm.pdf(g), level, np.inf)[0]

    least = min(through(level) for level in np.linspace(0, 2, 201))
    assert bound == pytest.approx(least, abs=1e-4)
    logarithm = 2 * np.log(count)
    assert bound <= 1 + logarithm + 2 / (2 * np.pi) ** 0.5 / logarithm**1.5


def test_vertex_bound_holds_for_nonnegative_least_squares() -> None:
    """Twelve orthogonal concepts of length 3, 30 pairs: another solver, Laplace noise of variance one."""
    generator, heavy, errors = np.random.default_rng(5), 1e4, []
    for _ in range(300):
        seen = 3 * generator.normal(size=(30, 12))
        noise = generator.laplace(size=30) / 2**0.5
        weights, _ = nnls(
            np.vstack([seen, heavy * np.ones(12)]), np.append(seen[:, 0] + noise, heavy), maxiter=1000
        )
        errors.append(np.sum((seen @ weights - seen[:, 0]) ** 2))
    bound = float(vertex_dimension_bound(12)) * 30 / (30 - 13)
    assert np.mean(errors) + 5 * np.std(errors) / 300**0.5 < bound < 11
    case = Case("", many_unbiased(), w2s.HullRegression(num_weak=30))
    assert float(vertex_bound(case)) == pytest.approx(0.25 * bound, rel=1e-5)
    assert SIMPLEX.holds(case)
    assert not SIMPLEX.holds(Case("", inside_the_hull(0.1), w2s.HullRegression(num_weak=30)))


def test_the_vertex_is_that_of_a_target_on_one_concept() -> None:
    """A mixture is no vertex, and its labels scatter; neither is a target beside the hull."""
    (vertex,) = (lemma for lemma in STATEMENT.lemmas if lemma.id == "vertex-of-a-simplex")
    estimator = w2s.HullRegression(num_weak=20)
    mixed = canonical(target_prior=[0.5, 0.0, 0.0, 0.5], supervisor=noisy(0.5).supervisor)
    parts = noisy(0.5).features, noisy(0.5).source, noisy(0.5).target_prior, noisy(0.5).supervisor
    beside = w2s.ShiftedTarget(*parts, np.ones(8))
    for task, rule, broken in (
        (noisy(0.5), estimator, None),
        (mixed, estimator, "point-mass target"),
        (beside, estimator, "target in the hull"),
        (noisy(0.5), w2s.LeastSquares(num_weak=20), "least squares within the hull"),
    ):
        assert vertex.broken_assumption(Case("", task, rule)) == broken
