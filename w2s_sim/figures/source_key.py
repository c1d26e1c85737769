"""What the data of a figure depend on: a digest of the code that computes them, and the settings in it.

Only what the function `compute` uses counts, in the script and in the package: data stay valid if the
drawing, the caption or another module changes.
"""

import ast
import functools
import hashlib
from pathlib import Path
from typing import Any

from w2s_sim.figures.contract import PaperFigure
from w2s_sim.figures.import_graph import SourcePackage

PACKAGE = SourcePackage(Path(__file__).parents[1])


def data_key(figure: PaperFigure, fast: bool) -> str:
    """Return the digest of the code, the seed and the number of replicates behind a figure's data.

    The code is what `compute` uses in the script, and the files of the package behind it.
    """
    parts = computing_parts(figure.script.read_text(encoding="utf-8"), figure.compute.__name__)
    given = [figure.name, str(figure.seed), str(fast), *map(ast.dump, parts)]
    files = [
        f"{path.relative_to(PACKAGE.root).as_posix()} {_digest(path)}" for path in PACKAGE.files_behind(parts)
    ]
    return hashlib.sha256("\n".join([*given, *files]).encode()).hexdigest()


@functools.cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def computing_parts(source: str, function: str) -> list[ast.stmt]:
    """Return the statements of a script that a function uses, directly or through other statements.

    Args:
        source: The script.
        function: Name of the function; all of the script counts if the script does not define it.
    """
    tree = ast.parse(source)
    used = _used(tree, function)
    if used is None:
        return tree.body
    return [_without_unused_names(part, used) for part in tree.body if used & set(_concerned(part))]


def _without_unused_names(part: ast.stmt, used: set[str]) -> ast.stmt:
    """Return an import statement with the names that are used; any other statement as it is."""
    match part:
        case ast.Import(names=names):
            return ast.Import([alias for alias in names if _own_name(alias) in used])
        case ast.ImportFrom(module=module, names=names, level=level):
            return ast.ImportFrom(module, [alias for alias in names if _own_name(alias) in used], level)
        case _:
            return part


def _own_name(alias: ast.alias) -> str:
    return (alias.asname or alias.name).partition(".")[0]


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
        for name in _concerned(statement):
            statements.setdefault(name, []).append(statement)
    if function not in statements:
        return None
    # What a star brings has no name here.
    used, waiting = {"*"}, [function]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += [found for part in statements.get(name, ()) for found in _names(part)]
    return used


def _concerned(statement: ast.stmt) -> list[str]:
    """Return the names that a statement defines; all its names if it defines none, as `SIZES.append(3)`."""
    return _defined(statement) or _names(statement)


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a script defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [_own_name(alias) for alias in names]
        case _:
            return [
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]


def _names(statement: ast.stmt) -> list[str]:
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
