"""Identity of studies: whether two study files describe the same study and so share replicates."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

# Keys that may change within a study: the replicates do not depend on them.
FREE = ("replication.replicates", "replication.target_relative_se", "baseline", "figure")
FREE_LABEL = re.compile(r"estimator\[\d+\]\.label")


def differences(kept: Any, asked: Any, prefix: str = "") -> Iterator[str]:
    """List the dotted keys in which two documents differ, except keys that may change within a study."""
    if isinstance(kept, Mapping) and isinstance(asked, Mapping):
        for key in {*kept, *asked}:
            name = f"{prefix}{key}"
            if name in FREE or FREE_LABEL.fullmatch(name):
                continue
            if key not in kept or key not in asked:
                yield name
            else:
                yield from differences(kept[key], asked[key], f"{name}.")
    elif isinstance(kept, list) and isinstance(asked, list) and len(kept) == len(asked) and prefix:
        for position, (one, other) in enumerate(zip(kept, asked, strict=True), start=1):
            if isinstance(one, Mapping):
                yield from differences(one, other, f"{prefix.rstrip('.')}[{position}].")
            elif one != other:
                yield prefix.rstrip(".")
                return
    elif kept != asked:
        yield prefix.rstrip(".")


def study_mark(document: Mapping[str, Any], precision: str) -> bytes:
    """Return a hash that is equal for studies that share replicates."""
    fixed = {key: value for key, value in document.items() if key not in FREE}
    fixed["replication"] = {
        key: value for key, value in document["replication"].items() if f"replication.{key}" not in FREE
    }
    fixed["estimator"] = [
        {key: value for key, value in table.items() if key != "label"} for table in document["estimator"]
    ]
    text = json.dumps([_plain(fixed), precision], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest().encode()


def words_of(value: Any) -> Iterator[str]:
    """Return all texts among the values of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for entry in value.values() if isinstance(value, Mapping) else value:
            yield from words_of(entry)


def _plain(value: Any) -> Any:
    """Convert whole numbers to floats, so that 1 and 1.0 count as equal."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return float(value) if type(value) is int else value
