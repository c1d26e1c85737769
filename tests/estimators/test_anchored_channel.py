"""AnchoredChannel: counts behind anchors in plain NumPy, its limit, and which outcomes are anchors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.estimators.anchored_channel import anchors_of
from w2s_sim.statements.anchor_identifiability.anchored_tables import TARGET, anchored_task
from w2s_sim.statements.anchor_identifiability.views import weak_laws

KEY = jax.random.key(0)
ANCHORS = [0, 1, 2, 4]


def test_anchors_are_what_no_other_concept_shows() -> None:
    laws = jnp.exp(anchored_task().source.log_outcome_probabilities())
    np.testing.assert_array_equal(anchors_of(laws), ANCHORS)
    # Of two anchors the more frequent one; without an anchor the outcome of the largest share.
    two = jnp.array([[0.1, 0.4, 0.5, 0.0], [0.0, 0.0, 0.3, 0.7]])
    np.testing.assert_array_equal(anchors_of(two), [1, 3])
    none = jnp.array([[0.6, 0.4], [0.3, 0.7]])
    np.testing.assert_array_equal(anchors_of(none), [0, 1])


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("num_weak", "views"), [(40, 2), (41, 3), (4, 4)])
def test_counts_by_hand(num_weak: int, views: int) -> None:
    task, estimator = anchored_task(), w2s.AnchoredChannel(num_weak=num_weak, views=views)
    data = task.sample_weak(num_weak, context_size=views, key=KEY)
    outcomes = np.asarray(data.inputs) * 4 + np.asarray(data.labels)
    contexts = outcomes[: num_weak // views * views].reshape(-1, views)
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    weights = np.zeros(4)
    for k, anchor in enumerate(ANCHORS):
        behind = contexts[contexts[:, 0] == anchor, 1:].ravel()
        if len(behind):
            laws[k] = np.bincount(behind, minlength=8) / len(behind)
        frequency = np.mean(contexts == anchor)
        share = frequency / laws[k, anchor] if laws[k, anchor] > 0 else float(frequency > 0)
        weights[k] = min(share, 1.0)
    fit = estimator.fitted(task.source, data)  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(fit.laws, laws, atol=1e-12)
    np.testing.assert_allclose(fit.weights, weights, atol=1e-12)
    prior = estimator.fit(task.source, data, key=KEY).prior
    expected = weights / weights.sum() if weights.sum() > 0 else task.source.prior
    np.testing.assert_allclose(prior, expected, atol=1e-12)


def test_many_contexts_find_prior_and_channel() -> None:
    task, estimator = anchored_task(), w2s.AnchoredChannel(num_weak=200_000)
    data = task.sample_weak(200_000, context_size=2, key=KEY)
    fit = estimator.fitted(task.source, data)  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(fit.laws, weak_laws(task), atol=0.04)
    np.testing.assert_allclose(fit.weights, TARGET, atol=0.03)


def test_no_anchor_leaves_the_source() -> None:
    task = anchored_task()
    data = w2s.WeakData(jnp.zeros(6, int), jnp.full(6, 3))
    prior = w2s.AnchoredChannel(num_weak=6).fit(task.source, data, key=KEY).prior
    np.testing.assert_array_equal(prior, task.source.prior)


def test_what_it_refuses() -> None:
    with pytest.raises(InputError, match="at least 3 pairs"):
        w2s.AnchoredChannel(num_weak=2, views=3)
    with pytest.raises(InputError, match="views"):
        w2s.AnchoredChannel(num_weak=9, views=1)
