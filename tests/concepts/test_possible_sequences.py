"""Hidden Markov models in which states become improbable beyond any floating-point number.

The oracle is the forward algorithm in logarithms and float64, in NumPy.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import HiddenMarkovModel
from w2s_sim.concepts.forward import Forward, forward

# What the log likelihoods are relative to: sums of few terms near 0 keep the absolute precision of one.
TOLERANCE = {np.float32: 1e-4, np.float64: 1e-10}

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def in_logs(parts: Parts, sequences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log p(sequence | k), (n, K), and log p(next symbol | sequence, k), (n, K, V)."""
    with np.errstate(divide="ignore"):
        initial, transition, emission = (np.log(part / part.sum(-1, keepdims=True)) for part in parts)
    states = initial + emission[:, :, sequences[:, 0]].transpose(2, 0, 1)
    for symbols in sequences[:, 1:].T:
        moved = np.logaddexp.reduce(states[..., None] + transition, axis=2)
        states = moved + emission[:, :, symbols].transpose(2, 0, 1)
    likelihood = np.logaddexp.reduce(states, axis=2)
    possible = np.isfinite(likelihood)[..., None]
    law = np.where(possible, states - np.where(possible, likelihood[..., None], 0.0), states)
    following = np.logaddexp.reduce(law[..., None] + transition, axis=2)
    return likelihood, np.logaddexp.reduce(following[..., None] + emission, axis=2)


def run(parts: Parts, sequences: np.ndarray, dtype: type) -> tuple[Forward, Parts]:
    """The library's pass, and the parameters as it sees them."""
    with jax.enable_x64(dtype is np.float64):
        arrays = tuple(jnp.asarray(part, dtype=dtype) for part in parts)
        found = jax.jit(forward)(*arrays, jnp.asarray(sequences))
        return jax.tree.map(np.asarray, found), tuple(np.asarray(part, np.float64) for part in arrays)  # pyright: ignore


def assert_right(parts: Parts, sequences: np.ndarray, dtype: type) -> None:
    found, seen = run(parts, sequences, dtype)
    tolerance = TOLERANCE[dtype]
    likelihood, log_next = in_logs(seen, sequences)
    assert np.array_equal(np.isfinite(found.log_likelihood), np.isfinite(likelihood))
    np.testing.assert_allclose(found.log_likelihood, likelihood, rtol=tolerance, atol=0.01 * tolerance)
    np.testing.assert_allclose(found.log_next, log_next, rtol=tolerance, atol=0.01 * tolerance)
    possible = np.isfinite(likelihood)
    np.testing.assert_allclose(found.states.sum(-1), np.where(possible, 1.0, 0.0), atol=1e-5)
    assert not np.any(np.isnan(found.log_next))


def rows(generator: np.random.Generator, shape: tuple[int, ...], zeros: float, tiny: float) -> np.ndarray:
    """Probability vectors with a share of zeros, and a share of entries from 1e-30 to 1e-1."""
    values = generator.dirichlet(np.ones(shape[-1]), shape[:-1])
    values = np.where(generator.random(shape) < tiny, 10.0 ** -generator.uniform(1, 30, shape), values)
    largest = values == values.max(axis=-1, keepdims=True)
    values = np.where((generator.random(shape) < zeros) & ~largest, 0.0, values)
    return values / values.sum(axis=-1, keepdims=True)


