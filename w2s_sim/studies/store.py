"""Where the replicates of a study are kept: parts that are written whole or not at all."""

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.manifest import build_manifest

METRICS = ("risk", "prior_kl", "prior_tv")
PART = re.compile(r"cell-(\d+)-(\d+)-(\d+)\.parquet")


class Store:
    """A folder with `manifest.json`, and one part for every range of a cell's replicates.

    A part's name says which replicates it holds: what is there is known without opening anything, and a
    range is never computed twice.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def parts(self) -> Path:
        return self.folder / "parts"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """The folder for this process alone, as long as it lives.

        Raises:
            InputError: If another run holds it, or it cannot be written.
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
        """Write the manifest of a new study, or check that the one there is of the same.

        Raises:
            InputError: If there is one already and it is not to be resumed, or it is of another study.
        """
        path = self.folder / "manifest.json"
        if not path.exists():
            if self.ranges():
                raise InputError(
                    "--out",
                    f"{self.folder}, with parts but no manifest.json",
                    "the manifest, or an empty folder",
                )
            manifest = build_manifest({"study": document})
            manifest["precision"] = precision or manifest["precision"]
            write_whole(path, json.dumps(manifest, indent=1).encode())
            return
        if not resume:
            raise InputError("--out", f"{self.folder}, which holds a study", "--resume, or an empty folder")
        changed = sorted(_differences(self.kept_study(), document))
        kept, now = self.precision, precision or build_manifest({})["precision"]
        if kept != now:
            raise InputError("--x64", now, f"{kept}, in which the study was begun")
        if changed:
            raise InputError(
                "STUDY",
                f"a file changed since: {', '.join(changed)}",
                f"the study of {path}, or another --out",
            )

    def kept_study(self) -> dict[str, Any]:
        """The study that the folder was made for.

        Raises:
            InputError: If the manifest cannot be read.
        """
        return self._manifest()["configuration"]["study"]

    def _manifest(self) -> dict[str, Any]:
        path = self.folder / "manifest.json"
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            _ = manifest["configuration"]["study"], manifest["precision"]
            return manifest
        except FileNotFoundError:
            raise InputError(
                "DIR", f"{self.folder}, without manifest.json", "the folder of a study"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError("manifest.json", f"{path} ({error})", "the file as it was written") from None

    def ranges(self) -> dict[int, list[tuple[int, int]]]:
        """By cell, the ranges of replicates that are there, in order."""
        found: dict[int, list[tuple[int, int]]] = {}
        if self.parts.is_dir():
            for path in self.parts.iterdir():
                match = PART.fullmatch(path.name)
                if match:
                    cell, start, stop = map(int, match.groups())
                    found.setdefault(cell, []).append((start, stop))
        return {cell: sorted(ranges) for cell, ranges in found.items()}

    def take(self, other: "Store") -> None:
        """Copy the parts of another folder of the same study.

        Raises:
            InputError: If it is of another study.
        """
        changed = sorted(_differences(self.kept_study(), other.kept_study()))
        if changed or self.precision != other.precision:
            given = f"{other.folder}, of a study with another {', '.join(changed) or 'precision'}"
            raise InputError("DIR", given, f"the study of {self.folder}")
        for path in sorted(other.parts.iterdir()):
            if PART.fullmatch(path.name) and not (self.parts / path.name).exists():
                write_whole(self.parts / path.name, path.read_bytes())

    @property
    def precision(self) -> str:
        """In which the replicates were computed."""
        return self._manifest()["precision"]

    def write(self, cell: int, start: int, values: Float[np.ndarray, "replicates 3"]) -> None:
        """Keep the values of the replicates from `start` on."""
        stop = start + len(values)
        frame = pd.DataFrame({name: values[:, index] for index, name in enumerate(METRICS)})
        frame.insert(0, "replicate", np.arange(start, stop))
        path = self.parts / f"cell-{cell}-{start}-{stop}.parquet"
        write_whole(path, frame.to_parquet(index=False))

    def read(self, cell: int, ranges: Sequence[tuple[int, int]]) -> pd.DataFrame:
        """The replicates of a cell that are there, in order.

        Args:
            cell: Its number.
            ranges: Its entry in `ranges()`.

        Raises:
            InputError: If a part cannot be read, or does not hold what its name says.
        """
        frames, reached = [], 0
        for start, stop in ranges:
            if start < reached:
                given = f"cell {cell}: two parts that hold replicate {start}"
                raise InputError("parts", given, "each replicate once: delete one of the two")
            reached = stop
            path = self.parts / f"cell-{cell}-{start}-{stop}.parquet"
            try:
                frame = pd.read_parquet(path)
                whole = frame["replicate"].to_numpy().tolist() == list(range(start, stop))
            except Exception as error:
                # pyarrow has an exception of its own for every way to be broken.
                raise InputError("part", f"{path} ({_first_line(error)})", REMEDY) from None
            if not whole:
                raise InputError("part", f"{path}, without all of its replicates", REMEDY)
            frames.append(frame)
        return (
            pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["replicate", *METRICS])
        )


def missing(held: Sequence[tuple[int, int]], start: int, stop: int) -> list[tuple[int, int]]:
    """What is left of start..stop-1 when the ranges held, in order, are taken out."""
    gaps, reached = [], start
    for first, end in held:
        if first > reached:
            gaps.append((reached, min(first, stop)))
        reached = max(reached, end)
    gaps.append((reached, stop))
    return [(first, end) for first, end in gaps if first < end]


REMEDY = "a part as it was written: delete the file and resume"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


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
        raise InputError(
            "--out",
            f"{path} ({error.strerror}); all that was written before is kept",
            "room to write, then --resume",
        ) from None


def _differences(kept: Any, asked: Any, prefix: str = "") -> Iterator[str]:
    """Dotted keys in which two documents differ. More replicates are no difference."""
    if isinstance(kept, Mapping) and isinstance(asked, Mapping):
        for key in {*kept, *asked}:
            name = f"{prefix}{key}"
            if name == "replication.replicates":
                continue
            if key not in kept or key not in asked:
                yield name
            else:
                yield from _differences(kept[key], asked[key], f"{name}.")
    elif kept != asked:
        yield prefix.rstrip(".")
