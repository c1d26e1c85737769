"""The naive floor, the refinement bound and the sizes of dominance, against minimisation and arithmetic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import InContext, LeastSquares, Refinement
from w2s_sim.identification import identification_bound
from w2s_sim.laws.features import Gaussian
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.shared.quantities import (
    concept_diameter,
    naive_floor,
    nearest_error,
    transfer_geometry,
)
from w2s_sim.statements.shared.refinement_terms import dominance_sizes
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    leaning_to_concept,
    leaning_to_source,
    noisy,
    ten_dimensional,
    ten_dimensional_uniform,
)
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

pytestmark = pytest.mark.usefixtures("x64")


def task_of(source: np.ndarray, target: np.ndarray, weak: np.ndarray) -> TransferTask:
    """A task with beta_P, beta_Q and beta'_Q as given: two concepts, all source weight on the first."""
    vectors = np.stack([source, target])
    model = RegressionModel(prior=[1.0, 0.0], vectors=vectors, noise=0.5)
    supervisor = RegressionSupervisor(np.stack([source, weak]), 0.5)
    return TransferTask(Gaussian(len(source)), model, [0.0, 1.0], supervisor)


def nearest_squared_distance(source: np.ndarray, target: np.ndarray, weak: np.ndarray) -> float:
    """dist(beta_Q, segment)^2 by minimisation over the share of the weak model."""

    def squared_distance(share: float) -> float:
        return float(np.sum((source + share * (weak - source) - target) ** 2))

    best = minimize_scalar(squared_distance, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-12})
    return min(best.fun, squared_distance(0.0), squared_distance(1.0))  # pyright: ignore[reportAttributeAccessIssue]


