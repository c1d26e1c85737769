"""Files of language models: what is read is what was written, and what cannot be read is refused by name."""

from pathlib import Path

import numpy as np
import pytest

from tests.language_models.tiny_model import LAYERS, TOKENS, random_tensors, write_gguf
from w2s_sim.errors import InputError
from w2s_sim.language_models import weights_cache
from w2s_sim.language_models.gguf_file import LAYER_TENSORS, TENSOR_TYPES, ModelFile, read_gguf, weight_shapes
from w2s_sim.language_models.weights_cache import cached_file, read_through_cache

BLOCK = 32


def in_blocks(rows: np.ndarray, kind: str) -> np.ndarray:
    """What is left of rows of numbers in a tensor type, after the format's documentation."""
    if kind == "F32":
        return rows
    if kind == "F16":
        return halved(rows)
    if kind == "BF16":
        bits = rows.view(np.uint32).astype(np.uint64)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
        return bits.astype(np.uint32).view(np.float32)
    blocks = rows.reshape(-1, BLOCK)
    if kind == "Q8_0":
        scale = np.abs(blocks).max(axis=1, keepdims=True) / 127
        shift, codes = 0.0, np.round(blocks / scale)
    elif kind == "Q4_0":
        largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1)[:, None], axis=1)
        scale = largest / -8
        shift, codes = 0.0, np.clip(np.trunc(blocks / scale + 8.5), 0, 15) - 8
    else:
        assert kind == "Q4_1"
        low, high = blocks.min(axis=1, keepdims=True), blocks.max(axis=1, keepdims=True)
        scale, shift = (high - low) / 15, halved(low)
        codes = np.clip(np.trunc((blocks - low) / scale + 0.5), 0, 15)
    return (codes * halved(scale) + shift).reshape(rows.shape).astype(np.float32)


def halved(numbers: np.ndarray) -> np.ndarray:
    """The numbers as the format stores scales, in half precision."""
    return numbers.astype(np.float16).astype(np.float32)


@pytest.mark.parametrize("kind", TENSOR_TYPES)
def test_every_tensor_type_round_trips(kind: str, tmp_path: Path) -> None:
    tensors = random_tensors()
    content = read_gguf(write_gguf(tmp_path / "model.gguf", tensors, kind))
    assert {name: array.shape for name, array in content.weights.items()} == {
        name: shape for name, shape in weight_shapes(content.sizes).items() if name != "output"
    }
    embedding = in_blocks(tensors["token_embd.weight"], kind)
    np.testing.assert_allclose(content.weights["embedding"], embedding, rtol=1e-3, atol=1e-6)
    for field in ("value", "down"):
        stored = [in_blocks(tensors[f"blk.{i}.{LAYER_TENSORS[field]}.weight"], kind).T for i in range(LAYERS)]
        np.testing.assert_allclose(content.weights[f"layers.{field}"], np.stack(stored), rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(content.weights["output_norm"], tensors["output_norm.weight"])
    assert content.tokenizer["ggml.tokens"] == list(TOKENS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "gemma"}, r"general\.architecture: got 'gemma'; expected 'llama'"),
        (
            {"kind": "Q5_0"},
            r"weight: got type Q5_0; expected a tensor of type F32, F16, BF16, Q8_0, ",
        ),
    ],
)
def test_other_files_are_refused_by_name(change: dict[str, str], message: str, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "model.gguf", random_tensors(), **change)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=message):
        read_gguf(path)


def test_a_tensor_more_or_less_is_named(tmp_path: Path) -> None:
    tensors = random_tensors()
    more = tensors | {"rope_freqs.weight": np.ones(8, np.float32)}
    with pytest.raises(InputError, match=r"rope_freqs\.weight: got a tensor that is not known"):
        read_gguf(write_gguf(tmp_path / "more.gguf", more))
    del tensors["blk.1.ffn_up.weight"]
    with pytest.raises(InputError, match=r"blk\.1\.ffn_up\.weight: got no such tensor; expected all"):
        read_gguf(write_gguf(tmp_path / "less.gguf", tensors))


def test_a_tensor_of_another_shape_is_named(tmp_path: Path) -> None:
    tensors = random_tensors()
    tensors["token_embd.weight"] = tensors["token_embd.weight"][:-1]
    with pytest.raises(InputError, match=r"embedding: got shape \(267, 64\); expected shape \(268, 64\)"):
        read_gguf(write_gguf(tmp_path / "short.gguf", tensors))


@pytest.mark.parametrize("content", [b"", b"no model", b"GGUF", None])
def test_what_is_no_whole_file_is_refused(content: bytes | None, tmp_path: Path, tiny_file: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(tiny_file.read_bytes()[:5000] if content is None else content)
    with pytest.raises(InputError, match=r"broken\.gguf: got .*; expected a whole GGUF file"):
        read_gguf(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.gguf: got No such file"):
        read_through_cache(tmp_path / "absent.gguf")


def same(left: ModelFile, right: ModelFile) -> bool:
    equal = all(np.array_equal(array, right.weights[name]) for name, array in left.weights.items())
    return equal and (left.name, left.sizes, left.tokenizer) == (right.name, right.sizes, right.tokenizer)


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a model, in a folder of its own, and an empty cache."""
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    return write_gguf(tmp_path / "model.gguf", random_tensors())


def test_a_file_is_dequantised_once(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_through_cache(cached)
    assert same(first, read_gguf(cached))
    monkeypatch.setattr(weights_cache, "read_gguf", None)
    assert same(first, read_through_cache(cached))


def test_a_file_that_has_changed_is_read_again(cached: Path) -> None:
    first = read_through_cache(cached)
    write_gguf(cached, random_tensors(1), "F16")
    assert not same(first, read_through_cache(cached))
    assert same(read_gguf(cached), read_through_cache(cached))


def test_a_damaged_cache_is_made_anew(cached: Path) -> None:
    first = read_through_cache(cached)
    kept = cached_file(cached)
    assert kept is not None
    kept.write_bytes(kept.read_bytes()[:1000])
    assert same(first, read_through_cache(cached))
    assert kept.stat().st_size > 1000


def test_without_a_cache_the_file_is_read(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_CACHE", "off")
    assert same(read_gguf(cached), read_through_cache(cached))
    monkeypatch.setenv("W2S_CACHE", str(cached / "not-a-folder"))
    assert same(read_gguf(cached), read_through_cache(cached))
