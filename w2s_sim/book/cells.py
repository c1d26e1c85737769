"""The Python cells of a page: running them from top to bottom, and keeping what they print."""

import ast
import contextlib
import functools
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import re
import traceback
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = Path(__file__).parents[1]
SOURCES = {".py", ".toml", ".json", ".csv"}
LIBRARIES = ("jax", "jaxlib", "numpy", "scipy")


class Cell(NamedTuple):
    """One fenced block of Python.

    Attributes:
        line: Number of its first line on the page, from 1.
        source: The code.
    """

    line: int
    source: str


class CellError(Exception):
    """A cell of a page failed; the message names the page, the cell and the line."""


def cells_of(page: Path) -> list[Cell]:
    """Return the cells of a page: its fenced blocks that begin with ```python."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [Cell(text.count("\n", 0, match.start(1)) + 1, match.group(1)) for match in found]


def run_cells(page: Path) -> list[str]:
    """Run the cells of a page from top to bottom, in one namespace.

    Returns:
        What each cell prints, followed by the value of its last line if that line is an expression.

    Raises:
        CellError: If a cell fails.
    """
    namespace: dict[str, Any] = {"__name__": page.stem}
    outputs = []
    for number, cell in enumerate(cells_of(page), start=1):
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                value = _run(cell, page, namespace)
                if value is not None:
                    print(repr(value))
        except Exception as error:
            line = _failing_line(error, page) or cell.line
            raise CellError(f"{page.name}: cell {number} (line {line}) failed: {error!r}") from error
        outputs.append(printed.getvalue())
    return outputs


def _run(cell: Cell, page: Path, namespace: dict[str, Any]) -> Any:
    """Run one cell; return the value of its last line, or None if that line is no expression."""
    # Blank lines before it give the cell the page's own line numbers in tracebacks.
    tree = ast.parse("\n" * (cell.line - 1) + cell.source, str(page))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(page), "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), str(page), "eval"), namespace)


def _failing_line(error: Exception, page: Path) -> int | None:
    """Return the last line of the page on the way to the error."""
    if isinstance(error, SyntaxError) and error.filename == str(page):
        return error.lineno
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(page)
    ]
    return lines[-1] if lines else None


def run_and_keep(page: Path, folder: Path) -> list[str]:
    """Run the cells of a page as `run_cells` does, and keep the outputs in a folder."""
    outputs = run_cells(page)
    folder.mkdir(parents=True, exist_ok=True)
    file = _kept_file(page, folder)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    temporary.write_text(json.dumps({"key": _key(page), "outputs": outputs}, indent=1), encoding="utf-8")
    os.replace(temporary, file)
    return outputs


def outputs_of(page: Path, folder: Path) -> list[str]:
    """Return the outputs of the cells: those kept in the folder if they are current; otherwise the cells run.

    Raises:
        CellError: If a cell fails.
    """
    if not cells_of(page):
        return []
    file = _kept_file(page, folder)
    if file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["key"] == _key(page):
            return kept["outputs"]
    return run_and_keep(page, folder)


def _kept_file(page: Path, folder: Path) -> Path:
    """Return the file of a page's outputs; pages of the same name lie in different folders."""
    return folder / f"{page.parent.name}-{page.stem}.json"


def _key(page: Path) -> str:
    """Return a hash of the cells and of what they run on."""
    cells = "\n".join(cell.source for cell in cells_of(page))
    return hashlib.sha256(f"{sources_hash()}\n{cells}".encode()).hexdigest()


@functools.cache
def sources_hash() -> str:
    """Return a hash of the package's files, and of the versions of Python and the numerical libraries."""
    versions = [platform.python_version(), *[importlib.metadata.version(name) for name in LIBRARIES]]
    digest = hashlib.sha256("\n".join(versions).encode())
    files = [path for path in PACKAGE.rglob("*") if path.suffix in SOURCES]
    # Cells do not use the book's own folder.
    for path in sorted(path for path in files if PACKAGE / "book" not in path.parents):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
