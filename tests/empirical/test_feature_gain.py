"""Students of random features against simulation: drawn inputs, integrals on a sphere, gradient steps."""

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from w2s_sim.empirical.linear_feature_gain import LinearTeachers
from w2s_sim.empirical.random_feature_gain import ReluTeachers
from w2s_sim.empirical.relu_units import ReluKernel, draw_weights, unit_gram
from w2s_sim.empirical.student_flow import taught_by_projection


def standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def sphere_grid() -> tuple[np.ndarray, np.ndarray]:
    """Points on the sphere of radius sqrt(3), and weights that sum to one."""
    heights, weights = leggauss(80)
    angles = 2 * np.pi * np.arange(160) / 160
    radii = np.sqrt(1 - heights**2)
    grid = np.stack(
        [
            np.outer(heights, np.ones(160)),
            np.outer(radii, np.cos(angles)),
            np.outer(radii, np.sin(angles)),
        ],
        axis=-1,
    )
    return np.sqrt(3) * grid.reshape(-1, 3), np.repeat(weights / 2, 160) / 160


def test_inner_products_of_units_are_means_over_normal_inputs() -> None:
    rng = np.random.default_rng(0)
    weights = draw_weights(4, 5, rng)
    units = np.maximum(rng.standard_normal((200_000, 5)) @ weights.T, 0.0)
    for i, j in ((0, 0), (0, 1), (1, 2), (2, 3)):
        products = units[:, i] * units[:, j]
        expected = unit_gram(weights @ weights.T)[i, j]
        assert abs(products.mean() - expected) < 5 * standard_error(products)


def test_the_loss_of_the_teacher_is_that_of_least_squares_on_a_grid() -> None:
    inputs, shares = sphere_grid()
    weights = draw_weights(6, 3, np.random.default_rng(1))
    units, target = np.maximum(inputs @ weights.T, 0.0), inputs[:, 0]
    root = np.sqrt(shares)[:, None]
    fitted = units @ np.linalg.lstsq(root * units, root[:, 0] * target, rcond=None)[0]
    loss = shares @ (fitted - target) ** 2
    assert ReluKernel(3).teach(weights).teacher_loss == pytest.approx(loss, abs=2e-4)


def test_energies_are_those_of_the_harmonics_on_a_grid() -> None:
    """Degrees 0, 1 and 2 in three dimensions: the projections on 1, x, and the quadratic harmonics."""
    inputs, shares = sphere_grid()
    weights = draw_weights(6, 3, np.random.default_rng(2))
    taught = ReluKernel(3, largest_degree=2).teach(weights)
    teacher = np.linalg.solve(unit_gram(weights @ weights.T), weights[:, 0] / 2)
    function = np.maximum(inputs @ weights.T, 0.0) @ teacher
    x, y, z = inputs.T
    harmonics = ([np.ones_like(x)], [x, y, z], [x * y, x * z, y * z, x**2 - y**2, 2 * z**2 - x**2 - y**2])
    for energy, family in zip(taught.energies, harmonics, strict=True):
        parts = [(shares @ (function * h)) ** 2 / (shares @ h**2) for h in family]
        assert energy == pytest.approx(sum(parts), abs=2e-4)
    assert taught.overlaps == pytest.approx([0.0, shares @ (function * x), 0.0], abs=2e-4)


def test_eigenvalues_are_the_variances_of_harmonics_seen_through_random_units() -> None:
    """The kernel's quadratic form at a harmonic f is the mean of <unit, f>^2 over random units."""
    inputs, shares = sphere_grid()
    x, y, _ = inputs.T
    weights = draw_weights(400, 3, np.random.default_rng(3))
    units = np.maximum(inputs @ weights.T, 0.0)
    for degree, harmonic in enumerate([np.ones_like(x), x, x * y]):
        seen = ((shares * harmonic) @ units) ** 2 / (shares @ harmonic**2)
        expected = ReluKernel(3).eigenvalues[degree]
        assert abs(seen.mean() - expected) <= 5 * standard_error(seen) + 1e-5


