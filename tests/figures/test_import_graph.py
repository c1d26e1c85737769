"""Which files the data of a figure depend on: a small package, and the functions that a figure calls."""

import ast
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.figures import Page, PaperFigure, Tables, load_figure, source_key
from w2s_sim.figures.import_graph import SourcePackage
from w2s_sim.figures.source_key import PACKAGE, computing_parts, data_key

TOY = {
    "__init__.py": "from toy.numbers import solve as solve\ndef version(): ...",
    "numbers/__init__.py": "from toy.numbers.solver import solve_exactly as solve\n"
    "from toy.numbers.others import g",
    "numbers/solver.py": "def solve_exactly():\n    from toy.basics import one\n    return one",
    "numbers/others.py": "from toy.numbers.solver import solve_exactly\ng = 1",
    "basics.py": "one = 1",
    "tables.py": "from importlib.resources import files\nTABLE = files('toy') / 'table.csv'",
    "table.csv": "1",
    "registry.py": "import importlib\ndef find(name):\n    return importlib.import_module(name)",
    "dispatch.py": "import functools\n@functools.singledispatch\ndef law(task): ...",
    "tasks.py": "from toy.dispatch import law\n@law.register\ndef _(task: int): ...",
    "alone.py": "",
}
MODULES = {name for name in TOY if name.endswith(".py")}
SOLVING = {"numbers/solver.py", "basics.py"}


def package(folder: Path, changed: str = "") -> SourcePackage:
    """The toy package, one of whose files has a line more."""
    for name, text in TOY.items():
        path = folder / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + ("\n# Changed.\n" if name == changed else ""))
    return SourcePackage(folder / "toy")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy, toys", set()),
        ("from toy.basics import one", {"basics.py"}),
        ("from toy import basics", {"basics.py"}),
        ("import toy.basics", {"basics.py"}),
        ("import toy.basics as b\nb.one", {"basics.py"}),
        ("import toy\ntoy.basics.one", {"basics.py"}),
        ("def f():\n    from toy.basics import one", {"basics.py"}),
        # A name that the packages pass on, under another name.
        ("from toy import solve", SOLVING),
        ("from toy.numbers import solve", SOLVING),
        ("import toy as t\nt.solve(t.numbers.solve)", SOLVING),
        ("from toy import numbers\nnumbers.solve", SOLVING),
        ("from toy.numbers import g", {"numbers/others.py", *SOLVING}),
        # What a package defines itself.
        ("from toy import version", {"__init__.py", *SOLVING}),
        # A package as a value, or all of it.
        ("from toy import numbers\nf(numbers)", {"numbers/__init__.py", "numbers/others.py", *SOLVING}),
        ("from toy.numbers import *", {"numbers/__init__.py", "numbers/others.py", *SOLVING}),
        ("import toy\nvars(toy)", set(TOY)),
        ("import toy.numbers", {"numbers/__init__.py", "numbers/others.py", *SOLVING}),
        # Names in variables.
        ("from toy.registry import find", set(TOY)),
        ("import importlib\nimportlib.import_module(name)", MODULES | {"table.csv"}),
        ("from . import basics", set(TOY)),
        # Files, and functions that dispatch on a class.
        ("from toy.tables import TABLE", {"tables.py", "table.csv"}),
        ("from toy.dispatch import law", {"dispatch.py", "tasks.py"}),
    ],
)
def test_files_behind_some_code(tmp_path: Path, code: str, expected: set[str]) -> None:
    toy = package(tmp_path)
    found = toy.files_behind(ast.parse(code).body)
    assert {path.relative_to(toy.root).as_posix() for path in found} == expected


SCRIPT = """
'''Why?'''
from toy import solve
from toy.alone import painted
def compute(fast, seed):
    return solve()
def draw(tables, page):
    return painted(tables)
"""


def undrawn(tables: Tables, page: Page) -> Figure:
    raise AssertionError("nothing is drawn")


@pytest.mark.parametrize("changed", TOY)
def test_the_key_follows_the_files_behind_the_data_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    (tmp_path / "mine.py").write_text(SCRIPT)
    namespace: dict[str, Any] = {"__name__": "mine"}
    exec(compile("def compute(fast, seed): ...", str(tmp_path / "mine.py"), "exec"), namespace)
    figure = PaperFigure(name="mine", compute=namespace["compute"], draw=undrawn, caption="")
    keys = []
    for folder, change in ((tmp_path / "before", ""), (tmp_path / "after", changed)):
        monkeypatch.setattr(source_key, "PACKAGE", package(folder, change))
        keys.append(data_key(figure, fast=False))
    assert (keys[0] != keys[1]) == (changed in SOLVING)


def test_packages_do_nothing_but_pass_names_on() -> None:
    """So that what they load beside a name that is used cannot change a number."""
    with_code = set()
    for path in PACKAGE.root.rglob("__init__.py"):
        for part in ast.parse(path.read_text(encoding="utf-8")).body:
            text = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
            if not (text or isinstance(part, ast.Import | ast.ImportFrom)):
                with_code.add(path.relative_to(PACKAGE.root).parent.as_posix())
    # The first two import on first use; nothing is computed from the book.
    assert with_code == {".", "runs", "book/extension"}


def test_all_functions_that_a_figure_calls_are_in_files_behind_it() -> None:
    figure = load_figure("few_strong_models")
    # Loading a module calls its decorators.
    for public in w2s.__all__:
        getattr(w2s, public)
    called = set[Path]()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            called.add(Path(frame.f_code.co_filename))

    sys.setprofile(note)
    try:
        figure.compute(True, 0)
    finally:
        sys.setprofile(None)
    used = {path for path in called if PACKAGE.root in path.parents}
    # Called by JAX when it lowers a program, and without influence on a number.
    used.discard(PACKAGE.root / "engine" / "lowering_context.py")
    assert len(used) > 5
    behind = PACKAGE.files_behind(computing_parts(figure.script.read_text(encoding="utf-8"), "compute"))
    assert used <= set(behind)
