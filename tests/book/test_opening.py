"""The page that a command opens: of the built book where there is one."""

from pathlib import Path

import pytest

import w2s_sim as w2s
from w2s_sim.book import opening, pages
from w2s_sim.book.opening import page_to_open
from w2s_sim.cli.book import open_page


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one page, whose book is not built."""
    (tmp_path / "theory").mkdir()
    (tmp_path / "theory" / "floor.md").write_text(
        "# Floor\n\n```{toctree}\nother\n```\n\n```{gallery} here\n```\n"
    )
    for module in (opening, pages):
        monkeypatch.setattr(module, "PLACES", (tmp_path,))
    return tmp_path


def test_a_page_is_converted_if_the_book_is_not_built(place: Path) -> None:
    text = page_to_open("theory/floor.md").read_text("utf-8")
    assert "<h1" in text
    assert "other" not in text
    assert "Only the book that `make book` builds shows this part: {gallery} here" in text


def test_the_command_says_that_the_book_is_not_built(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_page("theory/floor.md", in_browser=False)
    said = capsys.readouterr()
    assert said.out.rstrip().endswith("floor.html")
    assert said.err.startswith("w2s: the built book is not here")
    assert "make book" in said.err


def test_the_built_page_is_taken(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = place / "theory" / "_build" / "html"
    folder.mkdir(parents=True)
    for name in ("floor", "index"):
        (folder / f"{name}.html").write_text("built")
    assert page_to_open("theory/floor.md") == (folder / "floor.html").resolve()
    open_page("theory/floor.md", in_browser=False)
    assert capsys.readouterr().err == ""


def test_a_page_of_somebody_else_is_converted(place: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    own.write_text("# Own\n")
    assert "Own" in page_to_open(str(own)).read_text("utf-8")
    with pytest.raises(w2s.InputError, match=r"theory/nothing\.md"):
        page_to_open("theory/nothing.md")
