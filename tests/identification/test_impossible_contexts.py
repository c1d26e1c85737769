"""Bounds of finite concepts with zeros in tables and priors: above what enumeration of all contexts gives."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.concepts import CategoricalModel
from w2s_sim.identification import identification_bound
from w2s_sim.statements import find_statement
from w2s_sim.statements.mixture_collapse.posterior_limit import collapse, competitor_terms
from w2s_sim.statements.shared.grouped_terms import concept_bounds
from w2s_sim.tasks.finite_task import FiniteTask

pytestmark = pytest.mark.usefixtures("x64")


def task_of(strong: np.ndarray, weak: np.ndarray, source: np.ndarray, target: np.ndarray) -> FiniteTask:
    """Concepts that are rows of symbol probabilities."""
    models = [CategoricalModel(source, rows[:, None], np.ones(1)) for rows in (strong, weak)]
    return FiniteTask(models[0], target, models[1])


def mass_left(strong: np.ndarray, weak: np.ndarray, source: np.ndarray, star: int, size: int) -> float:
    """E[1 - pi_n(k*)], over all contexts of `size` symbols that the weak version of k* shows."""
    total = 0.0
    for labels in itertools.product(range(strong.shape[1]), repeat=size):
        joint = source * np.prod(strong[:, labels], axis=1)
        # A context that no concept can produce says nothing.
        posterior = joint / joint.sum() if joint.sum() > 0 else source
        total += np.prod(weak[star, list(labels)]) * (1.0 - posterior[star])
    return total


def test_contexts_that_no_concept_can_produce_leave_the_prior() -> None:
    strong, weak, even = np.eye(2), np.full((2, 2), 0.5), np.full(2, 0.5)
    assert mass_left(strong, weak, even, 0, 2) == 0.5
    bound = float(identification_bound(task_of(strong, weak, even, np.array([1.0, 0.0])), 2))
    assert bound >= 0.5


@pytest.mark.parametrize("seed", range(40))
def test_bounds_hold_with_zeros_everywhere(seed: int) -> None:
    generator = np.random.default_rng(seed)
    num, symbols, size = 2 + seed % 2, 2 + seed // 2 % 2, 1 + seed % 3

    def rows() -> np.ndarray:
        kept = generator.random((num, symbols)) < 0.6
        kept[np.arange(num), generator.integers(symbols, size=num)] = True
        weights = np.where(kept, generator.dirichlet(np.ones(symbols), num), 0.0)
        return weights / weights.sum(axis=1, keepdims=True)

    strong, weak, source = rows(), rows(), generator.dirichlet(np.ones(num))
    if seed % 4 == 0:
        source[generator.integers(num)] = 0.0
    source = source / source.sum()
    task = task_of(strong, weak, source, np.eye(num)[0])
    left = [mass_left(strong, weak, source, star, size) for star in range(num)]
    assert float(identification_bound(task, size)) >= left[0] - 1e-12
    case: w2s.Case[FiniteTask] = w2s.Case("", task, w2s.InContext(size), grouped=True)
    assert np.all(np.asarray(concept_bounds(case)) >= np.array(left) - 1e-12)


def test_concepts_that_tie_are_told_apart_alike_everywhere() -> None:
    """Two concepts equally far from the mixture of the weak ones: whichever is taken, the terms are of it."""
    for seed in range(20):
        turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((2, 2)))[0]
        task = w2s.regression_task(
            2,
            2,
            source_prior=[0.5, 0.5],
            target_prior=[0.5, 0.5],
            concepts=turn.tolist(),
            supervisor=w2s.RegressionSupervisor(0.02 * turn, 0.5),
        )
        concept = int(collapse(task).concept)
        terms = np.asarray(competitor_terms(task, jnp.asarray(1.0)))
        assert terms[concept] == 0.0
        assert terms[1 - concept] > 0.0


def test_without_a_loser_the_threshold_says_nothing() -> None:
    statement = find_statement("voronoi-threshold")
    alone = w2s.regression_task(4, 2, source_prior=[0.0, 1.0], target_prior=[0.0, 1.0])
    broken = statement.broken_assumption(w2s.Case("", alone, w2s.InContext(8)))
    assert broken == "a source prior that holds the intended concept and a loser"
