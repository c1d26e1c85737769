"""The rooms of the package: the folders, CONTRIBUTING's table and import-linter's list name the same ones."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "w2s_sim"


def layers() -> list[set[str]]:
    """The rooms that import-linter orders, from the ground up; those of one layer together."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    return [set(re.split(r" [|:] ", layer)) for layer in reversed(rooms)]


def test_contributing_lists_the_rooms_in_the_order_of_the_linter() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## How to add")[0]
    rows = re.findall(r"^\| (`.*?) \|", text, flags=re.MULTILINE)
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == layers()


def test_every_module_at_the_top_is_in_a_room() -> None:
    found = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert found - {"__init__"} == set().union(*layers())


def test_no_two_files_of_one_name_hold_different_things() -> None:
    """Claims and lemmas, of which every theorem has its own, lie in the folders of the theorems."""
    names = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if path.name not in ("__init__.py", "claim.py", "lemmas.py")
    ]
    assert sorted(names) == sorted(set(names))


def test_every_theorem_has_a_folder_with_its_claim() -> None:
    from w2s_sim.statements.registry import THEOREMS

    folders = {path.parent.name.replace("_", "-") for path in (PACKAGE / "statements").glob("*/claim.py")}
    assert folders == set(THEOREMS)
