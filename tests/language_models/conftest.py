"""A tiny random language model, for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from tests.language_models.tiny_model import random_tensors, write_gguf
from w2s_sim.language_models.gguf_file import read_gguf
from w2s_sim.language_models.language_model import LanguageModel, network_of
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf", random_tensors())


@pytest.fixture(scope="session")
def tiny(tiny_file: Path) -> LanguageModel:
    content = read_gguf(tiny_file)
    return LanguageModel(content.name, network_of(content), Tokenizer(content.tokenizer))


@pytest.fixture
def exact_network(tiny: LanguageModel) -> Iterator[Llama]:
    """The tiny network in float64."""
    with jax.enable_x64(True):
        yield jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.float64), tiny.network)
