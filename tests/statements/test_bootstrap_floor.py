"""bootstrap-floor: the floor by other means, and what a chain can and cannot gain."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

import w2s_sim as w2s
from w2s_sim.files import case_file, load_case
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.bootstrap_floor.chain import bootstrap_floor, chain, vertices
from w2s_sim.statements.shared.quantities import naive_floor
from w2s_sim.statements.shared.regression_examples import canonical

STATEMENT = find_statement("bootstrap-floor")
TASK = canonical()


@pytest.mark.parametrize("shares", [(-0.2,), (0.4,), (-0.2, 0.3)])
def test_floor_is_the_minimum_over_mixtures(shares: tuple[float, ...]) -> None:
    case = Case("", TASK, chain(TASK, *shares, ridges=[0.1] * (len(shares) + 1)))
    corners = np.asarray(vertices(case) - TASK.target_vector, dtype=float)
    found = minimize(
        lambda w: np.sum((w @ corners) ** 2),
        np.full(len(corners), 1 / len(corners)),
        bounds=[(0, 1)] * len(corners),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        tol=1e-12,
    )
    assert found.success
    assert float(bootstrap_floor(case)) == pytest.approx(found.fun, abs=1e-6)


def test_floor_of_orthogonal_errors_is_their_harmonic_sum() -> None:
    # The errors of weak model and middle model are 0.7 e_8 and 0.6 e_5; that of the source lies in e_1..e_4.
    case = Case("", TASK, chain(TASK, 0.0, ridges=[0.1, 0.1]))
    expected = 1 / (1 / 0.49 + 1 / 0.36 + 1 / 1.145)
    assert float(bootstrap_floor(case)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.usefixtures("x64")
def test_floor_is_differentiable_in_the_middle_model() -> None:
    task = canonical()
    case = Case("", task, chain(task, -0.2, ridges=[0.1, 0.1]))

    def floor(middle: jax.Array) -> jax.Array:
        return bootstrap_floor(Case("", task, w2s.Bootstrapping(middle, [0.1, 0.1], num_weak=20)))

    assert isinstance(case.estimator, w2s.Bootstrapping)
    middle, step = case.estimator.middle, 1e-5
    gradient = jax.grad(floor)(middle)
    for j in range(task.dim):
        moved = [float(floor(middle.at[0, j].add(sign * step))) for sign in (1, -1)]
        assert float(gradient[0, j]) == pytest.approx((moved[0] - moved[1]) / (2 * step), abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_middle_model_on_the_segment_is_no_gain(share: float) -> None:
    middle = TASK.weak_vector + share * (TASK.source_vector - TASK.weak_vector)
    case = Case("", TASK, w2s.Bootstrapping(middle[None], [0.1, 0.1], num_weak=20))
    assert float(bootstrap_floor(case)) == pytest.approx(float(naive_floor(TASK)), rel=1e-5)


def test_case_file_of_a_chain_is_read_back(tmp_path) -> None:
    case = STATEMENT.cases("quick")[2]
    path = tmp_path / "case.toml"
    path.write_text(case_file(STATEMENT, case))
    again = load_case(path, STATEMENT)
    assert isinstance(again.estimator, w2s.Bootstrapping)
    assert isinstance(case.estimator, w2s.Bootstrapping)
    np.testing.assert_allclose(again.estimator.middle, case.estimator.middle, rtol=1e-6)
    assert float(STATEMENT.bound(again)) == pytest.approx(float(STATEMENT.bound(case)), rel=1e-5)


def test_only_the_first_model_needs_a_variance() -> None:
    task = canonical()
    for ridges, holds in (([0.0, 0.3], False), ([0.3, 0.0], True)):
        case = Case("", task, w2s.Bootstrapping(jnp.zeros((1, 8)), ridges, num_weak=8))
        assert (STATEMENT.broken_assumption(case) is None) == holds
