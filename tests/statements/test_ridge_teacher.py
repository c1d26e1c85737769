"""ridge-teacher-threshold: the best copy, the threshold and the sure gain by other means."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.naive_risk_curve.marchenko_pastur import ridge_traces
from w2s_sim.statements.ridge_teacher_threshold.claim import best_copy, evaluate, ratio
from w2s_sim.statements.ridge_teacher_threshold.few_features import (
    FEW_FEATURES_LEMMAS,
    few_features_threshold,
    loss_to_teacher,
    taught_by_few_features,
)
from w2s_sim.statements.ridge_teacher_threshold.lemmas import (
    LOUD,
    RIDGE_TEACHER_THRESHOLD_LEMMAS,
)
from w2s_sim.statements.ridge_teacher_threshold.taught_student import pair, teacher_of, threshold
from w2s_sim.statements.shared.regression_examples import canonical, noisy

STATEMENT = find_statement("ridge-teacher-threshold")
SURE = next(lemma for lemma in RIDGE_TEACHER_THRESHOLD_LEMMAS if lemma.id == "small-ridge-wins-below")


@pytest.mark.parametrize(("length", "overlap"), [(1.5, 0.8), (0.6, 0.7), (2.0, 2.0), (1.0, -0.3)])
def test_best_copy_is_the_minimum(length: float, overlap: float) -> None:
    shares = np.linspace(0.0, 1.0, 100_001)
    least = np.min(1 - 2 * shares * overlap + shares**2 * length)
    assert best_copy(length, overlap) == pytest.approx(least, abs=1e-9)


def test_ratio_is_monotone_in_every_mean() -> None:
    generator = np.random.default_rng(0)
    for means in generator.uniform([0, 0, -1], [3, 3, 2], size=(2000, 3)):
        higher = means + 0.1 * np.eye(3)
        here = ratio(means)
        assert ratio(higher[0]) >= here
        assert ratio(higher[1]) <= here
        assert ratio(higher[2]) >= here


def chains(teacher: float, student: float, size: int, draws: int, seed: int) -> tuple[np.ndarray, ...]:
    """Teachers and students relative to the source, by normal equations in NumPy."""
    generator = np.random.default_rng(seed)
    task = noisy(LOUD)
    wanted = np.asarray(task.target_vector - task.source_vector, dtype=float)
    inputs = generator.normal(size=(2, draws, size, 8))
    labels = inputs[0] @ wanted + LOUD * generator.normal(size=(draws, size))
    models = []
    for x, penalty in zip(inputs, (teacher, student), strict=True):
        system = np.einsum("rni,rnj->rij", x, x) / size + penalty * np.eye(8)
        pull = np.einsum("rni,rn->ri", x, labels) / size
        models.append(np.linalg.solve(system, pull[..., None])[..., 0])
        labels = np.einsum("rni,ri->rn", inputs[1], models[0])
    return wanted, *models


@pytest.mark.parametrize("student", [0.05, 0.3])
def test_student_wins_below_the_threshold_alone(student: float) -> None:
    at = float(threshold(Case("", noisy(LOUD), pair(noisy(LOUD), 1.0, 1.0))))
    assert at == pytest.approx(LOUD**2 * 8 / (60 * 1.145), rel=1e-5)
    for teacher, wins in ((0.0, True), (at, False), (3 * at, False)):
        wanted, taught, fitted = chains(teacher, student, 60, 4000, 3)
        losses = np.sum((fitted - wanted) ** 2, axis=1) - np.sum((taught - wanted) ** 2, axis=1)
        error = 5 * losses.std() / 4000**0.5
        assert losses.mean() + error < 0 if wins else losses.mean() - error > 0


def test_measured_numbers_are_those_of_the_chain() -> None:

    task = noisy(LOUD)
    case = Case("", task, pair(task, 0.2, 0.5))
    data = case.sample_weak(key=jax.random.key(1))
    wanted = np.asarray(task.target_vector - task.source_vector, dtype=float)
    x, y = np.asarray(data.inputs[:60], dtype=float), np.asarray(data.labels[:60], dtype=float)
    start = np.asarray(task.source_vector, dtype=float)
    taught = np.linalg.solve(x.T @ x / 60 + 0.2 * np.eye(8), x.T @ (y - x @ start) / 60)
    np.testing.assert_allclose(teacher_of(data, case) - task.source_vector, taught, atol=1e-4)
    found = np.asarray(evaluate(jax.random.key(0), data, case)) * (wanted @ wanted)
    np.testing.assert_allclose(found[1:], [taught @ taught, taught @ wanted], rtol=1e-3)


def test_threshold_is_that_of_the_proportional_limit() -> None:
    """In the limit C = w and U = w2 + sigma^2 v / ||b||^2: U = C at lambda = sigma^2 gamma / ||b||^2."""
    for ratio_, noise in ((0.2, 0.7), (0.9, 1.5), (1.5, 0.4)):
        traces = ridge_traces(ratio_, noise**2 * ratio_)
        length = float(traces.squared_gain) + noise**2 * float(traces.noise_gain)
        assert length == pytest.approx(float(traces.mean_gain), rel=1e-5)


def test_sure_gain_is_negative_for_small_penalties_alone() -> None:
    task = noisy(LOUD)
    values = [float(SURE.bound(Case("", task, pair(task, 0.0, eta)))) for eta in (0.01, 0.1, 5.0)]
    assert values[0] < 0
    assert values[1] < 0
    assert values[2] > 0


def test_assumptions_notice() -> None:
    task = canonical()
    for estimator, broken in (
        (pair(task, 0.1, 0.3), None),
        (pair(task, 0.1, 0.3, inputs="shared"), "inputs of its own for the student"),
        (w2s.Ridge(0.3, num_weak=60), "a ridge teacher and a ridge student"),
    ):
        assert STATEMENT.broken_assumption(Case("", task, estimator)) == broken


def test_a_teacher_without_error_has_no_ratio() -> None:
    """Labels without noise make the least squares teacher the weak model itself."""
    clean = {"weak_noise": 0.0, "features": "gaussian"}
    for bias, broken in ((0.0, "a teacher whose best copy errs"), (0.7, None)):
        task = canonical(bias=bias, **clean)
        assert STATEMENT.broken_assumption(Case("", task, pair(task, 0.0, 0.3))) == broken


@pytest.mark.parametrize(("ridge", "student"), [(0.0, 0.2), (0.3125, 0.5)])
def test_students_of_a_teacher_with_few_features(ridge: float, student: float, standard_errors_off) -> None:
    """Teacher on 12 pairs with 3 of 8 features, student on 40 inputs, by normal equations in NumPy."""
    generator, beta = np.random.default_rng(6), np.eye(8)[0] + 0.5 * np.eye(8)[7]
    task = taught_by_few_features(ridge)
    assert float(few_features_threshold(task)) == pytest.approx(0.3125, rel=1e-5)
    losses = []
    for _ in range(3000):
        seen, inputs = generator.normal(size=(12, 8)), generator.normal(size=(40, 8))
        labels, few = seen @ beta + generator.normal(size=12), seen[:, :3]
        teacher = np.zeros(8)
        teacher[:3] = np.linalg.solve(few.T @ few / 12 + ridge * np.eye(3), few.T @ labels / 12)
        system = inputs.T @ inputs / 40
        fitted = np.linalg.solve(system + student * np.eye(8), system @ teacher)
        losses.append(np.sum((fitted - beta) ** 2) - np.sum((teacher - beta) ** 2))
    case = Case("", task, w2s.Ridge(student, num_weak=40))
    ours = w2s.replicate(loss_to_teacher, case, seed=7, start=0, stop=3000)
    difference = np.asarray(ours)[:, None] - np.asarray(losses)[:, None]
    assert standard_errors_off(difference, np.zeros(1)) < 5
    assert (np.mean(losses) < 0) == (ridge == 0.0)


def test_lemmas_on_few_features_state_what_they_need() -> None:
    """Noise on the labels of the teacher, and few inputs, are outside the bound on the student's gain."""
    _, gain = FEW_FEATURES_LEMMAS
    task = taught_by_few_features(0.0)
    loud = eqx.tree_at(lambda task: task.supervisor.noise, task, jnp.asarray(0.5))
    for given, num_weak, broken in (
        (task, 40, None),
        (loud, 40, "passes its own on"),
        (task, 11, "N > d + 3"),
    ):
        found = gain.broken_assumption(Case("", given, w2s.Ridge(0.2, num_weak=num_weak)))
        assert found is None if broken is None else broken in str(found)
