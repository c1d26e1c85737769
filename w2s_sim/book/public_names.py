"""The public names of the package, room by room: what the reference documents."""

import ast
import importlib
import inspect
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def public_names(room: str) -> dict[str, str]:
    """Return the public names of a room, each with the path by which a user imports it.

    Public are the names of `w2s_sim` that are defined in the room, and the names that the `__init__` of the
    room exports (`import NAME as NAME`).

    Args:
        room: Name of a module or a package within `w2s_sim`, such as "concepts".
    """
    # Not by an import statement: this room may not import the rooms that the package exports.
    package = importlib.import_module("w2s_sim")
    homes = {home: names for home, names in package._HOMES.items() if _is_within(home, room)}
    top = {name: f"w2s_sim.{name}" for names in homes.values() for name in names}
    own = {name: f"w2s_sim.{room}.{name}" for name in _exported(room)}
    # The shorter path wins, unless the top has a thing of that name from another room.
    names = {**own, **top}
    return dict(sorted(names.items(), key=lambda item: (item[0].lower(), item[0])))


def rooms_with_public_names() -> list[str]:
    """Return the rooms that have public names, in alphabetical order."""
    found = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    return sorted(room for room in found - {"__init__", "__pycache__"} if public_names(room))


def _is_within(home: str, room: str) -> bool:
    return f"{home}.".startswith(f"w2s_sim.{room}.")


def _exported(room: str) -> list[str]:
    """Return the names that a room exports (`import NAME as NAME`), for type checkers alone or not.

    A class or function of another room is documented there.
    """
    init = PACKAGE / room / "__init__.py"
    if not init.is_file():
        return []
    module = importlib.import_module(f"w2s_sim.{room}")
    nodes = ast.walk(ast.parse(init.read_text(encoding="utf-8")))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    names = [alias.name for node in imports for alias in node.names if alias.name == alias.asname]
    return [name for name in names if not _is_of_another_room(getattr(module, name), room)]


def _is_of_another_room(value: object, room: str) -> bool:
    return (inspect.isclass(value) or inspect.isfunction(value)) and not _is_within(value.__module__, room)
