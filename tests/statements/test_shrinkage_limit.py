"""shrinkage-limit: the distance by other means, who attains it, and which laws have the symmetry."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

import w2s_sim as w2s
from w2s_sim.laws.features import Anisotropic
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.shared.broken_learners import RandomLength
from w2s_sim.statements.shared.quantities import naive_floor
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_source
from w2s_sim.statements.shrinkage_limit.ball import loss_limit, shrinkage_limit
from w2s_sim.statements.shrinkage_limit.planar_tasks import projected_teacher, target_and_source, uneven_signs

STATEMENT = find_statement("shrinkage-limit")


def drawn_task(seed: int) -> w2s.TransferTask:
    generator = np.random.default_rng(seed)
    factor = generator.standard_normal((4, 4))
    concepts, weak = generator.standard_normal((2, 2, 4))
    return target_and_source(concepts, weak, features=Anisotropic(w2s.Gaussian(4), factor))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("seed", range(6))
def test_distance_is_the_minimum_over_the_ball(seed: int) -> None:
    task = drawn_task(seed)
    sigma = np.asarray(task.features.covariance)
    source, weak, target = (np.asarray(v) for v in (task.source_vector, task.weak_vector, task.target_vector))
    found = minimize(
        lambda b: (b - target) @ sigma @ (b - target),
        (source + weak) / 2,
        jac=lambda b: 2 * sigma @ (b - target),
        constraints={
            "type": "ineq",
            "fun": lambda b: -(b - source) @ sigma @ (b - weak),
            "jac": lambda b: -sigma @ (2 * b - source - weak),
        },
        method="SLSQP",
        options={"ftol": 1e-11, "maxiter": 500},
    )
    assert found.success
    assert float(shrinkage_limit(task)) == pytest.approx(found.fun, rel=1e-6, abs=1e-8)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("seed", range(6))
def test_no_filter_matrix_of_the_axes_goes_below(seed: int) -> None:
    task = drawn_task(seed)
    sigma = np.asarray(task.features.covariance)
    _, axes = np.linalg.eigh(sigma)
    way = np.asarray(task.weak_vector - task.source_vector)
    gains = np.random.default_rng(seed).uniform(size=(5000, 4)).round(1)
    students = np.asarray(task.source_vector) + (gains * (axes.T @ way)) @ axes.T
    errors = students - np.asarray(task.target_vector)
    risks = np.einsum("si,ij,sj->s", errors, sigma, errors)
    assert risks.min() >= float(shrinkage_limit(task)) * (1 - 1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("loss", [0.01, 0.3, 0.9])
def test_projected_teacher_has_its_loss_and_the_closed_form(loss: float) -> None:
    task = projected_teacher(loss, spread=0.04, length=3.0, turn=0.2)
    assert float(task.source_risk) == pytest.approx(9.0, rel=1e-10)
    assert float(task.weak_risk) == pytest.approx(9.0 * loss, rel=1e-10)
    expected = 9.0 * (np.sqrt(1 + 3 * loss) - np.sqrt(1 - loss)) ** 2 / 4
    assert float(shrinkage_limit(task)) == pytest.approx(expected, rel=1e-10)
    assert float(loss_limit(task.source_risk, task.weak_risk)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("make", [canonical, lambda: leaning_to_source(0.3), lambda: leaning_to_source(1.3)])
def test_the_ball_holds_the_segment(make) -> None:
    task = make()
    assert float(shrinkage_limit(task)) <= float(naive_floor(task))


def test_limit_of_equal_vectors_is_a_distance_and_has_a_gradient() -> None:
    """If weak model and source are one, the ball is a point; at the target its distance is zero."""
    point = target_and_source(
        np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 2.0], [0.0, 2.0]]), features=w2s.Gaussian(2)
    )
    assert float(shrinkage_limit(point)) == pytest.approx(5.0, rel=1e-6)
    still = target_and_source(
        np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]), features=w2s.Gaussian(2)
    )
    assert float(shrinkage_limit(still)) == 0.0
    for task in (point, still):
        gradient = jax.grad(shrinkage_limit, allow_int=True)(task)
        assert bool(jnp.all(jnp.isfinite(gradient.source.vectors)))


def test_which_laws_are_symmetric_about_their_axes() -> None:
    task = leaning_to_source(0.3)
    skew, stretch = np.eye(8) + 0.5 * np.eye(8, k=1), np.diag(np.linspace(1, 2, 8))
    name = "features symmetric about the axes of their covariance"
    for features, holds in (
        (Anisotropic(w2s.Gaussian(8), skew), True),
        (Anisotropic(w2s.Rademacher(8), stretch), True),
        (Anisotropic(w2s.Rademacher(8), skew), False),
        (Anisotropic(w2s.UniformCube(8), skew), False),
        (RandomLength(8), True),
    ):
        changed = w2s.TransferTask(features, task.source, task.target_prior, task.supervisor)
        broken = STATEMENT.broken_assumption(Case("", changed, w2s.Ridge(0.3, num_weak=60)))
        assert broken == (None if holds else name)


def test_gradient_descent_is_not_judged() -> None:
    case = Case("", leaning_to_source(0.3), w2s.GradientDescent(3, 0.1, num_weak=60))
    assert STATEMENT.broken_assumption(case) == "gains in [0, 1]"


def test_oblique_signs_break_the_claim_by_enumeration() -> None:
    task = uneven_signs()
    factor = np.asarray(task.features.factor, dtype=float)  # pyright: ignore[reportAttributeAccessIssue]
    inputs = np.array([factor @ [1, 1], factor @ [1, -1]])
    np.testing.assert_allclose(inputs, [[2.0, 0.0], [0.02, 0.02]], atol=1e-7)
    weak, target = np.array([0.0, 2.0]), np.array([1.0, 1.0])
    errors = [x * (x @ weak) / (x @ x) - target for x in inputs]
    risk = np.mean([e @ np.asarray(task.features.covariance) @ e for e in errors])
    assert risk < 0.6 * float(shrinkage_limit(task))
