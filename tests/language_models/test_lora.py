"""Fine-tuning: adapters begin as the identity, the loss is the plain one, and training lowers it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.language_models.plain_reading import plain_log_laws
from w2s_sim.errors import InputError
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.lora import (
    FineTuning,
    TrainingExamples,
    adapted,
    answer_loss,
    fine_tune,
    initial_adapters,
    training_examples,
)

PROMPTS = [[40, 41, 42, 43], [7, 9], [100, 101, 102], [5]]
ANSWERS = [[50, 2], [51, 52, 2], [200, 201, 2], [51, 2]]


@pytest.fixture
def examples(exact_network: Llama) -> TrainingExamples:
    """Made in float64."""
    return training_examples(PROMPTS, ANSWERS, multiple=4)


def test_new_adapters_change_nothing(exact_network: Llama) -> None:
    adapters = initial_adapters(exact_network, 2, key=jax.random.key(0))
    same = adapted(exact_network, adapters)
    for own, other in zip(jax.tree.leaves(exact_network), jax.tree.leaves(same), strict=True):
        np.testing.assert_array_equal(own, other)


def test_the_loss_is_that_of_whole_texts(exact_network: Llama, examples: TrainingExamples) -> None:
    losses = []
    for prompt, answer in zip(PROMPTS, ANSWERS, strict=True):
        laws = plain_log_laws(exact_network, prompt + answer)
        losses += [-laws[len(prompt) + i - 1, token] for i, token in enumerate(answer)]
    np.testing.assert_allclose(answer_loss(exact_network, examples), np.mean(losses), rtol=1e-10)


def test_the_gradient_is_a_difference_quotient(exact_network: Llama, examples: TrainingExamples) -> None:
    adapters = initial_adapters(exact_network, 2, key=jax.random.key(1))

    def loss(shift: jax.Array) -> jax.Array:
        moved = jax.tree.map(
            lambda leaf: leaf + shift * jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape), adapters
        )
        return answer_loss(adapted(exact_network, moved), examples)

    loss = jax.jit(loss)
    slope = jax.jit(jax.grad(loss))(jnp.asarray(0.01))
    step = 1e-5
    quotient = (loss(jnp.asarray(0.01 + step)) - loss(jnp.asarray(0.01 - step))) / (2 * step)
    assert abs(slope) > 1e-3
    np.testing.assert_allclose(slope, quotient, rtol=1e-5)


@pytest.mark.parametrize("num_layers", [1, 3])
def test_a_step_is_that_of_the_whole_network(
    num_layers: int, exact_network: Llama, examples: TrainingExamples
) -> None:
    """One step of Adam on all examples, whose gradient goes through the whole network, from plain optax."""
    settings = FineTuning(learning_rate=0.05, epochs=1, batch=4, rank=2, num_layers=num_layers)
    trained = fine_tune(exact_network, examples, settings, key=jax.random.key(3))
    adapter_key, _ = jax.random.split(jax.random.key(3))
    upper = exact_network.without_layers(range(3 - num_layers))
    adapters = initial_adapters(upper, 2, key=adapter_key)
    gradient = jax.jit(jax.grad(lambda own: answer_loss(adapted(exact_network, own), examples)))(adapters)
    adam = optax.adam(0.05)
    updates, _ = adam.update(gradient, adam.init(adapters))  # pyright: ignore[reportArgumentType]
    moved = jax.tree.map(lambda own, update: own + update, adapters, updates)
    wanted = adapted(exact_network, moved)
    for name in ("query", "value"):
        np.testing.assert_allclose(
            getattr(trained.layers, name), getattr(wanted.layers, name), atol=1e-10, rtol=0
        )


def test_training_learns_the_answers_and_moves_nothing_else(
    exact_network: Llama, examples: TrainingExamples
) -> None:
    settings = FineTuning(learning_rate=0.05, epochs=20, batch=2, rank=2, num_layers=2)
    trained = fine_tune(exact_network, examples, settings, key=jax.random.key(2))
    assert answer_loss(trained, examples) < 0.3 * answer_loss(exact_network, examples)
    np.testing.assert_array_equal(trained.embedding, exact_network.embedding)
    np.testing.assert_array_equal(trained.layers.key, exact_network.layers.key)
    np.testing.assert_array_equal(trained.layers.query[0], exact_network.layers.query[0])
    assert jnp.abs(trained.layers.query[1:] - exact_network.layers.query[1:]).max() > 1e-3
    again = fine_tune(exact_network, examples, settings, key=jax.random.key(2))
    np.testing.assert_array_equal(trained.layers.query, again.layers.query)


def test_settings_are_checked(exact_network: Llama, examples: TrainingExamples) -> None:
    with pytest.raises(InputError, match="learning_rate: got 0"):
        FineTuning(learning_rate=0.0)
    with pytest.raises(InputError, match="rank: got 0"):
        FineTuning(rank=0)
    with pytest.raises(InputError, match="examples: got 4; expected at least 8, one batch"):
        fine_tune(exact_network, examples, FineTuning(), key=jax.random.key(0))
    with pytest.raises(InputError, match="num_layers: got 4; expected at most 3, those of the network"):
        fine_tune(exact_network, examples, FineTuning(batch=2, num_layers=4), key=jax.random.key(0))


def test_layers_may_be_left_out(exact_network: Llama) -> None:
    weak = exact_network.without_layers([1])
    assert weak.num_layers == 2
    np.testing.assert_array_equal(weak.layers.up[1], exact_network.layers.up[2])
    assert plain_log_laws(weak, [1, 2, 3]).shape == (3, exact_network.sizes.vocabulary_size)
    for wrong in ([3], [-1], [0, 1, 2]):
        with pytest.raises(InputError, match=r"left_out: got .*; expected some of the layers 0 to 2"):
            exact_network.without_layers(wrong)
