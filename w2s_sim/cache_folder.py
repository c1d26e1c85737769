"""The folders of a user: the cache, of what the program can make again, and the data, which it fetched."""

import os
import sys
from pathlib import Path

from w2s_sim.errors import InputError

# Names the folder, or turns it off.
VARIABLE = "W2S_CACHE"
OFF = "off"


def cache_folder() -> Path | None:
    """Return the folder; None if W2S_CACHE is "off".

    Raises:
        InputError: If W2S_CACHE is a relative path: the folder would depend on where a command is started.
    """
    given = os.environ.get(VARIABLE, "")
    if given == OFF:
        return None
    if given and not os.path.isabs(given):
        raise InputError(VARIABLE, repr(given), f"the absolute path of a folder, or {OFF!r}")
    return Path(given) if given else _cache_home() / "w2s-sim"


def data_folder() -> Path:
    """Return the folder in which the program keeps what a user has asked it to fetch."""
    given = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(given):
        return Path(given) / "w2s-sim"
    if sys.platform == "darwin":
        return _home() / "Library" / "Application Support" / "w2s-sim"
    local = os.environ.get("LOCALAPPDATA")
    home = Path(local) if sys.platform == "win32" and local else _home() / ".local" / "share"
    return home / "w2s-sim"


def _cache_home() -> Path:
    """Return the folder in which the programs of a user keep what they can make again."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says that relative paths are ignored.
    if os.path.isabs(given):
        return Path(given)
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches"
    local = os.environ.get("LOCALAPPDATA")
    return Path(local) if sys.platform == "win32" and local else _home() / ".cache"


def _home() -> Path:
    home = os.path.expanduser("~")
    # A user without a home, as in some containers, gets a folder that cannot be made: not one called "~".
    return Path(home if os.path.isabs(home) else os.devnull)
