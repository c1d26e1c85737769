"""Reading a language model from a GGUF file: its sizes, its weights in float32, and its tokenizer's metadata.

The format is documented in the ggml project (docs/gguf.md). The package `gguf` reads the file and dequantises
blocks; this module says which files it accepts, and how their tensors become the fields of a `Llama`.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from w2s_sim.errors import InputError
from w2s_sim.language_models.extra import require_package
from w2s_sim.language_models.llama import LlamaSizes

ARCHITECTURE = "llama"
TENSOR_TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1")
# Names of the tensors of a layer, by field of `LlamaLayers`.
LAYER_TENSORS = {
    "attention_norm": "attn_norm",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "attention_output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}
OUTER_TENSORS = {
    "embedding": "token_embd.weight",
    "output_norm": "output_norm.weight",
    "output": "output.weight",
}


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """What a file of a language model holds.

    Attributes:
        name: The model's own name.
        sizes: The sizes of the architecture.
        weights: Arrays by name: the fields of `Llama`, and "layers.FIELD" with all layers stacked.
        tokenizer: The metadata of the tokenizer, by the file's own keys without their prefix.
    """

    name: str
    sizes: LlamaSizes
    weights: dict[str, np.ndarray]
    tokenizer: dict[str, Any]


def read_gguf(path: Path) -> ModelFile:
    """Read a GGUF file of the Llama architecture and dequantise its tensors to float32.

    Args:
        path: The file.

    Raises:
        InputError: If the file is not GGUF, has another architecture, a tensor of another type, a tensor that
            the architecture does not know, or lacks one.
    """
    gguf = require_package("gguf")
    try:
        reader = gguf.GGUFReader(path)
    except OSError as error:
        raise InputError(
            str(path), error.strerror or "not readable", "a GGUF file that can be read"
        ) from None
    except (ValueError, IndexError, KeyError, UnicodeDecodeError):
        raise InputError(str(path), "other content", "a whole GGUF file") from None
    metadata = _metadata(reader, str(path))
    architecture = metadata("general.architecture")
    if architecture != ARCHITECTURE:
        raise InputError("general.architecture", repr(architecture), repr(ARCHITECTURE), str(path))
    sizes = _sizes(metadata)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    _require_tensors(tensors, sizes, str(path))

    def array(name: str) -> np.ndarray:
        tensor = tensors[name]
        # The file names the axes from the fastest one; a map is stored with its outputs along the rows.
        return np.asarray(gguf.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)

    weights = {field: array(name) for field, name in OUTER_TENSORS.items() if name in tensors}
    for field, name in LAYER_TENSORS.items():
        layers = np.stack([array(f"blk.{layer}.{name}.weight") for layer in range(sizes.num_layers)])
        weights[f"layers.{field}"] = _from_the_left(field, layers, sizes)
    _require_shapes(weights, sizes, str(path))
    tokenizer = {
        key.removeprefix("tokenizer."): field.contents()
        for key, field in reader.fields.items()
        if key.startswith("tokenizer.")
    }
    return ModelFile(str(metadata("general.name", path.stem)), sizes, weights, tokenizer)


def _metadata(reader: Any, where: str) -> Any:
    def value(key: str, default: Any = None) -> Any:
        field = reader.fields.get(key)
        if field is None and default is None:
            raise InputError(key, "no such key", "a GGUF file with this key", where)
        return default if field is None else field.contents()

    return value


def _sizes(metadata: Any) -> LlamaSizes:
    def number(key: str, default: Any = None) -> Any:
        return metadata(f"{ARCHITECTURE}.{key}", default)

    width, heads = int(number("embedding_length")), int(number("attention.head_count"))
    head_width = int(number("attention.key_length", width // heads))
    return LlamaSizes(
        num_layers=int(number("block_count")),
        width=width,
        feed_forward_width=int(number("feed_forward_length")),
        num_heads=heads,
        num_key_value_heads=int(number("attention.head_count_kv", heads)),
        head_width=head_width,
        vocabulary_size=len(metadata("tokenizer.ggml.tokens")),
        context_length=int(number("context_length")),
        rotary_base=float(number("rope.freq_base", 10000.0)),
        norm_epsilon=float(number("attention.layer_norm_rms_epsilon")),
    )


def _require_tensors(tensors: dict[str, Any], sizes: LlamaSizes, where: str) -> None:
    """Raise if a tensor is of another type, unknown (the model would compute something else), or missing."""
    layered = {f"blk.{i}.{name}.weight" for i in range(sizes.num_layers) for name in LAYER_TENSORS.values()}
    for name in sorted(layered | {OUTER_TENSORS["embedding"], OUTER_TENSORS["output_norm"]}):
        if name not in tensors:
            raise InputError(name, "no such tensor", f"all tensors of {sizes.num_layers} layers", where)
    for name, tensor in tensors.items():
        if name not in layered and name not in OUTER_TENSORS.values():
            raise InputError(name, "a tensor that is not known", "the tensors of a plain Llama", where)
        if tensor.tensor_type.name not in TENSOR_TYPES:
            expected = f"a tensor of type {', '.join(TENSOR_TYPES)}"
            raise InputError(name, f"type {tensor.tensor_type.name}", expected, where)


def _from_the_left(field: str, layers: np.ndarray, sizes: LlamaSizes) -> np.ndarray:
    """Transpose maps, so that a row times a map is the map's value, and order the coordinates of heads."""
    if field.endswith("norm"):
        return layers
    if field in ("query", "key"):
        # The file has the two coordinates of a rotation side by side; ours are the two halves of a head.
        pairs = layers.reshape(sizes.num_layers, -1, sizes.head_width // 2, 2, sizes.width)
        layers = pairs.swapaxes(2, 3).reshape(layers.shape)
    return np.ascontiguousarray(layers.swapaxes(1, 2))


def _require_shapes(weights: dict[str, np.ndarray], sizes: LlamaSizes, where: str) -> None:
    """Raise if a tensor does not have the shape that the sizes of the file say."""
    shapes = weight_shapes(sizes)
    for name, array in weights.items():
        if array.shape != shapes[name]:
            raise InputError(
                name, f"shape {array.shape}", f"shape {shapes[name]}, by the sizes of the file", where
            )


def weight_shapes(sizes: LlamaSizes) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight of a `Llama`, by the names of `ModelFile.weights`."""
    layers, width = sizes.num_layers, sizes.width
    heads, groups = (count * sizes.head_width for count in (sizes.num_heads, sizes.num_key_value_heads))
    return {
        "embedding": (sizes.vocabulary_size, width),
        "output_norm": (width,),
        "output": (sizes.vocabulary_size, width),
        "layers.attention_norm": (layers, width),
        "layers.query": (layers, width, heads),
        "layers.key": (layers, width, groups),
        "layers.value": (layers, width, groups),
        "layers.attention_output": (layers, heads, width),
        "layers.feed_forward_norm": (layers, width),
        "layers.gate": (layers, width, sizes.feed_forward_width),
        "layers.up": (layers, width, sizes.feed_forward_width),
        "layers.down": (layers, sizes.feed_forward_width, width),
    }
