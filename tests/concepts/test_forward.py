"""The forward algorithm against enumeration of hidden paths, a peer, and itself in float64."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hmmlearn.hmm import CategoricalHMM

from w2s_sim.concepts import HiddenMarkovModel
from w2s_sim.concepts.forward import Forward, forward


def random_parameters(seed: int, concepts: int = 2, states: int = 3, symbols: int = 4) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    shapes = [(concepts,), (concepts, states), (concepts, states)]
    return [
        generator.dirichlet(np.ones(m), n) for n, m in zip(shapes, (states, states, symbols), strict=True)
    ]


def run(parameters: list[np.ndarray], sequences: np.ndarray) -> Forward:
    initial, transition, emission = (jnp.asarray(part, dtype=float) for part in parameters)
    return forward(initial, transition, emission, jnp.asarray(sequences))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("seed", [0, 1])
def test_likelihood_and_states_are_sums_over_paths(seed: int) -> None:
    parameters = random_parameters(seed)
    initial, transition, emission = parameters
    sequences = np.array(list(itertools.product(range(4), repeat=3)))
    found = run(parameters, sequences)
    for row, sequence in enumerate(sequences):
        for k in range(2):
            by_last = np.zeros(3)
            for path in itertools.product(range(3), repeat=3):
                weight = initial[k, path[0]] * emission[k, path[0], sequence[0]]
                for i in (1, 2):
                    weight *= transition[k, path[i - 1], path[i]] * emission[k, path[i], sequence[i]]
                by_last[path[-1]] += weight
            assert float(found.log_likelihood[row, k]) == pytest.approx(np.log(by_last.sum()), abs=1e-10)
            np.testing.assert_allclose(found.states[row, k], by_last / by_last.sum(), atol=1e-10)


@pytest.mark.usefixtures("x64")
def test_agrees_with_hmmlearn_on_long_documents() -> None:
    parameters = random_parameters(2, concepts=3, states=5, symbols=6)
    sequences = np.random.default_rng(3).integers(0, 6, (4, 300))
    found = run(parameters, sequences).log_likelihood
    for k in range(3):
        other = CategoricalHMM(n_components=5)
        other.startprob_, other.transmat_, other.emissionprob_ = (part[k] for part in parameters)
        other.n_features = 6
        expected = [other.score(sequence[:, None]) for sequence in sequences]
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-12)


def test_float32_keeps_its_digits_over_thousands_of_tokens() -> None:
    parameters = random_parameters(4)
    sequences = np.random.default_rng(5).integers(0, 4, (3, 5000))
    single = np.asarray(run(parameters, sequences).log_likelihood, dtype=np.float64)
    with jax.enable_x64(True):
        double = np.asarray(run(parameters, sequences).log_likelihood)
    assert np.all(double < -5000)
    # A sum of 5,000 rounded terms without compensation would be off by a hundredth and more.
    np.testing.assert_allclose(single, double, rtol=2e-7, atol=2e-3)


def test_impossible_sequences_are_impossible() -> None:
    initial, transition, emission = [[1.0, 0.0]], [[[0.0, 1.0], [1.0, 0.0]]], [[[1.0, 0.0], [0.0, 1.0]]]
    found = run(
        [np.array(initial), np.array(transition), np.array(emission)], np.array([[0, 1, 0], [0, 0, 1]])
    )
    np.testing.assert_array_equal(found.log_likelihood, [[0.0], [-np.inf]])
    np.testing.assert_array_equal(found.states, [[[1.0, 0.0]], [[0.0, 0.0]]])


def test_gradients_are_finite_where_something_is_impossible() -> None:
    def total(transition):
        emission, initial = jnp.array([[[1.0, 0.0], [0.5, 0.5]]]), jnp.array([[1.0, 0.0]])
        found = forward(initial, transition, emission, jnp.array([[0, 1, 0], [1, 0, 0]]))
        return jnp.sum(jnp.where(jnp.isfinite(found.log_likelihood), found.log_likelihood, 0.0))

    transition = jnp.array([[[0.3, 0.7], [0.0, 1.0]]])
    gradient = jax.grad(total)(transition)
    assert np.all(np.isfinite(gradient))
    assert np.any(np.asarray(gradient) != 0)


@pytest.mark.usefixtures("x64")
def test_next_symbol_is_a_ratio_of_likelihoods() -> None:
    initial, transition, emission = (jnp.asarray(part) for part in random_parameters(6))
    model = HiddenMarkovModel([0.4, 0.6], initial, transition, emission, length=3)
    prefixes = jnp.array([[0, 3], [2, 2]])
    found = model.log_next_symbol(prefixes)
    np.testing.assert_allclose(np.exp(found).sum(axis=-1), 1.0, atol=1e-12)
    nothing = jnp.zeros((2, 0), dtype=int)
    before = model.log_likelihood(nothing, prefixes)
    for symbol in range(4):
        after = jnp.concatenate([prefixes, jnp.full((2, 1), symbol)], axis=1)
        np.testing.assert_allclose(
            found[..., symbol], model.log_likelihood(nothing, after) - before, atol=1e-10
        )


def test_thousands_of_documents_in_one_call() -> None:
    """4,096 documents of 128 tokens under 8 concepts of 16 states."""
    generator = np.random.default_rng(7)
    parameters = random_parameters(8, concepts=8, states=16, symbols=32)
    sequences = generator.integers(0, 32, (4096, 128))
    found = np.asarray(run(parameters, sequences).log_likelihood)
    assert found.shape == (4096, 8)
    some = generator.integers(0, 4096, 20)
    np.testing.assert_allclose(found[some], run(parameters, sequences[some]).log_likelihood, rtol=1e-6)
