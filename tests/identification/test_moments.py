"""Moments m_k(s) of the demonstration odds: closed form and quadrature against independent integration."""

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.identification import (
    classical_identification_bound,
    identification_bound,
    moments,
    quadrature_is_resolved,
)
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    leaning_to_concept,
    many_concepts,
    oblique_concepts,
)
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

pytestmark = pytest.mark.usefixtures("x64")


def numbers(task: TransferTask, concept: int, demonstrated: int) -> dict[str, Any]:
    """Delta, g and the noises of a task, as plain numpy."""
    star = np.asarray(task.source.vectors[task.target_concept])
    return {
        "difference": np.asarray(task.source.vectors)[concept] - star,
        "shift": np.asarray(task.supervisor.vectors)[demonstrated] - star,
        "noise": float(task.source.noise),
        "weak_noise": float(task.supervisor.noise),
    }


def conditional_moment(
    inputs: np.ndarray,
    exponent: float,
    *,
    difference: np.ndarray,
    shift: np.ndarray,
    noise: float,
    weak_noise: float,
) -> np.ndarray:
    """E[(p_k/p_*)^s | x], with the normal label noise integrated by hand."""
    along, residual = inputs @ difference, inputs @ shift
    rate = exponent / noise**2
    return np.exp(-rate * (along**2 / 2 - along * residual) + (rate * weak_noise * along) ** 2 / 2)


def gaussian_moment_by_quadrature(task: TransferTask, concept: int, exponent: float) -> float:
    """m_k(s) by the trapezoidal rule over Delta.x, g.x and the label noise, for each demonstrated concept."""
    axis = np.linspace(-12.0, 12.0, 121)
    first, second, noise = np.meshgrid(axis, axis, axis, sparse=True)
    log_density = -(first**2 + second**2 + noise**2) / 2
    density_sum = np.sum(np.exp(-(axis**2) / 2)) ** 3
    covariance = np.asarray(task.features.covariance)
    total = 0.0
    for demonstrated, weight in enumerate(np.asarray(task.target_prior)):
        given = numbers(task, concept, demonstrated)
        pair = np.stack([given["difference"], given["shift"]])
        # (Delta.x, g.x) has this covariance; the smallest shift of its diagonal lets a singular one through.
        factor = np.linalg.cholesky(pair @ covariance @ pair.T + 1e-15 * np.eye(2))
        along = factor[0, 0] * first
        weak_residual = factor[1, 0] * first + factor[1, 1] * second + given["weak_noise"] * noise
        # (y' - beta_k.x)^2 - (y' - beta_*.x)^2
        squares = (weak_residual - along) ** 2 - weak_residual**2
        integrand = np.exp(log_density - exponent / (2 * given["noise"] ** 2) * squares)
        total += weight * float(integrand.sum() / density_sum)
    return total


GAUSSIAN_TASKS = {
    "canonical": (lambda: canonical(), [0.1, 0.15, 0.3, 0.7]),
    "anisotropic": (
        lambda: canonical(features=Anisotropic(Gaussian(8), np.diag(np.linspace(0.6, 1.4, 8)))),
        [0.1, 0.15, 0.2, 0.7],
    ),
    "leans to a wrong concept": (lambda: leaning_to_concept(0.25), [0.2, 0.1, 0.3, 0.7]),
    "oblique concepts": (oblique_concepts, [0.1, 0.2, 0.5]),
    "mixed target, two zero weights": (
        lambda: canonical(target_prior=[0.15, 0.0, 0.0, 0.85]),
        [0.03, 0.05, 0.06, 0.7],
    ),
    "mixed target": (lambda: canonical(target_prior=[0.2, 0.1, 0.1, 0.6]), [0.03, 0.05, 0.06, 0.7]),
}


@pytest.mark.parametrize("name", GAUSSIAN_TASKS)
def test_gaussian_closed_form_is_the_integral(name: str) -> None:
    build, exponents = GAUSSIAN_TASKS[name]
    task = build()
    computed = np.exp(moments.log_odds_moments(task, jnp.asarray(exponents)))
    for concept, exponent in enumerate(exponents):
        expected = gaussian_moment_by_quadrature(task, concept, exponent)
        np.testing.assert_allclose(computed[concept], expected, rtol=1e-10)


def quadrature_moment(task: TransferTask, concept: int, exponent: float) -> float:
    """m_k(s) of a point-mass target by the package's route for laws without a closed form."""
    given = numbers(task, concept, int(task.target_concept))
    log_moment = moments._quadrature_log_moment(
        task,
        jnp.asarray(given["difference"]),
        jnp.asarray(given["shift"]),
        jnp.asarray(exponent),
        moments.QUADRATURE_NODES,
    )
    return float(np.exp(log_moment))


@pytest.mark.parametrize("exponent", [0.0, 0.05, 0.17, 0.25])
@pytest.mark.parametrize("build", [canonical, lambda: leaning_to_concept(0.25)])
def test_quadrature_route_agrees_with_the_gaussian_closed_form(build: Any, exponent: float) -> None:
    task = build()
    closed = np.exp(moments.log_odds_moments(task, jnp.full(4, exponent)))
    for concept in (0, 1, 3):
        assert quadrature_moment(task, concept, exponent) == pytest.approx(closed[concept], rel=1e-6)


