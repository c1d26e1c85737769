"""anchor-identifiability: laws of pairs by enumeration, what cannot be told apart, and the assumptions."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.anchor_identifiability.anchored_tables import (
    alike_in_pairs,
    alike_in_singles,
    anchored_task,
)
from w2s_sim.statements.anchor_identifiability.lemmas import anchored
from w2s_sim.statements.anchor_identifiability.views import mean_inverse_count, pair_law
from w2s_sim.statements.shared.finite_examples import table_task

STATEMENT = find_statement("anchor-identifiability")


def numpy_law(task: w2s.FiniteTask, views: int) -> np.ndarray:
    """The law of a context, one concept after the other."""
    laws = np.exp(np.asarray(task.supervisor.log_outcome_probabilities(), float))
    total = np.zeros((laws.shape[1],) * views)
    for weight, law in zip(np.asarray(task.target_prior, float), laws, strict=True):
        product = np.ones(())
        for _ in range(views):
            product = np.multiply.outer(product, law)
        total += weight * product
    return total


def test_law_of_pairs_by_enumeration() -> None:
    np.testing.assert_allclose(pair_law(anchored_task()), numpy_law(anchored_task(), 2), atol=1e-7)


def test_what_is_alike_and_what_tells_it_apart() -> None:
    even, uneven = alike_in_pairs()
    np.testing.assert_allclose(numpy_law(even, 2), numpy_law(uneven, 2), atol=1e-7)
    assert np.abs(numpy_law(even, 3) - numpy_law(uneven, 3)).max() > 0.01
    even, uneven = alike_in_singles()
    np.testing.assert_allclose(numpy_law(even, 1), numpy_law(uneven, 1), atol=1e-7)
    assert np.abs(numpy_law(even, 2) - numpy_law(uneven, 2)).max() > 0.01
    for task in alike_in_pairs():
        assert STATEMENT.broken_assumption(anchored("", task, 20)) == "anchors that the weak model keeps"
    for task in alike_in_singles():
        assert STATEMENT.broken_assumption(anchored("", task, 20)) is None


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("chance", "size"), [(0.3, 1), (0.05, 20), (0.5, 200), (0.0, 10), (1.0, 10)])
def test_mean_inverse_count_by_simulation(chance: float, size: int) -> None:
    counts = np.random.default_rng(0).binomial(size, chance, 40_000)
    values = np.where(counts > 0, 1.0 / np.maximum(counts, 1), 0.0)
    found = float(mean_inverse_count(jnp.asarray(chance), size))
    assert abs(values.mean() - found) <= 5 * values.std() / 200 + 1e-12


def test_assumptions_of_other_tasks() -> None:
    estimator = w2s.AnchoredChannel(num_weak=20)
    # A weak model that shows no anchor is not judged; nor are tables without anchors.
    assert STATEMENT.broken_assumption(Case("", table_task(), estimator, grouped=True)) is not None
    wanted = anchored_task([0.0, 1.0, 0.0, 0.0])
    assert STATEMENT.broken_assumption(Case("", wanted, estimator)) is None


@pytest.mark.usefixtures("x64")
def test_error_of_the_channel_by_enumeration_of_all_data() -> None:
    """Two contexts of two pairs, one input and three labels: the mean over all 81 data sets."""
    strong = w2s.CategoricalModel([0.5, 0.5], [[[0.5, 0.0, 0.5]], [[0.0, 0.6, 0.4]]], [1.0])
    weak = w2s.CategoricalModel([0.5, 0.5], [[[0.2, 0.0, 0.8]], [[0.0, 0.7, 0.3]]], [1.0])
    task = w2s.FiniteTask(strong, jnp.array([0.4, 0.6]), weak)
    case = anchored("", task, 4)
    of_pair = numpy_law(task, 2)
    estimator, expected = case.estimator, 0.0
    assert isinstance(estimator, w2s.AnchoredChannel)
    wanted = np.exp(np.asarray(weak.log_outcome_probabilities()))
    for labels in itertools.product(range(3), repeat=4):
        data = w2s.WeakData(jnp.zeros(4, int), jnp.array(labels))
        error = np.sum((np.asarray(estimator.fitted(strong, data).laws) - wanted) ** 2)
        expected += of_pair[labels[:2]] * of_pair[labels[2:]] * error
    assert float(STATEMENT.bound(case)) == pytest.approx(expected, abs=1e-10)
