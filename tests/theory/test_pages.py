"""The book: every page's cells recheck its algebra, and every link leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.page_numbers import without_source
from tests.pages import PAGES, ROOT
from w2s_sim.book.cells import CellError, cells_of, outputs_of, run_and_keep, run_cells
from w2s_sim.book.contents import read_contents
from w2s_sim.statements.contract.theorem_entry import TheoremEntry

# Where `make book` looks for them.
KEPT = ROOT / "build" / "cells"
README = ROOT / "README.md"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix()


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


pages = pytest.mark.parametrize("page", [README, *PAGES], ids=name_of)


@pytest.mark.parametrize("page", [p for p in PAGES if cells_of(p)], ids=name_of)
def test_cells_hold(page: Path) -> None:
    run_and_keep(page, KEPT)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_numbers_come_from_cells(page: Path) -> None:
    missing = without_source(page, outputs_of(page, KEPT))
    assert not missing, (
        f"{page.name}: neither a cell nor what a cell prints has the numbers {', '.join(missing)}"
    )


@pytest.mark.filterwarnings("ignore:.*not to be trusted")
def test_blocks_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A block writes a folder.
    monkeypatch.chdir(tmp_path)
    assert cells_of(README)
    run_cells(README)


@pytest.mark.parametrize("theorem", read_contents()["theorems"], ids=lambda theorem: theorem["id"])
def test_theorem_pages_have_cells(theorem: TheoremEntry) -> None:
    assert cells_of(ROOT / theorem["page"])


@pages
def test_relative_links_resolve(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name}: {target}"
        if anchor and linked.suffix == ".md":
            assert anchor in anchors_of(linked), f"{page.name}: {target}"


def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    page = tmp_path / "wrong.md"
    page.write_text("# wrong\n\n```python\nx = 1\n```\n\ntext\n\n```python\n\nassert x == 2\n```\n")
    with pytest.raises(CellError, match=r"wrong\.md: cell 2 \(line 11\)"):
        run_cells(page)
    page.write_text("```python\nx = (\n```\n")
    with pytest.raises(CellError, match=r"wrong\.md: cell 1 \(line 2\).*SyntaxError"):
        run_cells(page)


def test_outputs_are_what_cells_print_and_the_value_of_the_last_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint('a')\nx = 2\nx + 1\n```\n\n```python\nx = 4\n```\n")
    assert run_cells(page) == ["a\n3\n", ""]


def test_kept_outputs_serve_until_a_cell_changes(tmp_path: Path) -> None:
    page, counted = tmp_path / "page.md", tmp_path / "counted"
    cell = f"```python\nwith open({str(counted)!r}, 'a') as file:\n    _ = file.write('x')\nprint(1)\n```\n"
    page.write_text(cell)
    assert outputs_of(page, tmp_path) == outputs_of(page, tmp_path) == ["1\n"]
    page.write_text(f"Other words.\n\n{cell}")
    assert outputs_of(page, tmp_path) == ["1\n"]
    assert counted.read_text() == "x"
    page.write_text(cell.replace("print(1)", "print(2)"))
    assert outputs_of(page, tmp_path) == ["2\n"]
