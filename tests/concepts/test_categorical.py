"""Categorical concepts against plain arithmetic on their tables."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import CategoricalModel
from w2s_sim.concepts.finite import draw_from_rows, shifted, smoothed
from w2s_sim.errors import InputError

pytestmark = pytest.mark.usefixtures("x64")

TABLES = np.array(
    [
        [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]],
        [[0.0, 0.5, 0.5], [0.3, 0.3, 0.4]],
        [[0.25, 0.25, 0.5], [1.0, 0.0, 0.0]],
    ]
)
CONTEXTS = np.array([0.3, 0.7])
PRIOR = np.array([0.5, 0.3, 0.2])


def make_model(tables: np.ndarray = TABLES, contexts: np.ndarray = CONTEXTS) -> CategoricalModel:
    return CategoricalModel(jnp.asarray(PRIOR), jnp.asarray(tables), jnp.asarray(contexts))


def test_likelihood_and_posterior_by_hand() -> None:
    inputs, labels = np.array([0, 1, 1, 0]), np.array([1, 2, 0, 2])
    model = make_model()
    rows = np.array([TABLES[:, x, y] for x, y in zip(inputs, labels, strict=True)])
    np.testing.assert_allclose(
        np.exp(model.log_likelihood(jnp.asarray(inputs), jnp.asarray(labels))), rows, atol=1e-12
    )
    joint = PRIOR * rows.prod(axis=0)
    found = np.exp(model.log_posterior(jnp.asarray(inputs), jnp.asarray(labels)))
    np.testing.assert_allclose(found, joint / joint.sum(), atol=1e-10)
    # The third concept cannot show symbol 2 in the second context.
    assert found[2] == 0.0


def test_outcomes_are_all_pairs_and_their_law_is_joint() -> None:
    model = make_model()
    inputs, labels = model.outcomes
    pairs = [(int(x), int(y)) for x, y in zip(inputs, labels, strict=True)]
    assert sorted(pairs) == [(x, y) for x in range(2) for y in range(3)]
    law = np.exp(model.log_outcome_probabilities())
    expected = [[CONTEXTS[x] * TABLES[k, x, y] for x, y in pairs] for k in range(3)]
    np.testing.assert_allclose(law, expected, atol=1e-12)
    np.testing.assert_allclose(law.sum(axis=1), 1.0, atol=1e-14)


def test_rows_typed_by_hand_are_made_to_sum_to_one() -> None:
    model = CategoricalModel([1.0], [[[0.3333, 0.3333, 0.3333]]], [1.0])
    np.testing.assert_allclose(np.exp(model.log_outcome_probabilities()), 1 / 3, atol=1e-14)


def test_draws_have_the_law_of_the_outcomes(standard_errors_off: Callable[..., float]) -> None:
    count = 30_000
    model = make_model()
    input_key, label_key = jax.random.split(jax.random.key(0))
    for concept in range(3):
        inputs = model.sample_inputs(count, key=input_key)
        labels = model.sample_labels(inputs, jnp.full(count, concept), key=label_key)
        shown = np.eye(6)[np.asarray(inputs) * 3 + np.asarray(labels)]
        law = np.exp(model.log_outcome_probabilities()[concept])
        assert standard_errors_off(shown, law) < 5
        np.testing.assert_array_equal(shown[:, law == 0], 0.0)


def test_what_has_no_probability_is_never_drawn() -> None:
    """At both ends of the uniform draws, where a sum of float32 probabilities may miss one."""
    rows = np.random.default_rng(0).dirichlet(np.ones(6), 4000).astype(np.float32)
    rows[:, [0, 5]] = 0.0
    for uniform in (0.0, 1.0 - 2.0**-24):
        drawn = draw_from_rows(jnp.asarray(rows), jnp.full(4000, uniform, dtype=jnp.float32))
        assert np.all((np.asarray(drawn) >= 1) & (np.asarray(drawn) <= 4))


def test_predictive_draws_mix_the_concepts(standard_errors_off: Callable[..., float]) -> None:
    count = 30_000
    weights = np.array([0.6, 0.0, 0.4])
    inputs = jnp.arange(count) % 2
    labels = make_model().sample_predictive(inputs, jnp.log(jnp.asarray(weights)), key=jax.random.key(2))
    for context in (0, 1):
        shown = np.eye(3)[np.asarray(labels)[context::2]]
        assert standard_errors_off(shown, weights @ TABLES[:, context]) < 5


def test_weak_versions_change_the_labels_alone() -> None:
    model = make_model()
    noisy, biased = smoothed(model, 0.3), shifted(model, 0.25)
    assert isinstance(noisy, CategoricalModel)
    assert isinstance(biased, CategoricalModel)
    np.testing.assert_allclose(noisy.tables, 0.7 * TABLES + 0.1, atol=1e-12)
    np.testing.assert_allclose(biased.tables, 0.75 * TABLES + 0.25 * TABLES[..., [2, 0, 1]], atol=1e-12)
    for weak in (noisy, biased):
        np.testing.assert_array_equal(weak.contexts, CONTEXTS)
        np.testing.assert_array_equal(weak.prior, PRIOR)
    with pytest.raises(InputError, match=r"^weak.share: got 1.2; expected a number in \[0, 1\]"):
        smoothed(model, 1.2)
    with pytest.raises(InputError, match=r"^weak.share"):
        shifted(model, -0.1)


@pytest.mark.parametrize(
    ("tables", "contexts", "field", "expected"),
    [
        (TABLES[:2], CONTEXTS, "tables", r"shape \(3, X, V\)"),
        (TABLES[:, 0], CONTEXTS, "tables", r"shape \(3, X, V\)"),
        (TABLES * 1.1, CONTEXTS, "tables", "sum to 1"),
        (TABLES - 0.1, CONTEXTS, "tables", ">= 0"),
        (TABLES, [1.0], "contexts", r"shape \(2,\)"),
        (TABLES, [0.5, 0.6], "contexts", "sum to 1"),
    ],
)
def test_what_is_no_model_is_refused(tables, contexts, field: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected) as refusal:
        make_model(np.asarray(tables), np.asarray(contexts))
    assert refusal.value.field == field


def test_gradient_passes_zeros() -> None:
    """An impossible label is no nan in the gradient of what is possible."""

    def log_probability(tables: jax.Array) -> jax.Array:
        return CategoricalModel(
            jnp.asarray(PRIOR), tables, jnp.asarray(CONTEXTS)
        ).log_outcome_probabilities()[0, 1]

    assert np.all(np.isfinite(jax.grad(log_probability)(jnp.asarray(TABLES))))
