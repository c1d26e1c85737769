"""Downloading a file whose beginning is kept: a later process continues what an earlier one has left."""

import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError

PIECE_BYTES = 1 << 18
# Seconds without an answer after which a connection is given up.
PATIENCE = 30.0

# Is told the bytes that are there and those of the whole file, if that is known.
ByteProgress = Callable[[int, int | None], None]


def part_of(target: Path) -> Path:
    """Return where the beginning of a file is kept until the file is whole."""
    return target.with_name(f"{target.name}.partial")


def download(address: str, target: Path, progress: ByteProgress | None = None) -> bool:
    """Download a file, from where an earlier download ended if the server can begin there.

    Args:
        address: Address of the file, http or https.
        target: The file, which appears when it is whole. Its beginning is kept in `part_of(target)`.
        progress: Is told how far the download is.

    Returns:
        Whether the file is whole; false if the connection ended before, and the beginning is kept.

    Raises:
        URLError: If there is no connection, or the server refuses.
        OSError: If the connection fails otherwise, or the file cannot be written.
    """
    part = part_of(target)
    begun = part.stat().st_size if part.is_file() else 0
    if not address.startswith(("http://", "https://")):
        raise URLError("no address of the network")
    wanted = urllib.request.Request(address, headers={"Range": f"bytes={begun}-"} if begun else {})
    try:
        with urllib.request.urlopen(wanted, timeout=PATIENCE) as answer:
            continues = answer.status == HTTPStatus.PARTIAL_CONTENT
            begun = begun if continues else 0
            length = answer.headers["Content-Length"]
            whole = None if length is None else begun + int(length)
            with part.open("ab" if continues else "wb") as stream:
                _copy(answer, stream, begun, whole, progress)
    except HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        # Nothing comes after the part: it is the whole file, or another one.
        whole = part.stat().st_size
    if whole is not None and part.stat().st_size < whole:
        return False
    part.replace(target)
    return True


def _copy(
    source: HTTPResponse, target: IO[bytes], begun: int, whole: int | None, progress: ByteProgress | None
) -> None:
    """Copy until the source ends or its connection breaks off."""
    while piece := _read(source):
        target.write(piece)
        begun += len(piece)
        if progress is not None:
            progress(begun, whole)


def _read(source: HTTPResponse) -> bytes:
    """Return the next bytes; none at the end, and none if the connection has broken off."""
    try:
        return source.read(PIECE_BYTES)
    except (OSError, HTTPException):
        return b""
