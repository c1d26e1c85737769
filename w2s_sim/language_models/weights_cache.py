"""The cache of dequantised weights: a safetensors file in the user's cache folder, which loads in a second.

Reading and dequantising a GGUF file takes many seconds on a busy machine. The safetensors file holds the same
`ModelFile`: its arrays, and the sizes and the tokenizer's metadata as JSON in its header.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
from pathlib import Path

from w2s_sim.cache_folder import cache_folder
from w2s_sim.errors import InputError
from w2s_sim.language_models.extra import require_package
from w2s_sim.language_models.gguf_file import ModelFile, read_gguf
from w2s_sim.language_models.llama import LlamaSizes

# Part of a cached file's name; a higher number when the arrays mean something else.
FORMAT = 1


def read_through_cache(path: Path) -> ModelFile:
    """Return what a GGUF file holds, from the cache if the file has not changed since it was dequantised.

    Args:
        path: The GGUF file.

    Raises:
        InputError: If there is no such file, or `read_gguf` refuses it.
    """
    cached = cached_file(path)
    if cached is not None and cached.is_file():
        # A damaged file is made anew.
        with contextlib.suppress(require_package("safetensors").SafetensorError, KeyError, ValueError):
            return _read(cached)
    content = read_gguf(path)
    if cached is not None:
        # A full or unwritable cache folder costs time, not the model.
        with contextlib.suppress(OSError, require_package("safetensors").SafetensorError):
            _write(cached, content)
    return content


def cached_file(path: Path) -> Path | None:
    """Return where the weights of a GGUF file are kept; None if nothing is kept.

    Raises:
        InputError: If there is no such file.
    """
    folder = cache_folder()
    try:
        state = path.stat()
    except OSError as error:
        raise InputError(str(path), error.strerror or "not readable", "a GGUF file") from None
    if folder is None:
        return None
    identity = f"{FORMAT} {path.resolve()} {state.st_size} {state.st_mtime_ns}"
    return (
        folder
        / "language-models"
        / f"{path.stem}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.safetensors"
    )


def _write(cached: Path, content: ModelFile) -> None:
    header = {
        "name": content.name,
        "sizes": json.dumps(dataclasses.asdict(content.sizes)),
        "tokenizer": json.dumps(content.tokenizer),
    }
    cached.parent.mkdir(parents=True, exist_ok=True)
    partial = cached.with_name(f".{cached.name}.{os.getpid()}.partial")
    try:
        require_package("safetensors.numpy").save_file(content.weights, partial, metadata=header)
        partial.replace(cached)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _read(cached: Path) -> ModelFile:
    with require_package("safetensors").safe_open(cached, framework="numpy") as stream:
        header = stream.metadata()
        weights = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no mapping)
    sizes = LlamaSizes(**json.loads(header["sizes"]))
    return ModelFile(header["name"], sizes, weights, json.loads(header["tokenizer"]))
