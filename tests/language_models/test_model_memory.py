"""Large arrays are held in parts: what the compiled programs say of their memory."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from w2s_sim.language_models import demonstration_path, lora
from w2s_sim.language_models.answer_trees import answer_trees
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import read_rows
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import token_rows

FLOAT_BYTES = 4
VOCABULARY = 8192


@pytest.fixture
def wide(tiny: LanguageModel) -> Llama:
    """The tiny network with a large vocabulary."""
    network = tiny.network
    embedding = jnp.zeros((VOCABULARY, network.sizes.width))
    sizes = dataclasses.replace(network.sizes, vocabulary_size=VOCABULARY)
    return dataclasses.replace(network, sizes=sizes, embedding=embedding)


def temporary_bytes(program: Callable, *arguments: Any) -> int:
    jitted: Any = eqx.filter_jit(program)
    return jitted.lower(*arguments).compile().compiled.memory_analysis().temp_size_in_bytes


def test_scores_hold_the_laws_of_a_few_prompts(wide: Llama) -> None:
    """The laws after all nodes of all prompts would take 12 times as much as the limit."""
    answers = [[[10 + number, 20 + number, 2] for number in range(24)]] * 48
    trees, prompts = answer_trees(answers), token_rows([[5, 6, 7, 8]] * 48)
    one_prompt = trees.nodes.tokens.shape[1] * VOCABULARY * FLOAT_BYTES
    assert temporary_bytes(score_answers, wide, prompts, trees) < 8 * one_prompt


def test_scores_along_a_path_hold_the_laws_of_a_few_tokens(wide: Llama) -> None:
    slots = jnp.zeros((1024,), dtype=int)
    row, sees = token_rows([[5] * 128]), jnp.ones((128, 128), dtype=bool)
    found = temporary_bytes(demonstration_path._score, wide, row, sees, row.places, slots, slots)
    assert found < 1024 * VOCABULARY * FLOAT_BYTES / 4


def test_a_long_text_is_read_with_the_weights_of_a_few_tokens(tiny: LanguageModel) -> None:
    rows = token_rows([[5] * 2048])
    all_weights = tiny.network.sizes.num_heads * 2048**2 * FLOAT_BYTES
    assert temporary_bytes(lambda network: read_rows(network, rows)[0], tiny.network) < all_weights / 4


def test_lower_layers_are_read_without_a_copy(tiny: LanguageModel) -> None:
    """Layers a hundred times as large as the texts."""
    layers = jax.tree.map(lambda leaf: jnp.zeros((64, *leaf.shape[1:])), tiny.network.layers)
    network = dataclasses.replace(tiny.network, layers=layers)
    weights = sum(leaf.nbytes for leaf in jax.tree.leaves(layers))
    assert temporary_bytes(lora._read, network, 48, token_rows([[5, 6, 7]])) < weights / 8
