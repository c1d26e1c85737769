"""bregman-misfit: both sides in plain NumPy, students of cross-entropy, and weak laws with zeros."""

import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.concepts import CategoricalModel
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.bregman_misfit.lemmas import projected
from w2s_sim.statements.bregman_misfit.projected_law import student_weights
from w2s_sim.statements.bregman_misfit.weak_laws import LEANING, across_the_mixtures, erring_weak_model
from w2s_sim.statements.shared.finite_examples import table_task
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.evaluation import bound_of, exact_value_of

STATEMENT = find_statement("bregman-misfit")
LEMMAS = {lemma.id: lemma for lemma in STATEMENT.lemmas}

pytestmark = pytest.mark.usefixtures("x64")


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    shown = p > 0
    return float(np.sum(p[shown] * np.log(p[shown] / q[shown])))


def exponentiated_gradient(laws: np.ndarray, weak: np.ndarray, steps: int = 20_000) -> np.ndarray:
    weights = np.full(len(laws), 1.0 / len(laws))
    for _ in range(steps):
        slopes = laws @ np.log(weights @ laws / weak)
        weights = weights * np.exp(slopes.min() - slopes)
        weights /= weights.sum()
    return weights @ laws


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_both_sides_by_another_solver(seed: int) -> None:
    task = erring_weak_model(seed)
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    weak, target = np.asarray(task.weak_law), np.asarray(task.target_prior) @ laws
    student = exponentiated_gradient(laws, weak)
    case = projected("", task)
    assert exact_value_of(STATEMENT, case) == pytest.approx(divergence(target, student), abs=1e-7)
    bound = divergence(target, weak) - divergence(student, weak)
    assert bound_of(STATEMENT, case) == pytest.approx(bound, abs=1e-7)


def test_inequality_over_random_tasks() -> None:
    ratios = []
    for seed in range(40):
        case = projected("", erring_weak_model(seed))
        measured, bound = exact_value_of(STATEMENT, case), bound_of(STATEMENT, case)
        assert measured <= bound + 1e-10
        ratios.append(measured / bound)
    assert min(ratios) < 0.8
    assert max(ratios) > 0.95


@pytest.mark.parametrize("size", [0.1, 1.0, 4.0])
def test_an_error_across_the_mixtures_does_not_move_the_projection(size: float) -> None:
    task = across_the_mixtures(size)
    np.testing.assert_allclose(student_weights(projected("", task)), LEANING, atol=1e-6)
    followed = np.asarray(student_weights(Case("", task, w2s.MaximumLikelihood(num_weak=9))))
    assert np.abs(followed - LEANING).max() > 0.003 * size


def test_maximum_likelihood_is_right_about_a_law_that_it_describes() -> None:
    task = table_task(target_prior=[0.1, 0.2, 0.3, 0.4])
    for estimator in (w2s.MaximumLikelihood(num_weak=9), w2s.InformationProjection(num_weak=9)):
        np.testing.assert_allclose(student_weights(Case("", task, estimator)), task.target_prior, atol=1e-5)


def coins(weak: list[list[float]], target_prior: list[float]) -> FiniteTask:
    """Three dice of three faces, of which the first two never show the third face."""
    dice = [[[0.5, 0.5, 0.0]], [[0.2, 0.8, 0.0]], [[0.2, 0.3, 0.5]]]
    source = CategoricalModel([0.3, 0.3, 0.4], dice, [1.0])
    return FiniteTask(source, target_prior, CategoricalModel([0.3, 0.3, 0.4], [weak] * 3, [1.0]))


def test_a_weak_law_with_zeros() -> None:
    """A concept that the weak law excludes is out of the mixture; a target with it has infinite loss."""
    inside = projected("", coins([[0.3, 0.7, 0.0]], [0.5, 0.5, 0.0]))
    row = check_case(STATEMENT, inside, settings=Settings(), alpha=0.01)
    # Weights (1/3, 2/3) are the weak law itself: nothing is gained, and nothing is lost.
    assert row.verdict == "vacuous"
    np.testing.assert_allclose(student_weights(inside), [1 / 3, 2 / 3, 0.0], atol=1e-6)
    outside = projected("", coins([[0.3, 0.7, 0.0]], [0.5, 0.0, 0.5]))
    assert STATEMENT.broken_assumption(outside) == "a weak law that covers the target"
    beyond = projected("", coins([[0.1, 0.9, 0.0]], [0.5, 0.5, 0.0]))
    row = check_case(STATEMENT, beyond, settings=Settings(), alpha=0.01)
    assert row.verdict == "certified"
    assert row.measured < row.bound


def test_target_beside_the_mixtures_for_weak_models_of_every_kind() -> None:
    lemma = LEMMAS["target-beside-the-mixtures"]
    for seed in range(10):
        task = erring_weak_model(seed)
        source = task.source.with_prior(jnp.array([0.5, 0.0, 0.25, 0.25]))
        case = projected("", FiniteTask(source, task.target_prior, task.supervisor))
        assert exact_value_of(lemma, case) <= bound_of(lemma, case) + 1e-10
