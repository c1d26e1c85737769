"""The confidence loss against batches of pairs in NumPy, gradients of optax, and its stationary points."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.optimize import linear_sum_assignment

import w2s_sim as w2s
from w2s_sim.estimators.balanced_hardening import hardened

pytestmark = pytest.mark.usefixtures("x64")


def model_of(ones: list[float], contexts: list[float] | None = None) -> w2s.CategoricalModel:
    """One concept that shows symbol 1 with these probabilities."""
    table = np.stack([1 - np.array(ones), np.array(ones)], axis=1)
    shares = np.full(len(ones), 1 / len(ones)) if contexts is None else np.array(contexts)
    return w2s.CategoricalModel(np.ones(1), table[None], shares)


def pairs(counts: list[tuple[int, int]]) -> w2s.WeakData:
    """For each context, the numbers of weak labels 0 and 1."""
    rows = [(x, y) for x, of in enumerate(counts) for y in (0, 1) for _ in range(of[y])]
    return w2s.WeakData(*jnp.array(rows).T)


def logits_of(odds: np.ndarray) -> jax.Array:
    """Logits of two symbols with these log odds of symbol 1."""
    return jnp.stack([jnp.zeros(len(odds)), jnp.asarray(odds)], axis=1)


def fitted(
    source: w2s.CategoricalModel, data: w2s.WeakData, m: float, steps: int, tau: float = 4.0
) -> np.ndarray:
    rule = w2s.ConfidenceLoss(m, steps=steps, step_size=tau, num_weak=data.labels.shape[0])
    return np.asarray(rule.fit(source, data, key=jax.random.key(0)).tables)[0, :, 1]


def by_pairs(start: np.ndarray, data: w2s.WeakData, m: float, steps: int, tau: float) -> np.ndarray:
    """Gradient descent by automatic differentiation; half of the pairs, by rank, are hardened to 1."""
    inputs, labels = np.asarray(data.inputs), np.asarray(data.labels, dtype=float)
    odds = jnp.asarray(np.log(start / (1 - start)))

    def loss(odds: jax.Array, own: np.ndarray) -> jax.Array:
        targets = (1 - m) * labels + m * own
        return optax.sigmoid_binary_cross_entropy(odds[inputs], targets).mean()

    for _ in range(steps):
        threshold = np.median(np.asarray(odds)[inputs])
        odds = odds - tau * jax.grad(loss)(odds, np.asarray(odds)[inputs] > threshold)
    return np.asarray(jax.nn.sigmoid(odds))


@pytest.mark.parametrize("m", [0.0, 0.3, 0.7, 1.0])
def test_it_is_gradient_descent_on_the_pairs(m: float) -> None:
    start = [0.55, 0.4, 0.7, 0.2]
    # Every two contexts hold half of the pairs, so that the median splits them.
    data = pairs([(4, 2), (1, 5), (2, 4), (3, 3)])
    expected = by_pairs(np.array(start), data, m, 25, 1.7)
    np.testing.assert_allclose(fitted(model_of(start), data, m, 25, 1.7), expected, rtol=1e-10)


def assigned(logits: np.ndarray) -> np.ndarray:
    """The best assignment of pairs to symbols that get equally many pairs, by the Hungarian algorithm."""
    size, num_symbols = logits.shape
    slots = np.repeat(np.arange(num_symbols), size // num_symbols)
    pairs, places = linear_sum_assignment(-logits[:, slots])
    return np.eye(num_symbols)[slots[places[np.argsort(pairs)]]]


@pytest.mark.parametrize("m", [0.3, 0.7])
def test_three_symbols_are_gradient_descent_on_the_pairs(m: float) -> None:
    """Gradients by automatic differentiation; single pairs are assigned, and contexts see their mean."""
    generator = np.random.default_rng(2)
    start = generator.dirichlet(np.ones(3), size=5)
    inputs = np.repeat(np.arange(5), [3, 3, 3, 6, 3])
    labels = generator.integers(0, 3, size=18)
    logits = jnp.log(jnp.asarray(start))

    def loss(logits: jax.Array, own: np.ndarray) -> jax.Array:
        targets = (1 - m) * np.eye(3)[labels] + m * own
        return optax.softmax_cross_entropy(logits[inputs], targets).mean()

    for _ in range(20):
        logits = logits - 0.5 * 1.7 * jax.grad(loss)(logits, assigned(np.asarray(logits)[inputs]))
    source = w2s.CategoricalModel([1.0], start[None], np.full(5, 0.2))
    rule = w2s.ConfidenceLoss(m, steps=20, step_size=1.7, num_weak=18)
    found = rule.fit(source, w2s.WeakData(jnp.array(inputs), jnp.array(labels)), key=jax.random.key(0))
    np.testing.assert_allclose(found.tables[0], jax.nn.softmax(logits), rtol=1e-10)


def test_a_tie_is_the_mean_over_the_ways_to_break_it() -> None:
    """Five pairs in three contexts, two of them tied: half a pair more than one of four lies above."""
    shares, odds = np.array([1, 2, 2]) / 5, np.array([2.0, 0.5, 0.5])
    own = np.asarray(hardened(logits_of(odds), jnp.asarray(shares)))[:, 1]
    np.testing.assert_allclose(own, [1.0, 0.375, 0.375], rtol=1e-12)
    generator, means = np.random.default_rng(1), []
    which = np.array([0, 1, 1, 2, 2] * 2)
    for _ in range(4000):
        ranked = np.lexsort((generator.random(10), -odds[which]))
        hard = np.zeros(10)
        hard[ranked[:5]] = 1.0
        means.append([hard[which == x].mean() for x in range(3)])
    error = np.std(means, axis=0) / 4000**0.5
    assert (np.abs(np.mean(means, axis=0) - own) <= 5 * error + 1e-12).all()


def test_without_confidence_it_ends_at_the_weak_frequencies() -> None:
    found = fitted(model_of([0.5, 0.9]), pairs([(6, 2), (2, 6)]), 0.0, 400)
    np.testing.assert_allclose(found, [0.25, 0.75], atol=1e-9)


@pytest.mark.parametrize(("m", "keeps"), [(0.30, False), (0.36, True), (0.9, True)])
def test_the_strong_order_lasts_above_the_threshold(m: float, keeps: bool) -> None:
    """q = (1/4, 3/4): the difference 1/2 gives the threshold 1/3."""
    found = fitted(model_of([0.7, 0.4]), pairs([(6, 2), (2, 6)]), m, 4000)
    own = np.array([1.0, 0.0]) if keeps else np.array([0.0, 1.0])
    np.testing.assert_allclose(found, (1 - m) * np.array([0.25, 0.75]) + m * own, atol=1e-6)


def test_contexts_that_are_not_shown_stay() -> None:
    found = fitted(model_of([0.7, 0.4, 0.35]), pairs([(6, 2), (2, 6), (0, 0)]), 0.5, 100)
    assert found[2] == pytest.approx(0.35, rel=1e-12)


def test_it_starts_at_the_predictions_of_the_strong_model() -> None:
    tables = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [0.6, 0.4]]])
    source = w2s.CategoricalModel([0.25, 0.75], tables, [0.5, 0.5])
    found = fitted(source, pairs([(1, 1), (1, 1)]), 0.5, 0)
    np.testing.assert_allclose(found, [0.25 * 0.1 + 0.75 * 0.7, 0.25 * 0.8 + 0.75 * 0.4], rtol=1e-12)


def test_a_certain_model_stays_certain() -> None:
    found = fitted(model_of([1.0, 0.0]), pairs([(3, 3), (3, 3)]), 0.5, 20)
    np.testing.assert_array_equal(found, [1.0, 0.0])


def test_a_student_with_one_table_has_a_risk_and_no_prior_to_judge() -> None:
    tables = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [0.6, 0.4]]])
    source = w2s.CategoricalModel([0.25, 0.75], tables, [0.5, 0.5])
    task = w2s.FiniteTask(source, jnp.array([1.0, 0.0]), source)
    student = model_of([0.1, 0.8])
    assert set(task.metrics(student)) == {"risk"}
    assert float(task.metrics(student)["risk"]) == pytest.approx(0.0, abs=1e-12)
    assert {"prior_kl", "prior_tv"} <= set(task.metrics(source))