@pytest.mark.parametrize("time", [1.0, 30.0, 400.0])
def test_the_flow_is_the_limit_of_small_gradient_steps(time: float) -> None:
    rng = np.random.default_rng(4)
    student, teacher = draw_weights(8, 3, rng), draw_weights(5, 3, rng)
    own, cross = unit_gram(student @ student.T), unit_gram(student @ teacher.T)
    few = unit_gram(teacher @ teacher.T)
    taught = taught_by_projection(own, cross, few, student[:, 0] / 2, teacher[:, 0] / 2)
    labels = cross @ np.linalg.solve(few, teacher[:, 0] / 2)
    steps = 20_000
    head = np.zeros(8)
    for _ in range(steps):
        head += time / steps * (labels - own @ head) / 8
    loss = 1 - head @ student[:, 0] + head @ own @ head
    assert taught.student_loss(time) == pytest.approx(loss, abs=1e-4)


def test_a_student_of_many_units_approaches_the_one_of_infinitely_many() -> None:
    rng = np.random.default_rng(5)
    teacher = draw_weights(8, 4, rng)
    kernel = ReluKernel(4, largest_degree=30)
    stopped = float(8.0 / kernel.eigenvalues[1])
    limit = kernel.teach(teacher).student_loss(stopped)
    distances = []
    for units in (60, 960):
        student = draw_weights(units, 4, rng)
        grams = unit_gram(student @ student.T), unit_gram(student @ teacher.T), unit_gram(teacher @ teacher.T)
        taught = taught_by_projection(*grams, student[:, 0] / 2, teacher[:, 0] / 2)
        distances.append(abs(taught.student_loss(stopped) - limit))
    assert distances[1] < 0.02 * limit + 0.005
    assert distances[1] < distances[0]


def test_linear_losses_are_those_of_vectors() -> None:
    """In coordinates of the inputs: the projection of e_1 on the weights, and a filter on its entries."""
    teachers = LinearTeachers((5, 9), num_runs=2, dim=40, tail=3.0)
    losses = teachers.losses("rule", np.random.default_rng(6))
    rng = np.random.default_rng(6)
    for num_features, teacher_loss, student_loss in zip(teachers.teachers, *losses, strict=True):
        weights = rng.standard_normal((num_features, 40))
        weights[:, 1:] *= np.sqrt(3.0 / 39)
        basis, _ = np.linalg.qr(weights.T)
        target = np.eye(40)[0]
        shown = basis @ (basis.T @ target)
        assert teacher_loss == pytest.approx(np.sum((shown - target) ** 2), rel=1e-10)
        covariance = np.array([1.0] + [3.0 / 39] * 39)
        student = (1 - np.exp(-np.log(num_features) * covariance)) * shown
        assert student_loss == pytest.approx(np.sum((student - target) ** 2), rel=1e-10)


@pytest.mark.parametrize(
    "teachers", [ReluTeachers((8, 16), num_runs=2, dim=6), LinearTeachers((8, 16), num_runs=2, dim=64)]
)
def test_own_features_gain_nothing(
    teachers: ReluTeachers | LinearTeachers,
) -> None:
    teacher, student = teachers.losses("own features", np.random.default_rng(7))
    assert student == pytest.approx(teacher, rel=1e-10)
    assert teachers.exponent("own features", 0).value == pytest.approx(1.0, abs=1e-9)


def test_the_best_time_is_no_worse_than_the_rule() -> None:
    teachers = ReluTeachers((8, 16, 32), num_runs=2, dim=8)
    by_rule = teachers.losses("rule", np.random.default_rng(8))[1]
    best = teachers.losses("best time", np.random.default_rng(8))[1]
    # The grid of times is fine to 3 percent.
    assert all(first <= second * 1.001 for first, second in zip(best, by_rule, strict=True))


def test_runs_depend_on_the_seed_alone() -> None:
    teachers = LinearTeachers((4, 8), num_runs=3, dim=32)
    assert teachers.exponent("rule", 1) == teachers.exponent("rule", 1)
    assert teachers.exponent("rule", 1) != teachers.exponent("rule", 2)
