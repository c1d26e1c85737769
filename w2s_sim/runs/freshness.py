"""Checks whether the results and figures of a folder are up to date, so that they need not be made again."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from w2s_sim.files.figure_table import StudyFigure
from w2s_sim.files.study_file import Study
from w2s_sim.manifest import git_revision, package_versions
from w2s_sim.plugins import registry
from w2s_sim.runs.store import FAILURES, RESULTS, Store

# Key in the manifest of the record from which the results were made.
MADE = "results"


def results_mark(document: Mapping[str, Any], store: Store) -> str:
    """Return a digest of everything that determines the table of results: study, parts, and code versions."""
    parts = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in store.part_files())
    return _mark(_without_figures(document), store.identity, parts)


def fresh_results(store: Store, mark: str) -> pd.DataFrame | None:
    """Return the stored table of results if it matches the digest `mark` and is unchanged; else None."""
    path = store.folder / RESULTS
    digest = file_digest(path)
    if not digest or store.noted(MADE) != {"of": mark, "sha256": digest}:
        return None
    results = pd.read_parquet(path)
    failed = bool(results["failed"].to_numpy().any())
    return results if failed == (store.folder / FAILURES).exists() else None


def note_results(store: Store, mark: str) -> None:
    """Record in the manifest the digest `mark` from which the table of results was made."""
    store.note(MADE, {"of": mark, "sha256": file_digest(store.folder / RESULTS)})


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; "" if the file cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def figure_mark(study: Study, figure: StudyFigure, folder: Path) -> str:
    """Return the digest of a figure's inputs, as stored in its pictures; "" if the folder has no results."""
    digest = file_digest(folder / RESULTS)
    given = (_without_figures(study.document), dataclasses.asdict(figure), digest)
    return _mark(*given) if digest else ""


def stale_figures(study: Study, folder: Path) -> Sequence[StudyFigure]:
    """Return the figures of a study that are missing, or were drawn from other inputs."""
    return [figure for figure in study.figures if not _is_fresh(study, figure, folder)]


def _is_fresh(study: Study, figure: StudyFigure, folder: Path) -> bool:
    numbers, *pictures = (folder / "figures" / f"{figure.name}.{end}" for end in ("csv", *figure.formats))
    mark = figure_mark(study, figure, folder)
    if not mark or not numbers.is_file():
        return False
    return all(path.is_file() and mark.encode() in path.read_bytes() for path in pictures)


def _without_figures(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "figure"}


def _mark(*given: Any) -> str:
    made_with = [package_versions(), git_revision(), registry().records]
    text = json.dumps([given, *made_with], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
