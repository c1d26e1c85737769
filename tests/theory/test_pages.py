"""The book: every page's cells recheck its algebra, and every link leads somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "theory").glob("*.md"))
README = ROOT / "README.md"
# Pages that state no theorem.
WITHOUT_THEOREM = {
    "README",
    "notation",
    "assumptions",
    "verdicts",
    "questions",
    "prior-transfer",
    "bayesian-transfer",
    "ginc",
    "style-and-content",
    "studies",
    "exact-reductions",
    "performance",
    "command-line",
    "in-python",
}


def cells_of(page: Path) -> list[tuple[int, str]]:
    """The fenced python cells of a page, each with the number of its first line."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, match.start(1)) + 1, match.group(1)) for match in found]


def run_cells(page: Path) -> None:
    """Run a page's cells from top to bottom, in one namespace.

    Raises:
        AssertionError: Naming page, cell and line, if a cell fails.
    """
    namespace: dict[str, Any] = {"__name__": page.stem}
    for number, (line, source) in enumerate(cells_of(page), start=1):
        # Blank lines before it give the cell the page's own line numbers in tracebacks.
        program = compile("\n" * (line - 1) + source, str(page), "exec")
        try:
            exec(program, namespace)
        except Exception as error:
            raise AssertionError(f"{page.name}: cell {number} (line {line}) failed: {error!r}") from error


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


pages = pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)


@pytest.mark.parametrize("page", [p for p in PAGES if cells_of(p)], ids=lambda page: page.stem)
def test_cells_hold(page: Path) -> None:
    run_cells(page)


@pytest.mark.filterwarnings("ignore:.*not to be trusted")
def test_blocks_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A block writes a folder.
    monkeypatch.chdir(tmp_path)
    assert cells_of(README)
    run_cells(README)


@pages
def test_theorem_pages_have_cells(page: Path) -> None:
    assert page.stem in WITHOUT_THEOREM or cells_of(page)


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
    page.write_text("# wrong\n\n```python\nx = 1\n```\n\ntext\n\n```python\nassert x == 2\n```\n")
    with pytest.raises(AssertionError, match=r"wrong\.md: cell 2 \(line 10\)"):
        run_cells(page)
