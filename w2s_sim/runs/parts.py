"""A part: the Parquet file of a range of a cell's replicates, which names its study and its versions."""

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

# Keys in the metadata.
MARK, VERSIONS = b"w2s_study", b"w2s_versions"
# From the first replicate to the one after the last.
Ranges = Sequence[tuple[int, int]]
REMEDY = "a part as it was written: delete the file and resume"


def part_content(
    start: int,
    values: Float[np.ndarray, "replicates r"],
    metrics: Sequence[str],
    errors: Mapping[int, str],
    mark: bytes,
    versions: Versions,
) -> bytes:
    """The file of a part.

    Args:
        start: Number of the first replicate.
        values: A row each, a column for every metric.
        metrics: The names of these columns.
        errors: What was said by replicates that could not be computed, by their number.
        mark: Of the study.
        versions: With which they were computed.
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
    """The replicates of a part.

    Args:
        path: The file.
        start: Number of the first replicate.
        stop: One past the last.
        metrics: The metrics that it must hold; it may hold more.

    Raises:
        InputError: If the part cannot be read, or does not hold these metrics of start..stop-1.
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
    """The names of the metrics that a part holds."""
    return table.column_names[1:-1]


def metric_values(table: pa.Table, metrics: Sequence[str]) -> Float[np.ndarray, "replicates r"]:
    """Some metrics of a part, a column each."""
    return np.stack([table.column(name).to_numpy() for name in metrics], axis=1)


def missing(held: Ranges, start: int, stop: int) -> list[tuple[int, int]]:
    """What is left of start..stop-1 when the ranges held, in order, are taken out."""
    gaps, reached = [], start
    for first, end in held:
        if first > reached:
            gaps.append((reached, min(first, stop)))
        reached = max(reached, end)
    gaps.append((reached, stop))
    return [(first, end) for first, end in gaps if first < end]


def versions_of(metadata: Mapping[bytes, bytes]) -> Versions:
    """What the metadata of a part say of its versions; nothing if it was written before any did."""
    return json.loads(metadata.get(VERSIONS, b"{}"))


def first_line(error: Exception) -> str:
    """Of what a library says, enough for a complaint."""
    return (str(error).splitlines() or [type(error).__name__])[0]
