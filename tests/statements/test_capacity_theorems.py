"""subspace-variance and kernel-gap against closed forms of special cases, and simulations in plain NumPy."""

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.runs.cell_bounds import bound_columns
from w2s_sim.statements.kernel_gap.claim import mean_gap
from w2s_sim.statements.shared.capacity_students import FRESH_INPUTS, STUDENT_RISK
from w2s_sim.statements.subspace_variance.claim import SUBSPACE_VARIANCE, student_risk, terms
from w2s_sim.statements.subspace_variance.teacher_variance import correlated, lacking, with_overlap
from w2s_sim.tasks.overlapping_features import capacity_task

STUDENT = w2s.LeastSquares(num_weak=40)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("overlap", [1.0, 1.7, 4.0])
def test_without_bias_the_risk_is_the_short_formula(overlap: float) -> None:
    task = with_overlap(overlap)
    expected = 0.25 / 14 * (overlap + (5 - overlap) * 4 / 35)
    assert float(student_risk(w2s.Case("", task, STUDENT))) == pytest.approx(expected, rel=1e-10)


@pytest.mark.usefixtures("x64")
def test_there_is_no_gain_from_the_same_features_or_from_few_labels() -> None:
    same = capacity_task(6, 3, 3, 3.0, num_true=15)
    for num_weak in (9, 40, 4000):
        case = w2s.Case("", same, w2s.LeastSquares(num_weak=num_weak))
        assert float(student_risk(case)) == pytest.approx(float(same.weak_risk), rel=1e-10)
    border = w2s.Case("", with_overlap(1.0), w2s.LeastSquares(num_weak=9))
    assert float(student_risk(border)) == pytest.approx(float(border.task.weak_risk), rel=1e-10)


@pytest.mark.usefixtures("x64")
def test_two_formulas_agree_where_both_apply() -> None:
    """With a population teacher, the risk is the gap and the risk of the best student."""
    task = w2s.capacity_task(10, 5, 4, 2.0, target=lacking().target_vector, weak_noise=0.3)
    case = w2s.Case("", task, STUDENT)
    ceiling = float(task.squared_norm(task.ceiling - task.target_vector))
    assert float(student_risk(case)) == pytest.approx(float(mean_gap(case)) + ceiling, rel=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("c", [1e-6, 1e6])
def test_every_term_has_the_unit_of_a_risk(c: float) -> None:
    """Labels c times as large: all terms c^2 times; features of another scale or basis: no change."""
    own, turn = correlated(), np.random.default_rng(1).normal(size=(5, 5))
    other = w2s.CapacityTask(
        own.features,
        c * own.target_vector,
        c * own.noise,
        c * own.strong_features,
        w2s.RidgeTeacher(own.supervisor.features @ turn, num_true=20),
        own.start,
    )
    for name, value in terms(w2s.Case("", own, STUDENT)).items():
        found = float(terms(w2s.Case("", other, STUDENT))[name])
        assert found == pytest.approx(c**2 * float(value), rel=1e-7, abs=1e-12 * c**2)


def test_risk_of_correlated_features_by_numpy() -> None:
    task = correlated()
    covariance = np.asarray(task.features.covariance, np.float64)
    draws, factor = np.random.default_rng(2), np.linalg.cholesky(covariance)
    weak, strong, target = (
        np.asarray(m, np.float64)
        for m in (task.supervisor.features, task.strong_features, task.target_vector)
    )
    risks = []
    for _ in range(6000):
        inputs = draws.normal(size=(20, 10)) @ factor.T
        labels = inputs @ target + 0.5 * draws.normal(size=20)
        teacher = weak @ np.linalg.lstsq(inputs @ weak, labels, rcond=None)[0]
        inputs = draws.normal(size=(40, 10)) @ factor.T
        student = strong @ np.linalg.lstsq(inputs @ strong, inputs @ teacher, rcond=None)[0]
        risks.append((student - target) @ covariance @ (student - target))
    expected = float(student_risk(w2s.Case("", task, STUDENT)))
    assert abs(np.mean(risks) - expected) < 5 * np.std(risks) / 6000**0.5


def test_the_control_learns_from_the_inputs_of_the_teachers_own_pairs() -> None:
    control = next(c for c in SUBSPACE_VARIANCE.controls("quick") if c.breaks == FRESH_INPUTS.name)
    task, draws = control.case.task, np.random.default_rng(3)
    weak, strong = (np.asarray(m, np.float64) for m in (task.supervisor.features, task.strong_features))
    target, risks = np.asarray(task.target_vector, np.float64), []
    for _ in range(6000):
        inputs = draws.normal(size=(20, 10))
        labels = inputs @ target + 0.5 * draws.normal(size=20)
        taught = inputs @ weak @ np.linalg.lstsq(inputs @ weak, labels, rcond=None)[0]
        student = strong @ np.linalg.lstsq(inputs @ strong, taught, rcond=None)[0]
        risks.append(np.sum((student - target) ** 2))
    found = w2s.replicate(STUDENT_RISK, control.case, seed=0, start=0, stop=512)
    error = np.hypot(np.std(risks) / 6000**0.5, found.std() / 512**0.5)
    assert abs(np.mean(risks) - found.mean()) < 5 * error


def test_a_study_shows_the_theory_beside_the_risk() -> None:
    case = w2s.Case("", with_overlap(2.0), STUDENT)
    columns = bound_columns(case)
    assert columns["risk_theory_theorem"] == "subspace-variance"
    population = w2s.Case("", with_overlap(2.0, num_true=None, weak_noise=0.1), STUDENT)
    assert bound_columns(population)["ceiling_gap_theory_theorem"] == "kernel-gap"
