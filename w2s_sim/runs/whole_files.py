"""Atomic writing of files: a file exists with its whole content, or not at all."""

import contextlib
import errno
import os
from pathlib import Path

from w2s_sim.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically: after a power failure it exists with its whole content, or not at all.

    Raises:
        InputError: If the file cannot be written, for example on a full disk; no other file is affected.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise _complaint(path, error) from None


def _complaint(path: Path, error: OSError) -> InputError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return InputError(
            "--out", f"{path.parent}, a folder that is gone", "the folder back where it was, then --resume"
        )
    return InputError(
        "--out",
        f"{path} ({error.strerror}); all that was written before is kept",
        "room to write, then --resume",
    )
