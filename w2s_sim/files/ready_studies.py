"""The studies that come with the package, by name."""

import importlib.resources
from collections.abc import Mapping
from pathlib import Path

from w2s_sim.errors import InputError, did_you_mean, shown
from w2s_sim.plugins import registry

FOLDER = Path(str(importlib.resources.files("w2s_sim.files"))) / "ready"


def study_title(path: Path) -> str:
    """Return the question that a study answers: the first comment that is not the `#:schema` line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), path.stem)


# The question of each ready study, by name.
READY: Mapping[str, str] = {path.stem: study_title(path) for path in sorted(FOLDER.glob("*.toml"))}


def find_study(name_or_path: str) -> Path:
    """Find the file of a study: a user's own, or a ready study of the package or of a plugin.

    A file that exists takes precedence over a ready study of the same name.

    Args:
        name_or_path: The path or the name that the user gave.

    Raises:
        InputError: If there is no such file or study, with the nearest name.
    """
    path = Path(name_or_path)
    if _is_there(path):
        return path
    if name_or_path in READY:
        return FOLDER / f"{name_or_path}.toml"
    brought = registry().studies
    if name_or_path in brought:
        return brought[name_or_path]
    known = [*READY, *brought]
    expected = "a TOML file that exists, or one of the ready studies " + ", ".join(known)
    raise InputError("STUDY", shown(name_or_path) + did_you_mean(path.stem, known), expected)


def _is_there(path: Path) -> bool:
    """Return whether the path is a file or a pipe; a folder may have the same name as a ready study."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        # The name is too long, or contains a character that file names cannot have.
        return False
