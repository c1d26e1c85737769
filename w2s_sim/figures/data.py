"""The data of figures: kept beside a figure or in the user's cache folder, or computed."""

import contextlib
import platform
import tempfile
from pathlib import Path

from w2s_sim.cache_folder import cache_folder
from w2s_sim.errors import InputError
from w2s_sim.figures.contract import PaperFigure
from w2s_sim.figures.finding import scripts_folder
from w2s_sim.figures.record import FigureRecord, read_record, record_columns, write_record
from w2s_sim.figures.source_key import data_key, settings_of
from w2s_sim.manifest import git_revision, package_versions

# The packages whose versions are recorded.
PACKAGES = ("w2s-sim", "jax", "numpy", "matplotlib")


def kept_record(figure: PaperFigure, fast: bool, folder: Path) -> FigureRecord | None:
    """Return data that today's code would compute again, if some are kept; else None.

    They are looked for beside the figure in `folder`, in the gallery of the project, and in the user's cache.
    """
    key = data_key(figure, fast)
    places = [folder / f"{figure.name}.json", scripts_folder() / "gallery" / f"{figure.name}.json"]
    cached = _cached(figure.name, key)
    for path in (*places, *([cached] if cached else [])):
        if path.is_file():
            # A file that cannot be read is no reason to stop: its data are computed again.
            with contextlib.suppress(InputError):
                record = read_record(path)
                if record.key == key:
                    return record
    return None


def computed_record(figure: PaperFigure, fast: bool, keep: bool) -> FigureRecord:
    """Compute the data of a figure, and keep them in the user's cache folder if wanted."""
    tables = figure.compute(fast, figure.seed)
    versions = package_versions()
    record = FigureRecord(
        name=figure.name,
        title=figure.title,
        seed=figure.seed,
        fast=fast,
        key=data_key(figure, fast),
        configuration=settings_of(figure),
        versions={"python": platform.python_version(), **{name: versions[name] for name in PACKAGES}},
        git_revision=git_revision(),
        tables=record_columns(tables),
    )
    cached = _cached(figure.name, record.key)
    if keep and cached:
        # A cache that cannot be written costs time later, and nothing now.
        with contextlib.suppress(OSError):
            _write_whole(record, cached)
    return record


def _cached(name: str, key: str) -> Path | None:
    root = cache_folder()
    return None if root is None else root / "figures" / f"{name}-{key[:16]}.json"


def _write_whole(record: FigureRecord, path: Path) -> None:
    """Write a record completely or not at all, and delete data of older code."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as aside:
        write_record(record, Path(aside) / path.name)
        (Path(aside) / path.name).replace(path)
    for other in path.parent.glob(f"{record.name}-*.json"):
        with contextlib.suppress(InputError, OSError):
            if other != path and read_record(other).fast == record.fast:
                other.unlink()
