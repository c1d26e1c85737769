"""Parts: Parquet files with a range of a cell's replicates; the metadata name the study and the versions."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.runs.versions import Versions

# Keys of the study's mark and of the versions in the metadata.
MARK, VERSIONS = b"w2s_study", b"w2s_versions"
# Pairs (start, stop) of the replicates start .. stop - 1.
Ranges = Sequence[tuple[int, int]]
REMEDY = "an undamaged part: delete the file and resume"


def part_content(
    start: int,
    values: Float[np.ndarray, "replicates r"],
    metrics: Sequence[str],
    errors: Mapping[int, str],
    mark: bytes,
    versions: Versions,
) -> bytes:
    """Return the content of the file of a part.

    Args:
        start: Number of the first replicate.
        values: One row per replicate, one column per metric.
        metrics: The names of the columns.
        errors: Error messages of the replicates that could not be computed, by replicate number.
        mark: The mark that identifies the study.
        versions: The versions with which the replicates were computed.
    """
    numbers = range(start, start + len(values))
    said = pa.array([errors.get(index) for index in numbers], pa.string())
    columns = [np.arange(numbers.start, numbers.stop), *values.T, said]
    table = pa.table(dict(zip(["replicate", *metrics, "error"], columns, strict=True)))
    metadata = {MARK: mark, VERSIONS: json.dumps(dict(versions)).encode()}
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), buffer)
    return buffer.getvalue()


def read_part(path: Path, start: int, stop: int, metrics: Sequence[str]) -> pa.Table:
    """Read the replicates of a part.

    Args:
        path: The file.
        start: Number of the first replicate.
        stop: One past the number of the last replicate.
        metrics: The metrics that the part must hold; it may hold more.

    Raises:
        InputError: If the part cannot be read, or does not hold these metrics of replicates start..stop-1.
    """
    try:
        table = pq.read_table(path)
        numbers = table.column("replicate").to_numpy()
        whole = {*metrics, "error"} <= {*table.column_names}
        whole = whole and np.array_equal(numbers, np.arange(start, stop))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise InputError("part", f"{path} ({first_line(error)})", REMEDY) from None
    if not whole:
        raise InputError("part", f"{path}, without all of its replicates and metrics", REMEDY)
    return table


def metrics_of(table: pa.Table) -> Sequence[str]:
    """Return the names of the metrics that a part holds."""
    return table.column_names[1:-1]


def metric_values(table: pa.Table, metrics: Sequence[str]) -> Float[np.ndarray, "replicates r"]:
    """Return the given metrics of a part, one column each."""
    return np.stack([table.column(name).to_numpy() for name in metrics], axis=1)


def missing(held: Ranges, start: int, stop: int) -> list[tuple[int, int]]:
    """Return the ranges of start..stop-1 that the sorted ranges `held` do not cover."""
    gaps, reached = [], start
    for first, end in held:
        if first > reached:
            gaps.append((reached, min(first, stop)))
        reached = max(reached, end)
    gaps.append((reached, stop))
    return [(first, end) for first, end in gaps if first < end]


def versions_of(metadata: Mapping[bytes, bytes]) -> Versions:
    """Return the versions in the metadata of a part; empty if the part does not record any."""
    return json.loads(metadata.get(VERSIONS, b"{}"))


def first_line(error: Exception) -> str:
    """Return the first line of an exception's message, or its type if the message is empty."""
    return (str(error).splitlines() or [type(error).__name__])[0]