@pytest.mark.parametrize("exponent", [0.0, 0.17, 0.4, 1.0])
def test_rademacher_moment_by_all_sign_vectors(exponent: float) -> None:
    task = canonical(features="rademacher")
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=8)))
    for concept in (0, 3):
        expected = conditional_moment(signs, exponent, **numbers(task, concept, 3)).mean()
        assert quadrature_moment(task, concept, exponent) == pytest.approx(expected, rel=1e-8)
        by_points = np.exp(moments.log_odds_moments(task, jnp.full(4, exponent)))
        assert by_points[concept] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("exponent", [0.17, 0.4])
def test_uniform_moment_by_product_quadrature(exponent: float) -> None:
    """Only x_1, x_4 and x_8 matter for the first concept: a three-dimensional Gauss-Legendre rule."""
    task = canonical(features="uniform")
    nodes, weights = np.polynomial.legendre.leggauss(40)
    coordinates = 3.0**0.5 * np.stack(np.meshgrid(nodes, nodes, nodes), axis=-1).reshape(-1, 3)
    volume = np.einsum("i,j,k->ijk", weights, weights, weights).reshape(-1) / 8.0
    inputs = np.zeros((len(coordinates), 8))
    inputs[:, [0, 3, 7]] = coordinates
    expected = volume @ conditional_moment(inputs, exponent, **numbers(task, 0, 3))
    assert quadrature_moment(task, 0, exponent) == pytest.approx(expected, rel=1e-8)


def test_quadrature_is_resolved_tells_easy_from_hard() -> None:
    assert quadrature_is_resolved(canonical(), 10_000)
    assert quadrature_is_resolved(canonical(features="rademacher"), 16)
    # A strong model that is sure of its labels: odds too wild for so few nodes where s is large, and
    # not where a loud bias makes it small.
    assert not quadrature_is_resolved(canonical(features="uniform", noise=0.02, bias=0.2), 16)
    assert quadrature_is_resolved(canonical(features="uniform", noise=0.02, bias=2.0), 16)


def sure_of_half_of_the_labels(dim: int) -> TransferTask:
    """A task where x_1 = x_2 says nothing, and the strong model is sure of the concept otherwise."""
    concepts, weak = np.eye(2, dim), np.zeros((2, dim))
    weak[:, :2] = [[1.235, -0.235], [0.235, 0.765]]
    return regression_task(
        dim,
        2,
        source_prior=[0.405, 0.595],
        target_prior=[1.0, 0.0],
        concepts=concepts,
        features="rademacher",
        noise=0.234,
        supervisor=RegressionSupervisor(weak, 0.0719),
    )


def test_each_bound_is_resolved_where_its_own_minimum_is() -> None:
    """Of the two bounds, only the classical one has its minimum at s = 1, where the nodes are too few."""
    few, many = sure_of_half_of_the_labels(2), sure_of_half_of_the_labels(11)
    # Half of the demonstrations are silent: the wrong concept, which the source prefers, is then named.
    assert classical_identification_bound(few, 1) > 0.5
    assert quadrature_is_resolved(few, 1)
    assert classical_identification_bound(many, 1) < 0.45
    assert identification_bound(many, 1) == pytest.approx(float(identification_bound(few, 1)), rel=1e-6)
    assert not quadrature_is_resolved(many, 1)


def test_moment_is_infinite_exactly_where_the_quadratic_form_says_so() -> None:
    """E exp(z^T B z / 2) of a standard normal z is finite if and only if B has no eigenvalue >= 1."""
    task = canonical()
    given = numbers(task, 0, 3)
    directions = np.stack([given["difference"], given["shift"]])
    # In the basis of x and the label noise, with w = g.x + sigma' eps: -(s/sigma^2)(u^2 - 2uw).
    along = np.append(directions[0], 0.0)
    weak_residual = np.append(directions[1], given["weak_noise"])
    for exponent in (0.1, 0.36, 0.38, 0.39, 0.6, 1.0):
        cross = np.outer(along, weak_residual)
        form = exponent / given["noise"] ** 2 * (cross + cross.T - np.outer(along, along))
        finite = bool(np.linalg.eigvalsh(form)[-1] < 1.0)
        computed = float(moments.log_odds_moments(task, jnp.full(4, exponent))[0])
        assert np.isfinite(computed) == finite, exponent
    assert not np.isnan(computed)


def test_concept_never_demonstrated_does_not_bring_in_its_infinite_moment() -> None:
    # The second weak concept, a thousand labels off, would make every moment infinite.
    task = many_concepts()
    wild = task.supervisor.vectors.at[1].add(1000.0)
    supervisor = type(task.supervisor)(wild, task.supervisor.noise)
    changed = TransferTask(task.features, task.source, task.target_prior, supervisor)
    exponents = jnp.full(8, 0.2)
    np.testing.assert_array_equal(
        moments.log_odds_moments(changed, exponents), moments.log_odds_moments(task, exponents)
    )
    assert np.all(np.isfinite(moments.log_odds_moments(changed, exponents)))


def test_moments_at_zero_and_of_the_intended_concept_are_one() -> None:
    task = regression_task(
        8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0.1, 0.2, 0.3, 0.4], features="uniform"
    )
    np.testing.assert_allclose(moments.log_odds_moments(task, jnp.zeros(4)), 0.0, atol=1e-12)
    assert float(moments.log_odds_moments(task, jnp.full(4, 0.6))[3]) == pytest.approx(0.0, abs=1e-12)
