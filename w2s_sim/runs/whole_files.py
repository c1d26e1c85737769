"""Files that are there with all of their content, or not there."""

import contextlib
import errno
import os
from pathlib import Path

from w2s_sim.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there with all of its content, or not there, whenever the power fails.

    Raises:
        InputError: If it cannot be written, a full disk included; nothing else is lost.
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
