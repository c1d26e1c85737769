"""A tiny language model, and weak pairs of texts that it can read."""

import functools
import tempfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from tests.language_models.tiny_model import random_tensors, write_gguf
from w2s_sim.language_models.gguf_file import read_gguf
from w2s_sim.language_models.in_context_model import InContextModel, in_context_model, text_rows
from w2s_sim.language_models.language_model import LanguageModel, network_of
from w2s_sim.language_models.reading import read_rows
from w2s_sim.language_models.token_rows import token_rows
from w2s_sim.language_models.tokenizer import Tokenizer
from w2s_sim.weak_data import WeakData

WORDS = ("the band", "a thing", "in", "and the", "xy", "an", "ring")
NUM_TOKENS = 4


@functools.cache
def tiny_language_model() -> LanguageModel:
    """A random network of three layers in float64."""
    with tempfile.TemporaryDirectory() as folder:
        content = read_gguf(write_gguf(Path(folder) / "tiny.gguf", random_tensors()))
    # Kept for all tests, whether the first of them computes in float64 or not.
    with jax.enable_x64(True):
        return LanguageModel(content.name, network_of(content, "float64"), Tokenizer(content.tokenizer))


def tiny_in_context() -> InContextModel:
    """The tiny network as a strong model, which draws its answers."""
    return in_context_model(tiny_language_model(), num_tokens=NUM_TOKENS)


class TextPairs:
    """Questions and answers that are words drawn uniformly."""

    def sample_weak(self, num_weak: int, *, key: Any) -> WeakData:
        chosen = jax.random.randint(key, (2, num_weak), 0, len(WORDS))
        questions, answers = ([WORDS[i] for i in row.tolist()] for row in chosen)
        tokenizer = tiny_language_model().tokenizer
        return WeakData(text_rows(tokenizer, questions), text_rows(tokenizer, answers, slots=NUM_TOKENS))


def next_token_law(model: InContextModel) -> jax.Array:
    """Log probabilities of the token that follows what was read and the text before an answer."""
    hidden, _ = read_rows(model.network, token_rows([model.middle]), model.before)
    return jnp.ravel(model.network.log_probabilities(hidden[:, -1]))
