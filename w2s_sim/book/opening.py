"""The HTML page to open: of the book that `make book` has built, or converted from its Markdown."""

import tempfile
from pathlib import Path

from w2s_sim.book.pages import PLACES, write_pages

FIRST_PAGE = "theory/index.md"


def page_to_open(page: str) -> Path:
    """Return the HTML file of a page.

    A page of the built book comes with the outputs of its cells, the reference and the search. If the book is
    not built, or the page belongs to another package, the page is converted alone, with the pages to which it
    links, in a folder that stays: the browser reads it after this process has ended.

    Args:
        page: Path of a file, or of a page within the book, such as "theory/naive-floor.md".

    Raises:
        InputError: If the page does not exist.
    """
    return _built_page(page) or write_pages(Path(tempfile.mkdtemp(prefix="w2s-book-")), [page])[page]


def is_converted(page: str) -> bool:
    """Return whether a page of the book is shown converted, because the built book is not there."""
    return page.startswith("theory/") and built_book() is None


def built_book() -> Path | None:
    """Return the folder of the built book; None if it is not built."""
    first = _built_page(FIRST_PAGE)
    return None if first is None else first.parent


def _built_page(page: str) -> Path | None:
    """Return the page of the built book; None if there is none."""
    folder, _, name = page.partition("/")
    if folder != "theory":
        return None
    built = [place / "theory" / "_build" / "html" / Path(name).with_suffix(".html") for place in PLACES]
    return next((path.resolve() for path in built if path.is_file()), None)