coordinates = st.lists(st.floats(-3.0, 3.0, width=32), min_size=3, max_size=3).map(np.array)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(source=coordinates, target=coordinates, weak=coordinates)
def test_floor_is_the_distance_to_the_segment(
    source: np.ndarray, target: np.ndarray, weak: np.ndarray
) -> None:
    computed = float(naive_floor(task_of(source, target, weak)))
    assert computed == pytest.approx(nearest_squared_distance(source, target, weak), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("share", [-0.5, 0.0, 0.3, 0.9, 1.3])
def test_floor_of_a_weak_model_along_the_way_to_the_source(share: float) -> None:
    """0.4 beside the line at `share`: inside the segment's span, beyond its ends, and at them."""
    task = leaning_to_source(share)
    vectors = (np.asarray(v) for v in (task.source_vector, task.target_vector, task.weak_vector))
    assert float(naive_floor(task)) == pytest.approx(nearest_squared_distance(*vectors), rel=1e-10)


def test_floor_of_the_canonical_task() -> None:
    a2, b2, c = (float(number) for number in transfer_geometry(canonical_task()))
    assert (a2, b2, c) == pytest.approx((1.145, 0.49, 0.0), abs=1e-12)
    assert float(naive_floor(canonical_task())) == pytest.approx(1.145 * 0.49 / (1.145 + 0.49), rel=1e-12)
    assert round(float(naive_floor(canonical_task())), 6) == 0.343150


def test_floor_in_ten_dimensions() -> None:
    # a^2 = 0.5^2 + 0.3^2 + 0.8^2
    assert float(naive_floor(ten_dimensional())) == pytest.approx(0.98 * 0.49 / 1.47, rel=1e-12)
    assert round(float(naive_floor(ten_dimensional())), 6) == 0.326667


def test_floor_of_degenerate_segments() -> None:
    source, target = np.array([1.0, 0.0, 0.0]), np.array([0.0, 2.0, 0.0])
    # Weak = source: a segment of one point.
    assert float(naive_floor(task_of(source, target, source))) == pytest.approx(5.0)
    # No bias: the weak end is the target itself.
    assert float(naive_floor(task_of(source, target, target))) == 0.0
    # The source is already right, or all three agree.
    assert float(naive_floor(task_of(target, target, source))) == 0.0
    assert float(naive_floor(task_of(target, target, target))) == 0.0
    # The target halfway on the segment.
    assert float(naive_floor(task_of(source, (source + target) / 2, target))) == pytest.approx(0.0, abs=1e-12)


def test_refinement_bound_of_the_printed_case() -> None:
    """d = 10, K = 4, uniform prior, n = 16, N = 60: three equal terms, D^2 = 2, q = 0.74, sigma^2 = 1/4."""
    refinement = find_statement("refinement-risk")
    case = Case("", ten_dimensional_uniform(), Refinement(16, LeastSquares(num_weak=60)))

    def log_term(s: float) -> float:
        entropy = s * np.log(s) + (1.0 - s) * np.log(1.0 - s)
        return entropy - 8.0 * np.log(1.0 + 8.0 * s - 23.68 * s**2)

    found = minimize_scalar(log_term, bounds=(0.01, 0.4), method="bounded", options={"xatol": 1e-12})
    labels = 2.0 * 3.0 * np.exp(found.fun)  # pyright: ignore[reportAttributeAccessIssue]
    # The share of the spread that 60 queries keep, 12 * 58 / (62 * 49), is below one.
    expected = labels + 0.25 * 10.0 / 49.0
    assert float(refinement.bound(case)) == pytest.approx(expected, rel=1e-10)
    assert round(expected, 6) == 0.111978


def test_refinement_bound_of_the_labeller_and_without_spare_queries() -> None:
    refinement = find_statement("refinement-risk")
    task = canonical_task()
    labeller = float(refinement.bound(Case("", task, InContext(16))))
    assert labeller == pytest.approx(2.0 * float(identification_bound(task, 16)), rel=1e-12)
    # Least squares on N = d + 1 Gaussian queries has an infinite risk.
    too_few = Case("", task, Refinement(16, LeastSquares(num_weak=9)))
    assert float(refinement.bound(too_few)) == np.inf
    sizes = (10, 20, 60, 10**6)
    bounds = [
        float(refinement.bound(Case("", task, Refinement(16, LeastSquares(num_weak=n))))) for n in sizes
    ]
    assert np.all(np.diff(bounds) < 0)
    assert bounds[-1] == pytest.approx(labeller, rel=1e-4)


def test_diameter_is_the_farthest_concept_from_the_intended_one() -> None:
    assert float(concept_diameter(canonical_task())) == pytest.approx(2.0**0.5, rel=1e-12)
    # The distance between two other concepts does not count.
    model = RegressionModel(prior=[0.5, 0.3, 0.2], vectors=[[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0]], noise=1.0)
    task = TransferTask(Gaussian(2), model, [0.0, 0.0, 1.0], RegressionSupervisor(model.vectors, 1.0))
    assert float(concept_diameter(task)) == pytest.approx(10.0**0.5, rel=1e-12)


@pytest.mark.parametrize("bias", [0.4, 0.7, 1.2])
def test_dominance_sizes_are_enough_and_the_queries_no_more_than_needed(bias: float) -> None:
    refinement = find_statement("refinement-risk")
    task = canonical(bias=bias)
    size, queries = dominance_sizes(task)
    floor = float(naive_floor(task))

    def bound(n: int, num_queries: int) -> float:
        return float(refinement.bound(Case("", task, Refinement(n, LeastSquares(num_weak=num_queries)))))

    assert bound(size, queries) <= floor
    assert bound(size, queries - 1) > floor
    # n is the first size whose labels cost at most half of the floor.
    assert 2.0 * float(identification_bound(task, size)) <= floor / 2
    assert 2.0 * float(identification_bound(task, size - 1)) > floor / 2


@pytest.mark.parametrize("bias", [0.3, 0.7, 1.4])
def test_the_nearest_point_is_the_foot_of_the_perpendicular(bias: float) -> None:
    task = canonical(bias=bias)
    error, along = np.asarray(nearest_error(task)), np.asarray(task.weak_vector - task.source_vector)
    assert abs(error @ along) < 1e-12
    # The foot lies on the segment: the part of the way from the source that it goes is in [0, 1].
    way = error - np.asarray(task.source_vector - task.target_vector)
    share = way @ along / (along @ along)
    assert 0.0 <= share <= 1.0
    assert np.allclose(way, share * along)


def test_dominance_is_refused_without_a_floor() -> None:
    with pytest.raises(InputError, match="a floor > 0") as refusal:
        dominance_sizes(noisy(0.5))
    assert refusal.value.field == "task"


def test_dominance_is_refused_where_concepts_are_not_identified(monkeypatch: pytest.MonkeyPatch) -> None:
    # Past the Voronoi border no number of demonstrations is enough: a short search shows it as well.
    monkeypatch.setattr("w2s_sim.statements.shared.refinement_terms.LARGEST_CONTEXT", 64)
    with pytest.raises(InputError, match="identified by 64 demonstrations"):
        dominance_sizes(leaning_to_concept(0.8))
