"""The store of a study's replicates: a folder of parts, each written completely or not at all."""

import contextlib
import fcntl
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.files.identity import differences, study_mark, words_of
from w2s_sim.manifest import build_manifest
from w2s_sim.plugins import registry
from w2s_sim.runs.parts import (
    MARK,
    REMEDY,
    Ranges,
    first_line,
    metric_values,
    metrics_of,
    missing,
    part_content,
    read_part,
    versions_of,
)
from w2s_sim.runs.versions import Versions, versions_at_hand, warn_of_versions
from w2s_sim.runs.whole_files import write_whole

PART = re.compile(r"cell-(\d+)-(\d+)-(\d+)\.parquet")
MANIFEST, RESULTS, FAILURES = "manifest.json", "results.parquet", "failures.csv"
# Key in the manifest of the list of different versions with which the parts were computed.
PARTS_VERSIONS = "parts_versions"
# The plugins whose kinds and laws the study has.
PLUGINS = "plugins"


def _plugins_of(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is recorded of the plugins that a study needs."""
    return registry().used_by(words_of(document))


class Store:
    """A folder with a manifest, and one part for every range of a cell's replicates.

    The name of a part says which replicates it holds, so that the stored ranges are known without opening a
    file, and no range is computed twice. The metadata of a part identify its study, so that a lost manifest
    can be written again, and the versions with which it was computed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._study_mark = b""
        self._manifest_to_be: dict[str, Any] = {}
        self._versions: Versions = {}
        # The distinct versions of all parts that were inspected.
        self._recorded: list[Versions] = []

    @property
    def parts(self) -> Path:
        """The folder of the parts."""
        return self.folder / "parts"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for this process, until the context ends or the process dies.

        Raises:
            InputError: If another run has locked the folder, or it cannot be written.
        """
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise InputError(
                "--out", f"{self.folder} ({error.strerror})", "a folder that can be written"
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    "--out", f"{self.folder}, in use by another run", "a folder of its own"
                ) from None
            yield

    def begin(self, document: Mapping[str, Any], resume: bool, precision: str | None = None) -> None:
        """Check that the folder holds no study, or the same study; `write_manifest` then records it.

        The number of replicates, the target precision and the figures of the study may have changed.

        Raises:
            InputError: If the folder holds a study and `resume` is False, if it is another study or of
                another precision, or if one of its parts is broken.
        """
        path = self.folder / MANIFEST
        now = precision or build_manifest({})["precision"]
        self._study_mark = study_mark(document, now)
        self._versions = versions_at_hand(now, _plugins_of(document))
        held = self.ranges()
        if (path.exists() or held) and not resume:
            raise InputError("--out", f"{self.folder}, which holds a study", "--resume, or an empty folder")
        if path.exists():
            manifest = self._manifest()
            if manifest["precision"] != now:
                raise InputError("--x64", now, f"{manifest['precision']}, in which the study was begun")
            expected = f"the study of {path}, or another --out"
            self._require_same(document, "STUDY", "a file changed since", expected)
        else:
            manifest = build_manifest({})
            manifest["precision"] = now
        self._require_whole_parts(held)
        self._manifest_to_be = manifest

    def write_manifest(self, document: Mapping[str, Any], *, computes: bool = False) -> None:
        """Write the manifest that `begin` validated; call once every cell is known to fit in memory.

        Args:
            document: The study.
            computes: Whether this run will compute parts, with the current versions.
        """
        for leftover in (*self.folder.glob(".*.partial"), *self.parts.glob(".*.partial")):
            # A run that was killed while writing left this file behind.
            leftover.unlink(missing_ok=True)
        if computes:
            self._record(self._versions)
        configuration = {**self._manifest_to_be["configuration"], "study": document}
        manifest = {
            **self._manifest_to_be,
            "configuration": configuration,
            PLUGINS: _plugins_of(document),
            PARTS_VERSIONS: list(self._recorded),
        }
        if manifest != self._manifest_to_be:
            write_whole(self.folder / MANIFEST, json.dumps(manifest, indent=1).encode())
            self._manifest_to_be = manifest

    def warn_of_versions(self) -> None:
        """Issue a VersionsWarning if parts were computed with other versions than the current ones."""
        warn_of_versions(self._recorded, self._versions, self.folder)

    def require_plugins(self) -> None:
        """Refuse to go on where a plugin that the study needs is not at hand; a new folder needs none.

        Raises:
            InputError: Naming the plugins, and where they came from.
        """
        recorded = self._manifest().get(PLUGINS, []) if (self.folder / MANIFEST).exists() else []
        at_hand = {plugin.name for plugin in registry().plugins}
        lacking = [record for record in recorded if record["name"] not in at_hand]
        if lacking:
            names = ", ".join(record["name"] for record in lacking)
            origins = ", ".join(record["origin"] or "Python" for record in lacking)
            given = f"no plugin {names}, with which {self.folder} was begun"
            raise InputError("--plugin", given, f"the plugin, installed or named, as it was from {origins}")

    def note(self, key: str, value: Any) -> None:
        """Write a value into the manifest."""
        manifest = self._manifest()
        if manifest.get(key) != value:
            manifest[key] = value
            write_whole(self.folder / MANIFEST, json.dumps(manifest, indent=1).encode())

    def noted(self, key: str) -> Any:
        """Return a value of the manifest; None if the manifest lacks the key."""
        return self._manifest().get(key)

    def _record(self, versions: Versions) -> None:
        if versions not in self._recorded:
            self._recorded.append(versions)

    def _require_same(self, document: Mapping[str, Any], field: str, given: str, expected: str) -> None:
        changed = sorted(differences(self.kept_study(), document))
        if changed:
            raise InputError(field, f"{given}: {', '.join(changed)}", expected)

    def _require_whole_parts(self, held: Mapping[int, Ranges]) -> None:
        """Check the metadata of every part: its number of rows and the study that it belongs to."""
        for cell, ranges in held.items():
            reached = 0
            for start, stop in ranges:
                if start < reached:
                    given = f"cell {cell}: two parts that hold replicate {start}"
                    raise InputError("parts", given, "each replicate once: delete one of the two")
                reached = stop
                path = self._part(cell, start, stop)
                try:
                    metadata = pq.read_metadata(path)
                except (OSError, pa.ArrowException) as error:
                    raise InputError("part", f"{path} ({first_line(error)})", REMEDY) from None
                if metadata.num_rows != stop - start:
                    raise InputError("part", f"{path}, without all of its replicates", REMEDY)
                said = metadata.metadata or {}
                if said.get(MARK) != self._study_mark:
                    given = f"{path}, of another study than this file"
                    raise InputError("part", given, f"the study that {self.folder} was begun with")
                self._record(versions_of(said))

    def kept_study(self) -> dict[str, Any]:
        """Return the document of the study that the folder was made for.

        Raises:
            InputError: If the manifest cannot be read.
        """
        return self._manifest()["configuration"]["study"]

    @property
    def identity(self) -> str:
        """Mark of the study, shared by all studies that may use the same replicates; set by `begin`."""
        return self._study_mark.decode()

    @property
    def precision(self) -> str:
        """The precision in which the replicates were computed, "float32" or "float64"."""
        return self._manifest()["precision"]

    def _manifest(self) -> dict[str, Any]:
        path = self.folder / MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            _ = manifest["configuration"]["study"], manifest["precision"]
            return manifest
        except FileNotFoundError:
            raise InputError("DIR", f"{self.folder}, without {MANIFEST}", "the folder of a study") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            expected = "an undamaged file, or delete it: without it, --resume makes it again"
            raise InputError(MANIFEST, f"{path} ({error})", expected) from None

    def ranges(self) -> dict[int, list[tuple[int, int]]]:
        """Return the sorted ranges of stored replicates, by cell."""
        found: dict[int, list[tuple[int, int]]] = {}
        for path in self.part_files():
            cell, start, stop = map(int, path.stem.split("-")[1:])
            found.setdefault(cell, []).append((start, stop))
        return {cell: sorted(ranges) for cell, ranges in found.items()}

    def part_files(self) -> list[Path]:
        """Return the paths of all parts."""
        if not self.parts.is_dir():
            return []
        return [path for path in self.parts.iterdir() if PART.fullmatch(path.name)]

    def take(self, other: "Store") -> None:
        """Copy the parts of another folder of the same study.

        Raises:
            InputError: If the other folder is of another study or precision, or one of its parts is broken.
        """
        self._require_same(
            other.kept_study(), "DIR", f"{other.folder}, of another study", f"the study of {self.folder}"
        )
        if self.precision != other.precision:
            given = f"{other.folder}, computed in {other.precision}"
            raise InputError("DIR", given, f"{self.precision}, as {self.folder}")
        other._study_mark, theirs = self._study_mark, other.ranges()
        # Check the parts before copying, so that an error names the file in the other folder.
        other._require_whole_parts(theirs)
        for versions in other._recorded:
            self._record(versions)
        held = self.ranges()
        for cell, ranges in theirs.items():
            for start, stop in ranges:
                mine = held.setdefault(cell, [])
                gaps = missing(mine, start, stop)
                if gaps == [(start, stop)]:
                    write_whole(self._part(cell, start, stop), other.part_bytes(cell, start, stop))
                elif gaps:
                    self._take_rows(other, cell, start, stop, gaps)
                mine.extend(gaps)
                mine.sort()

    def part_bytes(self, cell: int, start: int, stop: int) -> bytes:
        """Return the content of the file of a part."""
        return self._part(cell, start, stop).read_bytes()

    def _take_rows(self, other: "Store", cell: int, start: int, stop: int, gaps: Ranges) -> None:
        """Copy the missing rows of a part: shards that were extended later may overlap."""
        (table,) = other.read(cell, [(start, stop)])
        metrics = metrics_of(table)
        values, errors = metric_values(table, metrics), table.column("error").to_pylist()
        for first, end in gaps:
            said = {index: text for index, text in enumerate(errors, start) if text is not None}
            versions = versions_of(table.schema.metadata or {})
            self.write(cell, first, values[first - start : end - start], metrics, said, versions)

    def write(
        self,
        cell: int,
        start: int,
        values: Float[np.ndarray, "replicates r"],
        metrics: Sequence[str],
        errors: Mapping[int, str] | None = None,
        versions: Versions | None = None,
    ) -> None:
        """Store the values of consecutive replicates as a part.

        Args:
            cell: Number of the cell.
            start: Number of the first replicate.
            values: One row per replicate, one column per metric.
            metrics: The names of the columns.
            errors: Error messages of the replicates that could not be computed, by replicate number.
            versions: The versions with which the replicates were computed; by default the current ones.
        """
        recorded = self._versions if versions is None else versions
        content = part_content(start, values, metrics, errors or {}, self._study_mark, recorded)
        write_whole(self._part(cell, start, start + len(values)), content)

    def read(self, cell: int, ranges: Ranges, metrics: Sequence[str] = ()) -> Iterator[pa.Table]:
        """Yield the stored replicates of a cell, in order, one table per part.

        Args:
            cell: Number of the cell.
            ranges: The ranges of its parts, as in `ranges()`.
            metrics: The metrics that every part must hold.

        Raises:
            InputError: If a part cannot be read, or does not hold the replicates that its name states.
        """
        for start, stop in ranges:
            yield read_part(self._part(cell, start, stop), start, stop, metrics)

    def _part(self, cell: int, start: int, stop: int) -> Path:
        return self.parts / f"cell-{cell}-{start}-{stop}.parquet"
