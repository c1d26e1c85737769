"""Hidden Markov concepts against enumeration of all hidden paths."""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hmmlearn.hmm import CategoricalHMM

from w2s_sim.concepts import HiddenMarkovModel
from w2s_sim.concepts.finite import shifted, smoothed
from w2s_sim.errors import InputError

pytestmark = pytest.mark.usefixtures("x64")

LENGTH = 4
INITIAL = np.array([[0.6, 0.4], [1.0, 0.0]])
TRANSITION = np.array([[[0.8, 0.2], [0.3, 0.7]], [[0.0, 1.0], [0.5, 0.5]]])
EMISSION = np.array([[[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [[0.0, 0.4, 0.6], [0.9, 0.1, 0.0]]])


def make_model(length: int = LENGTH, **changes: np.ndarray) -> HiddenMarkovModel:
    parts = {"initial": INITIAL, "transition": TRANSITION, "emission": EMISSION} | changes
    return HiddenMarkovModel(
        jnp.array([0.7, 0.3]), **{k: jnp.asarray(v) for k, v in parts.items()}, length=length
    )


def path_sum(concept: int, symbols: np.ndarray) -> float:
    """p(symbols) as a sum over all hidden paths."""
    total = 0.0
    for path in itertools.product(range(2), repeat=len(symbols)):
        weight = INITIAL[concept, path[0]] * EMISSION[concept, path[0], symbols[0]]
        for before, state, symbol in zip(path, path[1:], symbols[1:], strict=False):
            weight *= TRANSITION[concept, before, state] * EMISSION[concept, state, symbol]
        total += weight
    return total


@pytest.mark.parametrize("length", [1, 2, 4])
def test_forward_algorithm_is_the_sum_over_paths(length: int) -> None:
    model = make_model(length)
    inputs, sequences = model.outcomes
    assert sequences.shape == (3**length, length)
    assert len({tuple(row) for row in np.asarray(sequences).tolist()}) == 3**length
    expected = [[path_sum(k, np.asarray(row)) for k in range(2)] for row in sequences]
    found = np.exp(model.log_likelihood(inputs, sequences))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_array_equal(found == 0, np.asarray(expected) == 0)
    law = np.exp(model.log_outcome_probabilities())
    np.testing.assert_allclose(law, np.asarray(expected).T, atol=1e-12)
    np.testing.assert_allclose(law.sum(axis=1), 1.0, atol=1e-13)


def test_long_sequences_do_not_underflow() -> None:
    model = make_model(5000)
    generator = np.random.default_rng(0)
    sequences = generator.integers(0, 3, size=(2, 5000))
    found = np.asarray(model.log_likelihood(jnp.zeros((2, 0), dtype=int), jnp.asarray(sequences)))
    for row, sequence in enumerate(sequences):
        forward, log_scale = INITIAL[0] * EMISSION[0][:, sequence[0]], 0.0
        for symbol in sequence[1:]:
            forward = forward @ TRANSITION[0] * EMISSION[0][:, symbol]
            log_scale += np.log(forward.sum())
            forward /= forward.sum()
        assert found[row, 0] == pytest.approx(log_scale + np.log(forward.sum()), rel=1e-10)


def test_posterior_of_independent_sequences() -> None:
    sequences = np.array([[1, 0, 2, 1], [2, 1, 0, 0], [1, 0, 0, 2]])
    found = np.exp(make_model().log_posterior(jnp.zeros((3, 0), dtype=int), jnp.asarray(sequences)))
    joint = np.array([w * np.prod([path_sum(k, row) for row in sequences]) for k, w in enumerate((0.7, 0.3))])
    np.testing.assert_allclose(found, joint / joint.sum(), atol=1e-10)


def test_forward_algorithm_against_hmmlearn() -> None:
    other = CategoricalHMM(n_components=2)
    other.startprob_, other.transmat_, other.emissionprob_ = INITIAL[0], TRANSITION[0], EMISSION[0]
    inputs, sequences = make_model().outcomes
    found = make_model().log_likelihood(inputs, sequences)[:, 0]
    expected = [other.score(np.asarray(row)[:, None]) for row in sequences]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_draws_have_the_law_of_the_outcomes(standard_errors_off: Callable[..., float]) -> None:
    count, model = 40_000, make_model()
    concepts = jnp.arange(count) % 2
    inputs = model.sample_inputs(count, key=jax.random.key(0))
    assert inputs.shape == (count, 0)
    sequences = model.sample_labels(inputs, concepts, key=jax.random.key(1))
    assert sequences.shape == (count, LENGTH)
    index = np.asarray(sequences) @ 3 ** np.arange(LENGTH - 1, -1, -1)
    law = np.exp(model.log_outcome_probabilities())
    for concept in range(2):
        own = index[concept::2]
        assert np.all(law[concept][own] > 0)
        # Outcomes of a percent and more: the normal approximation holds for their counts.
        common = law[concept] > 0.01
        shown = own[:, None] == np.flatnonzero(common)
        assert standard_errors_off(shown, law[concept][common]) < 5


def test_weak_versions_garble_every_symbol() -> None:
    """Against enumeration: each symbol of a sequence is garbled on its own."""
    model = make_model(2)
    channel = 0.8 * np.eye(3) + 0.2 * np.roll(np.eye(3), 1, axis=1)
    law = np.exp(model.log_outcome_probabilities()[0]).reshape(3, 3)
    weak = np.exp(shifted(model, 0.2).log_outcome_probabilities()[0]).reshape(3, 3)
    np.testing.assert_allclose(weak, channel.T @ law @ channel, atol=1e-12)
    even = np.exp(smoothed(model, 1.0).log_outcome_probabilities())
    np.testing.assert_allclose(even, 1 / 9, atol=1e-12)


def test_too_many_sequences_are_not_enumerated() -> None:
    with pytest.raises(InputError, match=r"^task: got 177,147 outcomes .*at most 65,536"):
        _ = make_model(11).outcomes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"initial": INITIAL[:1]}, "initial"),
        ({"initial": INITIAL * 0.9}, "initial"),
        ({"transition": TRANSITION[:, :1]}, "transition"),
        ({"transition": -TRANSITION}, "transition"),
        ({"emission": EMISSION[:, :1]}, "emission"),
        ({"emission": EMISSION + 0.1}, "emission"),
        ({"length": 0}, "length"),
    ],
)
def test_what_is_no_model_is_refused(changes: dict, field: str) -> None:
    with pytest.raises(InputError) as refusal:
        make_model(**changes)
    assert refusal.value.field == field