def problem(length: int) -> tuple[Parts, np.ndarray]:
    """Concepts of four states, and a sequence of each; the last symbol of half of them is any symbol.

    Of the six, two have states that are never left, two go one way, and two have few transitions.
    """
    generator = np.random.default_rng(length)
    initial, emission = rows(generator, (6, 4), 0.3, 0.3), rows(generator, (6, 4, 3), 0.3, 0.3)
    transition = rows(generator, (6, 4, 4), 0.6, 0.3)
    transition[:2] = np.eye(4)
    transition[2:4] = np.triu(transition[2:4]) + 1e-3 * np.eye(4)
    transition /= transition.sum(axis=-1, keepdims=True)
    sequences = np.zeros((6, length), dtype=int)
    for k, row in enumerate(sequences):
        state = generator.choice(4, p=initial[k])
        for place in range(length):
            row[place] = generator.choice(3, p=emission[k, state])
            state = generator.choice(4, p=transition[k, state])
    sequences[::2, -1] = generator.integers(3, size=3)
    return (initial, transition, emission), sequences


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 40, 700])
def test_against_logarithms(length: int, dtype: type) -> None:
    assert_right(*problem(length), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_state_that_was_lost_explains_the_end(dtype: type) -> None:
    """199 symbols of the state that shows nothing else, then one that only the other state shows."""
    even, stay = np.full((2, 2), 0.5), np.broadcast_to(np.eye(2), (2, 2, 2))
    emission = np.array([[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.4, 0.6]]])
    sequences = np.array([[0] * 199 + [1]])
    found, _ = run((even, stay, emission), sequences, dtype)
    by_hand = np.log([0.5 * 0.5**200, 0.5 * 0.4**199 * 0.6])
    np.testing.assert_allclose(found.log_likelihood[0], by_hand, rtol=TOLERANCE[dtype])
    np.testing.assert_allclose(np.exp(found.log_next[0]), emission[:, 1], rtol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ten_thousand_symbols(dtype: type) -> None:
    """Closed form: the second state falls behind the first by 10^4 ln 3, or by 70 nats a symbol."""
    length, stay = 10_000, np.broadcast_to(np.eye(2), (2, 2, 2))
    emission = np.array([[[0.9, 0.1, 0.0], [0.3, 0.1, 0.6]], [[1.0, 0.0, 0.0], [1e-30, 0.5, 0.5]]])
    sequences = np.zeros((2, length), dtype=int)
    sequences[1, -1] = 2
    found, seen = run((np.full((2, 2), 0.5), stay, emission), sequences, dtype)
    shown = seen[2] / seen[2].sum(-1, keepdims=True)
    by_hand = np.log(0.5) + np.array(
        [
            [length * np.log(shown[0, 0, 0]), 0.0],
            (length - 1) * np.log(shown[:, 1, 0]) + np.log(shown[:, 1, 2]),
        ]
    )
    np.testing.assert_allclose(found.log_likelihood, by_hand, rtol=TOLERANCE[dtype])


def test_what_is_lost_and_does_not_matter_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second state falls behind the first by a factor of three a symbol, and explains nothing alone."""
    parts = np.full((1, 2), 0.5), np.eye(2)[None], np.array([[[0.9, 0.1], [0.3, 0.7]]])
    sequences = np.zeros((3, 300), dtype=int)
    likelihood, log_next = in_logs(parts, sequences)

    def nothing(initial: jax.Array, _: jax.Array, emission: jax.Array, __: jax.Array) -> Forward:
        return Forward(jnp.asarray(jnp.nan), jnp.nan * initial, jnp.nan * emission[0])

    monkeypatch.setattr("w2s_sim.concepts.forward._exact_pair", nothing)
    initial, transition, emission = (jnp.asarray(part, dtype=float) for part in parts)
    found = forward(initial, transition, emission, jnp.asarray(sequences))
    np.testing.assert_allclose(found.log_likelihood, likelihood, rtol=1e-5)
    np.testing.assert_allclose(found.log_next, log_next, rtol=1e-5)
    # A third symbol, which only the second state shows, may follow: now the lost state matters.
    emission = jnp.asarray([[[0.9, 0.1, 0.0], [0.3, 0.1, 0.6]]])
    lost = forward(jnp.full((1, 2), 0.5), jnp.eye(2)[None], emission, jnp.asarray(sequences))
    assert np.all(np.isnan(lost.log_likelihood))


def test_more_lost_pairs_than_one_round_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, sequences = problem(40)
    monkeypatch.setattr("w2s_sim.concepts.forward.MOST_COPIED", 5 * 16)
    assert_right(parts, sequences, np.float32)


def test_derivatives_reach_states_that_were_lost() -> None:
    """Of log p by the emission: the number of times that it was used, over it."""
    even, stay = jnp.full((1, 2), 0.5), jnp.eye(2)[None]
    emission, sequences = jnp.array([[[1.0, 0.0], [0.5, 0.5]]]), jnp.array([[0] * 199 + [1]])

    def log_likelihood(values: jax.Array) -> jax.Array:
        return forward(even, stay, values, sequences).log_likelihood[0, 0]

    # Rows are made to sum to one: a change of the first entry takes from the second.
    found = np.asarray(jax.grad(log_likelihood)(emission))[0]
    np.testing.assert_allclose(found[1], [199 / 0.5 - 200, 1 / 0.5 - 200], rtol=1e-4)
    np.testing.assert_array_equal(found[0], 0.0)


def test_replicates_of_a_batch_do_not_disturb_one_another() -> None:
    """Of a batch, only some sequences are read a second time."""
    parts, sequences = problem(40)
    initial, transition, emission = (jnp.asarray(part, dtype=float) for part in parts)

    def read(rows: jax.Array) -> Forward:
        return forward(initial, transition, emission, rows)

    together = jax.jit(jax.vmap(read))(jnp.asarray(sequences)[:, None])
    alone = read(jnp.asarray(sequences))
    for batch, single in zip(together, alone, strict=True):
        np.testing.assert_allclose(batch[:, 0], single, rtol=1e-6)


def test_posterior_after_a_state_was_lost() -> None:
    stay = jnp.broadcast_to(jnp.eye(2), (2, 2, 2))
    emission = jnp.array([[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.4, 0.6]]])
    model = HiddenMarkovModel([0.5, 0.5], jnp.full((2, 2), 0.5), stay, emission, length=200)
    labels = jnp.array([[0] * 199 + [1]])
    found = model.log_posterior(jnp.zeros((1, 0), dtype=int), labels)
    odds = 200 * np.log(0.5) - 199 * np.log(0.4) - np.log(0.6)
    np.testing.assert_allclose(found, -np.logaddexp(0.0, [-odds, odds]), rtol=1e-4, atol=1e-12)
