"""Loading a language model: its file to a `Llama` and a tokenizer."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import jax.numpy as jnp

from w2s_sim.errors import InputError
from w2s_sim.language_models.gguf_file import ModelFile
from w2s_sim.language_models.llama import Llama, LlamaLayers
from w2s_sim.language_models.model_location import find_model_file
from w2s_sim.language_models.tokenizer import Tokenizer
from w2s_sim.language_models.weights_cache import read_through_cache


@dataclasses.dataclass(frozen=True)
class LanguageModel:
    """A network with its tokenizer.

    Attributes:
        name: The model's own name.
        network: The network.
        tokenizer: The tokenizer of its texts.
    """

    name: str
    network: Llama
    tokenizer: Tokenizer

    def without_layers(self, left_out: Sequence[int]) -> "LanguageModel":
        """Return the model without some of its layers: a weaker model of the same language.

        Args:
            left_out: Indices of the layers, from 0.

        Raises:
            InputError: If an index is out of range.
        """
        if not left_out:
            return self
        name = f"{self.name} without layers {', '.join(map(str, sorted(left_out)))}"
        return LanguageModel(name, self.network.without_layers(left_out), self.tokenizer)


def load_language_model(path: Path | None = None, precision: str = "float32") -> LanguageModel:
    """Load a language model; the first time, its weights are dequantised and kept (see `weights_cache`).

    Args:
        path: A GGUF file; by default that of W2S_LM, or the fetched one.
        precision: Precision of the weights and of the computation: "float32", or "bfloat16" for half the
            memory, which is slower on most CPUs.

    Raises:
        InputError: If there is no such file or no such precision, or if the file cannot be used.
    """
    if precision not in ("float32", "bfloat16"):
        raise InputError("precision", repr(precision), "'float32' or 'bfloat16'")
    content = read_through_cache(find_model_file() if path is None else path)
    network = network_of(content, precision)
    return LanguageModel(content.name, network, Tokenizer(content.tokenizer))


def network_of(content: ModelFile, precision: str = "float32") -> Llama:
    """Move the arrays of a file into a network; `content` loses them, so that memory holds them once."""
    weights = content.weights
    arrays = {name: jnp.asarray(weights.pop(name), dtype=precision) for name in list(weights)}
    prefix = "layers."
    layers = {name.removeprefix(prefix): arrays.pop(name) for name in list(arrays) if name.startswith(prefix)}
    return Llama(content.sizes, layers=LlamaLayers(**layers), **arrays)
