"""The studies that come with the package, by name."""

import difflib
import importlib.resources
from collections.abc import Mapping
from pathlib import Path

from w2s_sim.errors import InputError, shown
from w2s_sim.plugins import registry

FOLDER = Path(str(importlib.resources.files("w2s_sim.files"))) / "ready"


def study_title(path: Path) -> str:
    """The question that a study answers: its first line of comment, beside the one that names the schema."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), path.stem)


# What each of them asks.
READY: Mapping[str, str] = {path.stem: study_title(path) for path in sorted(FOLDER.glob("*.toml"))}


def find_study(name_or_path: str) -> Path:
    """The file of a study: a person's own, or a ready one of the package or of a plugin.

    A file that exists wins over a name.

    Args:
        name_or_path: What the person wrote.

    Raises:
        InputError: If it is neither, with the nearest name.
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
    nearest = difflib.get_close_matches(path.stem, known, n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    expected = "a TOML file that exists, or one of the ready studies " + ", ".join(known)
    raise InputError("STUDY", shown(name_or_path) + hint, expected)


def _is_there(path: Path) -> bool:
    """Whether it can be opened: a file or a pipe. A folder cannot, and may have the name of its study."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        # Too long a name, or one with a character that none may have.
        return False
