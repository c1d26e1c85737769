"""hull-regression: the dimension of the hull, and a case in plain NumPy."""

import numpy as np
import pytest
from scipy.optimize import nnls

import w2s_sim as w2s
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.hull_regression.claim import inside_the_hull, many_unbiased
from w2s_sim.statements.hull_regression.lemmas import hull_dimension
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
