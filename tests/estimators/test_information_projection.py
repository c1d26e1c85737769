"""InformationProjection: optimality in plain NumPy, SciPy's minimum, zeros, and counts of outcomes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

import w2s_sim as w2s
from w2s_sim.concepts import FiniteModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.information_projection import information_projection
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task

KEY = jax.random.key(0)


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    shown = p > 0
    return float(np.sum(p[shown] * np.log(p[shown] / q[shown])))


def gap(laws: np.ndarray, weak: np.ndarray, weights: np.ndarray) -> float:
    """How far the divergence can be above its minimum: zero at the projection alone."""
    mixture = weights @ laws
    logs = np.zeros_like(mixture)
    logs[mixture > 0] = np.log(mixture[mixture > 0] / weak[mixture > 0])
    return float(mixture @ logs - np.min(laws @ logs))


def project(laws: np.ndarray, weak: np.ndarray, prior: np.ndarray | None = None) -> np.ndarray:
    prior = np.ones(len(laws)) / len(laws) if prior is None else prior
    return np.asarray(information_projection(jnp.asarray(laws), jnp.asarray(weak), jnp.asarray(prior)))


@pytest.mark.parametrize(("count", "size", "spread"), [(4, 6, 0.5), (4, 6, 0.05), (12, 6, 0.3), (3, 81, 0.3)])
@pytest.mark.usefixtures("x64")
def test_no_mixture_is_nearer(count: int, size: int, spread: float) -> None:
    generator = np.random.default_rng(0)
    for case in range(20):
        laws = generator.dirichlet(np.full(size, spread), count)
        laws = np.where(laws < 1e-9, 0.0, laws)
        laws /= laws.sum(axis=1, keepdims=True)
        if case % 4 == 0:
            laws[1] = laws[0]
        weak = np.maximum(generator.dirichlet(np.full(size, spread)), 1e-9)
        weak /= weak.sum()
        weights = project(laws, weak)
        assert weights.min() >= 0
        assert weights.sum() == pytest.approx(1, abs=1e-12)
        assert gap(laws, weak, weights) < 1e-11


@pytest.mark.usefixtures("x64")
def test_against_scipy() -> None:
    generator = np.random.default_rng(1)
    for _ in range(5):
        laws, weak = generator.dirichlet(np.ones(6), 4), generator.dirichlet(np.ones(6))
        found = project(laws, weak)
        oracle = minimize(
            lambda w, laws=laws, weak=weak: divergence(np.maximum(w, 0) @ laws, weak),
            np.full(4, 0.25),
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            options={"ftol": 1e-15, "maxiter": 500},
        )
        np.testing.assert_allclose(found @ laws, oracle.x @ laws, atol=1e-6)
        assert divergence(found @ laws, weak) <= divergence(oracle.x @ laws, weak) + 1e-12


@pytest.mark.usefixtures("x64")
def test_two_concepts_by_their_closed_form() -> None:
    """Concepts on separate outcomes: weights are proportional to exp(-KL(p_k || T))."""
    laws = np.array([[0.3, 0.7, 0.0, 0.0], [0.0, 0.0, 0.2, 0.8]])
    weak = np.array([0.1, 0.2, 0.3, 0.4])
    expected = np.exp([-divergence(law, weak) for law in laws])
    np.testing.assert_allclose(project(laws, weak), expected / expected.sum(), atol=1e-12)
    # The weights of concepts that the weak law hardly shows are tiny, and right.
    rare = np.array([0.1 * 1e-15, 0.2 * 1e-15, 0.3, 0.7])
    rare /= rare.sum()
    expected = np.exp([-divergence(law, rare) for law in laws])
    np.testing.assert_allclose(project(laws, rare), expected / expected.sum(), rtol=1e-8)


def test_concepts_that_are_no_part_of_a_mixture() -> None:
    laws = np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.1, 0.9, 0.0]])
    assert project(laws, np.array([0.3, 0.7, 0.0]))[1] == 0
    weights = project(laws, np.array([0.4, 0.4, 0.2]), np.array([0.5, 0.5, 0.0]))
    assert weights[2] == 0 < weights[1]
    prior = np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(project(laws, np.array([1.0, 0.0, 0.0]), prior), prior, rtol=1e-6)


@pytest.mark.parametrize(
    "source",
    [lambda: table_task().source, lambda: language_task().source, lambda: style_content_task().source],
    ids=["tables", "languages", "styles and contents"],
)
def test_outcomes_are_counted_in_their_order(source: Callable[[], FiniteModel]) -> None:
    model = source()
    np.testing.assert_array_equal(model.outcome_index(*model.outcomes), np.arange(model.num_outcomes))
    inputs, labels = (jnp.concatenate([part, part[:2]]) for part in model.outcomes)
    counts = np.ones(model.num_outcomes)
    counts[:2] += 1
    np.testing.assert_array_equal(model.outcome_counts(inputs, labels), counts)


@pytest.mark.usefixtures("x64")
def test_student_projects_the_frequencies() -> None:
    task = table_task(shift=0.3)
    estimator = w2s.InformationProjection(num_weak=50, pseudo_count=0.25)
    data = task.sample_weak(50, key=KEY)
    counts = np.full((2, 3), 0.25)
    np.add.at(counts, (np.asarray(data.inputs), np.asarray(data.labels)), 1.0)
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    prior = np.asarray(estimator.fit(task.source, data, key=KEY).prior)
    assert gap(laws, counts.reshape(-1) / counts.sum(), prior) < 1e-12


def test_single_precision_is_near_double() -> None:
    laws = np.exp(np.asarray(table_task().source.log_outcome_probabilities(), float))
    weak = np.asarray(table_task(shift=0.3, target_prior=[0.25] * 4).weak_law, float)
    single = np.asarray(project(laws, weak), float) @ laws
    with jax.enable_x64(True):
        double = project(laws / laws.sum(axis=1, keepdims=True), weak / weak.sum()) @ laws
    np.testing.assert_allclose(single, double, atol=2e-4)


def test_what_it_refuses() -> None:
    task, estimator = w2s.canonical_task(), w2s.InformationProjection(num_weak=4)
    data = task.sample_weak(4, key=KEY)
    with pytest.raises(InputError, match="finitely many"):
        estimator.transferred_prior(task.source, data, key=KEY)
    with pytest.raises(InputError, match="pseudo_count"):
        w2s.InformationProjection(num_weak=4, pseudo_count=0.0)
