"""What the data of a figure depend on: a digest of the code that computes them, and the settings in it.

Only what the function `compute` uses counts: data stay valid if the drawing or the caption change.
"""

import ast
import functools
import hashlib
from pathlib import Path
from typing import Any

from w2s_sim.figures.contract import PaperFigure

PACKAGE = Path(__file__).parents[1]
# Rooms that draw and print; no number is computed there.
DRAWING_ROOMS = ("plotting", "figures", "reports", "book", "teaching", "cli")


def data_key(figure: PaperFigure, fast: bool) -> str:
    """Return the digest of the code, the seed and the number of replicates behind a figure's data."""
    code = computing_code(figure.script.read_text(encoding="utf-8"), figure.compute.__name__)
    given = "\n".join([figure.name, str(figure.seed), str(fast), code, _package_digest()])
    return hashlib.sha256(given.encode()).hexdigest()


@functools.cache
def _package_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        place = path.relative_to(PACKAGE)
        if place.parts[0] not in DRAWING_ROOMS and path.suffix in (".py", ".csv", ".toml") and path.is_file():
            digest.update(f"{place.as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def computing_code(source: str, function: str) -> str:
    """Return the parts of a script that a function uses, directly or through other parts, without comments.

    Args:
        source: The script.
        function: Name of the function; all of the script counts if the script does not define it.
    """
    tree = ast.parse(source)
    used = _used(tree, function)
    if used is None:
        return ast.dump(tree)
    return "\n".join(ast.dump(part) for part in tree.body if used & set(_defined(part)))


def settings_of(figure: PaperFigure) -> dict[str, Any]:
    """Return the constants that `compute` uses (`SIZES`, `REPLICATES`) as JSON values, and the configuration.

    Constants are numbers, texts, and lists, tuples or dictionaries of them; others are left out.
    """
    tree = ast.parse(figure.script.read_text(encoding="utf-8"))
    used = _used(tree, figure.compute.__name__)
    known = figure.compute.__globals__
    assigned = [part for part in tree.body if isinstance(part, ast.Assign | ast.AnnAssign)]
    constants = [name for part in assigned for name in _defined(part) if name.isupper()]
    found = {name: _plain(known.get(name)) for name in constants if used is None or name in used}
    return {name: value for name, value in found.items() if value is not None} | dict(figure.configuration)


def _plain(value: Any) -> Any:
    """Return a constant as a JSON value; None if it is anything else."""
    if isinstance(value, dict):
        parts = {str(key): _plain(part) for key, part in value.items()}
        return None if None in parts.values() else parts
    if isinstance(value, list | tuple):
        parts = [_plain(part) for part in value]
        return None if None in parts else parts
    return value if isinstance(value, str | int | float) else None


def _used(tree: ast.Module, function: str) -> set[str] | None:
    """Return the names that a function uses, directly or through other parts; None if it is not defined."""
    statements: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in _defined(statement):
            statements.setdefault(name, []).append(statement)
    if function not in statements:
        return None
    used, waiting = set[str](), [function]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += [found for part in statements.get(name, ()) for found in _names(part)]
    return used


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a script defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [(alias.asname or alias.name).partition(".")[0] for alias in names]
        case _:
            return [
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]


def _names(statement: ast.stmt) -> list[str]:
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
