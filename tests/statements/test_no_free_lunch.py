"""no-free-lunch: the two worlds, and the errors of students whose errors are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.statements.no_free_lunch import claim as no_free_lunch
from w2s_sim.statements.no_free_lunch.mirrored_target import mirrored_world, weak_error
from w2s_sim.statements.shared.broken_learners import ToldTheWorld
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.verify import replicate

STATEMENT = no_free_lunch.NO_FREE_LUNCH


def test_worlds_share_the_weak_law_and_differ_in_the_target() -> None:
    task = canonical(target_prior=[0.2, 0.0, 0.2, 0.6])
    mirror = mirrored_world(task)
    key = jax.random.key(0)
    here, there = (world.sample_weak(50, key=key) for world in (task, mirror))
    np.testing.assert_array_equal(here.labels, there.labels)
    np.testing.assert_allclose(task.target_vector + mirror.target_vector, 2 * task.weak_vector, atol=1e-6)
    assert float(weak_error(task)) == pytest.approx(float(weak_error(mirror)), rel=1e-5)


def test_errors_of_an_oracle_by_hand() -> None:
    task = w2s.canonical_task()
    case = w2s.Case("", task, w2s.Oracle(task.target_prior))
    errors = STATEMENT.measure(jax.random.key(0), case)  # pyright: ignore[reportOptionalCall]
    np.testing.assert_allclose(errors, [0.0, 4 * 0.49], atol=1e-6)


def test_least_squares_has_its_exact_risk_in_both_worlds(standard_errors_off) -> None:
    case = w2s.Case("", w2s.canonical_task(), w2s.Ridge(0.0, num_weak=30))
    values = replicate(STATEMENT.measure, case, seed=3, start=0, stop=8192)  # pyright: ignore[reportArgumentType]
    assert values.shape == (8192, 2)
    assert standard_errors_off(values, np.full(2, 0.49 + 0.25 * 8 / 21)) < 5


def test_who_is_told_the_world_is_right_in_both() -> None:
    told = w2s.Case("", w2s.canonical_task(), ToldTheWorld(w2s.InContext(32)))
    untold = w2s.Case("", w2s.canonical_task(), w2s.InContext(32))
    sees, blind = (
        replicate(STATEMENT.measure, case, seed=1, start=0, stop=2048).mean(axis=0)  # pyright: ignore[reportArgumentType]
        for case in (told, untold)
    )
    assert sees.max() < 0.02
    assert blind[0] < 0.02
    assert blind[1] > 4 * 0.49 - 0.02


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({}, w2s.Ridge), ({"ridge": 0.3}, w2s.Ridge), ({"num_demonstrations": 4}, w2s.Refinement)],
)
def test_estimator_of_a_case_file(changes: dict, kind: type) -> None:
    numbers = {"num_weak": 30, "ridge": 0.0, "num_demonstrations": None, "grouped": False}
    assert isinstance(no_free_lunch.build_estimator(numbers | changes), kind)


def test_bound_is_differentiable_in_the_task() -> None:
    def bound(vectors):
        task = w2s.canonical_task()
        supervisor = w2s.RegressionSupervisor(vectors, 0.5)
        world = w2s.TransferTask(task.features, task.source, task.target_prior, supervisor)
        return STATEMENT.bound(w2s.Case("", world, w2s.InContext(4)))

    gradient = jax.grad(bound)(w2s.canonical_task().supervisor.vectors)
    # d kappa^2 / d beta'_* = 2 (beta'_* - beta_*).
    np.testing.assert_allclose(gradient[3], 2 * 0.7 * jnp.eye(8)[7], atol=1e-5)
