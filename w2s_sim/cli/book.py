"""`w2s book`: the book in the browser."""

import sys
import webbrowser

from w2s_sim.book.opening import FIRST_PAGE, is_converted, page_to_open
from w2s_sim.cli.arguments import Book

# An installed package lacks the built book if its wheel was made without `make wheel`.
NOT_BUILT = (
    "w2s: the built book is not here: this page lacks outputs, reference and search; "
    "in a clone, `make book` builds the book and `make wheel` packs it"
)


def run_book(arguments: Book) -> int:
    """Print the path of the book's first page and open it; returns 0."""
    open_page(FIRST_PAGE, in_browser=not arguments.path)
    return 0


def open_page(page: str, in_browser: bool = True) -> None:
    """Print the path of a page, for a machine without a browser, and open the page in the browser."""
    path = page_to_open(page)
    if is_converted(page):
        print(NOT_BUILT, file=sys.stderr, flush=True)
    print(path, flush=True)
    if in_browser:
        webbrowser.open(path.as_uri())
