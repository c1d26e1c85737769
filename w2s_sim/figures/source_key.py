"""The key of a figure's data: a digest of the code that computes them. Data of older code are not used.

Only what the function `compute` uses counts: data stay valid if the drawing or the caption change.
"""

import ast
import functools
import hashlib
from pathlib import Path

from w2s_sim.figures.contract import PaperFigure

PACKAGE = Path(__file__).parents[1]
# Rooms that draw and print; no number is computed there.
DRAWING_ROOMS = ("plotting", "figures", "reports", "book", "cli")


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
    statements: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in _defined(statement):
            statements.setdefault(name, []).append(statement)
    if function not in statements:
        return ast.dump(tree)
    used, waiting = set[str](), [function]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += [found for part in statements.get(name, ()) for found in _names(part)]
    return "\n".join(ast.dump(part) for part in tree.body if used & set(_defined(part)))


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
