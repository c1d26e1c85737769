"""optimal-surrogate: the formula by other means, the first order of 1/n, and who is best."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq, minimize

import w2s_sim as w2s
from w2s_sim.laws.features import Anisotropic
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.optimal_surrogate.examples import two_levels, with_surrogate
from w2s_sim.statements.optimal_surrogate.interpolation import expanded, limit
from w2s_sim.statements.optimal_surrogate.surrogate_risk import (
    allowance,
    best_surrogate,
    limit_risk,
    limit_terms,
)
from w2s_sim.statements.shared.regression_examples import target_and_source

STATEMENT = find_statement("optimal-surrogate")


def rotated_task(seed: int, dim: int = 12) -> w2s.TransferTask:
    generator = np.random.default_rng(seed)
    factor = generator.standard_normal((dim, dim)) + 2.0 * np.eye(dim)
    concepts, weak = generator.standard_normal((2, 2, dim))
    return target_and_source(concepts, weak, features=Anisotropic(w2s.Gaussian(dim), factor), weak_noise=0.4)


def formula(task: w2s.TransferTask, size: int, surrogate: np.ndarray) -> float:
    """The limit in the axes of Sigma, in plain NumPy, with SciPy's root."""
    spectrum, axes = np.linalg.eigh(np.asarray(task.features.covariance, dtype=float))
    source = np.asarray(task.source_vector, dtype=float)
    wanted = axes.T @ (np.asarray(task.target_vector, dtype=float) - source)
    shown = axes.T @ (surrogate - source)
    tau = brentq(lambda t: np.sum(spectrum / (spectrum + t)) - size, 1e-12, 1e6, xtol=1e-14)
    zeta = tau / (spectrum + tau)
    omega = np.sum((1 - zeta) ** 2)
    noise = float(task.supervisor.noise) ** 2
    lost = np.sum(spectrum * zeta**2 * shown**2) + noise
    return float(np.sum(spectrum * (wanted - (1 - zeta) * shown) ** 2) + omega / (size - omega) * lost)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("seed", "size"), [(0, 3), (1, 6), (2, 11)])
def test_limit_is_the_formula_in_the_axes(seed: int, size: int) -> None:
    task = rotated_task(seed)
    weak = np.asarray(task.weak_vector)
    assert float(limit_risk(task, size)) == pytest.approx(formula(task, size, weak), rel=1e-9)
    assert float(sum(limit_terms(task, size).values())) == float(limit_risk(task, size))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("seed", "size"), [(0, 3), (1, 6), (2, 11)])
def test_best_surrogate_is_the_minimum_of_the_formula(seed: int, size: int) -> None:
    task = rotated_task(seed)
    found = minimize(lambda s: formula(task, size, s), np.asarray(task.weak_vector), tol=1e-12)
    best = np.asarray(best_surrogate(task, size))
    assert formula(task, size, best) == pytest.approx(found.fun, rel=1e-8)
    np.testing.assert_allclose(best, found.x, atol=1e-4)


@pytest.mark.usefixtures("x64")
def test_truth_is_best_for_equal_variances_alone() -> None:
    equal = two_levels(0.3, 2.0, levels=(1.0, 1.0))
    np.testing.assert_allclose(best_surrogate(equal, 24), equal.target_vector, rtol=1e-9)
    task = two_levels()
    ratio = np.asarray(best_surrogate(task, 24) / task.target_vector)
    # It says more of the large variances, and less of the small ones.
    assert np.all(ratio[:12] > 1.0)
    assert np.all(ratio[12:] < 0.5)
    assert float(limit_risk(with_surrogate(task, best_surrogate(task, 24)), 24)) < float(limit_risk(task, 24))


@pytest.mark.usefixtures("x64")
def test_isotropic_noise_is_exact_up_to_the_second_order() -> None:
    for dim, size in ((48, 24), (60, 40), (200, 50)):
        spectrum = jnp.ones(dim)
        found = expanded(spectrum, size)
        np.testing.assert_allclose(found.shares, size / dim, rtol=1e-12)
        np.testing.assert_allclose(found.losses, size / dim, rtol=1e-9)
        exact = size / (dim - size - 1)
        assert abs(float(found.noise) - exact) < 2 * exact / (dim - size) ** 2
        assert float(limit(spectrum, size).noise) == pytest.approx(size / (dim - size), rel=1e-12)


@pytest.mark.usefixtures("x64")
def test_first_order_against_simulation_in_numpy() -> None:
    size, draws, generator = 16, 3000, np.random.default_rng(7)
    spectrum = np.repeat([4.0, 0.25], [8, 24])
    inputs = generator.normal(size=(draws, size, 32)) * np.sqrt(spectrum)
    inverse = np.linalg.pinv(inputs)
    projections = inverse @ inputs
    shares = np.einsum("rii->ri", projections)
    losses = np.einsum("rij,j,rji->ri", projections, spectrum, projections)
    noises = np.einsum("rij,i,rij->r", inverse, spectrum, inverse)
    levels = jnp.asarray(spectrum)
    found, whole = expanded(levels, size), limit(levels, size)
    for block in (slice(0, 8), slice(8, 32)):
        for values, first, zeroth in (
            (shares, found.shares, whole.shares),
            (losses, found.losses, whole.losses),
        ):
            blocks = values[:, block].mean(axis=1)
            error = 5 * blocks.std() / draws**0.5
            gap = abs(blocks.mean() - float(first[block].mean()))
            # The second order is less than a quarter of the first.
            assert gap <= error + 0.25 * abs(float(first[block].mean() - zeroth[block].mean()))
    error = 5 * noises.std() / draws**0.5
    assert abs(noises.mean() - float(found.noise)) <= error + 0.25 * float(found.noise - whole.noise)
    assert abs(noises.mean() - float(whole.noise)) > error


def test_allowance_falls_with_the_size() -> None:
    small, large = (float(allowance(two_levels(dim=2 * n), n)) for n in (24, 96))
    assert 3.5 < small / large < 5.0


def test_which_sizes_are_resolved() -> None:
    name = "limit resolved at this size"
    for task, size, broken in (
        (two_levels(), 24, None),
        (two_levels(), 48, name),
        (two_levels(), 60, name),
        (two_levels(), 46, name),
        (two_levels(dim=8), 4, name),
    ):
        assert STATEMENT.broken_assumption(Case("", task, w2s.LeastSquares(num_weak=size))) == broken


def test_ridge_at_zero_is_least_squares() -> None:
    assert STATEMENT.broken_assumption(Case("", two_levels(), w2s.Ridge(0.0, num_weak=24))) is None
    broken = STATEMENT.broken_assumption(Case("", two_levels(), w2s.Ridge(0.1, num_weak=24)))
    assert broken == "least squares without a penalty"
