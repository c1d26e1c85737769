"""A tiny random Llama in a GGUF file, and the same network written out with NumPy."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from tokenizers.pre_tokenizers import ByteLevel

# Blocks of 32 numbers divide every row.
LAYERS, WIDTH, HIDDEN, HEADS, GROUPS, HEAD_WIDTH = 3, 64, 96, 4, 2, 16
BASE, EPSILON = 1000.0, 1e-5
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
END = 2
MERGES = ("t h", "th e", "Ġ the", "a n", "an d", "Ġ and", "Ġ a", "i n", "in g")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TOKENS = (*CONTROL, *sorted(ByteLevel.alphabet()), *(pair.replace(" ", "") for pair in MERGES))
SHAPES = {
    "attn_norm": (WIDTH,),
    "attn_q": (HEADS * HEAD_WIDTH, WIDTH),
    "attn_k": (GROUPS * HEAD_WIDTH, WIDTH),
    "attn_v": (GROUPS * HEAD_WIDTH, WIDTH),
    "attn_output": (WIDTH, HEADS * HEAD_WIDTH),
    "ffn_norm": (WIDTH,),
    "ffn_gate": (HIDDEN, WIDTH),
    "ffn_up": (HIDDEN, WIDTH),
    "ffn_down": (WIDTH, HIDDEN),
}


def random_tensors(seed: int = 0, *, tied: bool = True) -> dict[str, np.ndarray]:
    """Tensors by the names of the format, float32; norms around one."""
    rng = np.random.default_rng(seed)
    shapes = {"token_embd": (len(TOKENS), WIDTH), "output_norm": (WIDTH,)}
    if not tied:
        shapes["output"] = (len(TOKENS), WIDTH)
    shapes |= {f"blk.{i}.{name}": shape for i in range(LAYERS) for name, shape in SHAPES.items()}
    made = {}
    for name, shape in shapes.items():
        noise = rng.normal(size=shape)
        made[f"{name}.weight"] = (1 + 0.1 * noise if "norm" in name else 0.3 * noise).astype(np.float32)
    return made


def write_gguf(
    path: Path,
    tensors: dict[str, np.ndarray],
    kind: str = "F32",
    *,
    architecture: str = "llama",
    tokenizer: str = "gpt2",
    split: str = "smollm",
) -> Path:
    """Write the model; matrices are stored as tensors of type `kind`, vectors as F32."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("Tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_rope_freq_base(BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_tokenizer_model(tokenizer)
    writer.add_tokenizer_pre(split)
    writer.add_token_list(list(TOKENS))
    writer.add_token_types([3] * len(CONTROL) + [1] * (len(TOKENS) - len(CONTROL)))
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END)
    writer.add_chat_template(TEMPLATE)
    for name, tensor in tensors.items():
        stored = gguf.GGMLQuantizationType["F32" if tensor.ndim == 1 else kind]
        writer.add_tensor(name, gguf.quantize(tensor, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def numpy_log_laws(tensors: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """Log probabilities of the next token after each token of one text, head by head, in float64."""
    weights: dict[str, Any] = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    stream = weights["token_embd.weight"][ids]
    for layer in range(LAYERS):

        def of(name: str, layer: int = layer) -> np.ndarray:
            return weights[f"blk.{layer}.{name}.weight"]

        normed = _normed(stream, of("attn_norm"))
        query, key, value = (normed @ of(name).T for name in ("attn_q", "attn_k", "attn_v"))
        heads = []
        for head in range(HEADS):
            group = head // (HEADS // GROUPS)
            own, shared = (slice(i * HEAD_WIDTH, (i + 1) * HEAD_WIDTH) for i in (head, group))
            logits = _turned(query[:, own]) @ _turned(key[:, shared]).T / np.sqrt(HEAD_WIDTH)
            logits[np.triu_indices(len(ids), 1)] = -np.inf
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            heads.append(shares / shares.sum(axis=1, keepdims=True) @ value[:, shared])
        stream = stream + np.concatenate(heads, axis=1) @ of("attn_output").T
        normed = _normed(stream, of("ffn_norm"))
        gate = normed @ of("ffn_gate").T
        stream = stream + (gate / (1 + np.exp(-gate)) * (normed @ of("ffn_up").T)) @ of("ffn_down").T
    vectors = weights.get("output.weight", weights["token_embd.weight"])
    logits = _normed(stream, weights["output_norm.weight"]) @ vectors.T
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def _normed(stream: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return stream / np.sqrt((stream**2).mean(axis=1, keepdims=True) + EPSILON) * scale


def _turned(head: np.ndarray) -> np.ndarray:
    """Turn each pair of neighbouring coordinates, as complex numbers."""
    pairs = head[:, 0::2] + 1j * head[:, 1::2]
    frequencies = BASE ** (-np.arange(HEAD_WIDTH // 2) * 2 / HEAD_WIDTH)
    pairs = pairs * np.exp(1j * np.arange(len(head))[:, None] * frequencies)
    return np.stack([pairs.real, pairs.imag], axis=2).reshape(head.shape)
