"""Pages of the book as HTML: complete, readable, linked."""

import re
from pathlib import Path

import pytest

import w2s_sim as w2s
from tests import html_files
from tests.pages import PAGES, ROOT
from w2s_sim.book.formulas import mathml
from w2s_sim.book.pages import find_page, write_pages

NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The HTML file of every page."""
    pages = write_pages(tmp_path_factory.mktemp("book"), NAMES)
    assert len(set(pages.values())) == len(NAMES)
    return pages


@pytest.fixture(scope="module")
def folder(written: dict[str, Path]) -> Path:
    return written[NAMES[0]].parent


def test_every_link_of_the_html_leads_somewhere(folder: Path) -> None:
    pages = {path.name: html_files.read_html(path) for path in folder.glob("*.html")}
    for name, page in pages.items():
        assert page.open == [], name
        for address in page.addresses:
            if re.match(r"https?:", address):
                continue
            file, _, anchor = address.partition("#")
            assert (folder / file).is_file() if file else True, f"{name}: {address}"
            assert not anchor or anchor in pages[file or name].anchors, f"{name}: {address}"


def test_no_formula_stays_in_latex(written: dict[str, Path]) -> None:
    for page, path in written.items():
        text = path.read_text(encoding="utf-8")
        formulas = re.findall(r"<math.*?</math>", text, flags=re.DOTALL)
        source = re.sub(r"```.*?```|`[^`]*`", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
        assert bool(formulas) == ("$" in source), page
        assert not [f for f in formulas if "\\" in re.sub(r'="[^"]*"', "", f)], page
        # A dollar sign outside of code would be a formula that the parser did not notice.
        assert "$" not in html_files.prose(text), page


def test_pictures_travel_with_their_page(tmp_path: Path) -> None:
    write_pages(tmp_path, ["theory/ginc.md"])
    picture = tmp_path / "gallery" / "ginc.png"
    assert picture.read_bytes() == (ROOT / "figures" / "gallery" / "ginc.png").read_bytes()


def test_pages_of_others_may_have_the_name_of_a_page_of_the_book(tmp_path: Path) -> None:
    own = tmp_path / "own" / "notation.md"
    own.parent.mkdir()
    own.write_text("# Own\n\nSee [the floor](floor.md) and `code`.\n\n$a<b$ and <script>\n", encoding="utf-8")
    (own.parent / "floor.md").write_text("# Floor\n", encoding="utf-8")
    written = write_pages(tmp_path / "html", ["theory/notation.md", str(own)])
    assert len({path.name for path in written.values()}) == 2
    text = written[str(own)].read_text(encoding="utf-8")
    assert 'href="floor.html"' in text
    assert "<title>Own</title>" in text
    assert "<script>" not in text


def test_a_missing_page_is_named() -> None:
    with pytest.raises(w2s.InputError, match=r"theory/nothing\.md"):
        find_page("theory/nothing.md")


def test_fences_of_a_given_size_and_tables_with_space() -> None:
    text = mathml(r"\bigl(\frac ab\Bigr] \big| \begin{cases}1\\[2ex] 2\end{cases}")
    assert "big" not in text
    assert "2ex" not in text
    assert mathml("") == ""
    assert "\\" not in re.sub(r'="[^"]*"', "", mathml("a\\\n b"))
