"""Links from lessons to the pages of the book."""

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar

# The address under which a server of lessons shows the built book; "" if it shows none.
BOOK_ADDRESS = "W2S_BOOK_ADDRESS"
_WITHIN_BOOK = ContextVar("within_book", default=False)


@contextlib.contextmanager
def within_book() -> Iterator[None]:
    """Let links made inside the `with` block lead from theory/lessons/ to the other pages of the book."""
    token = _WITHIN_BOOK.set(True)
    try:
        yield
    finally:
        _WITHIN_BOOK.reset(token)


def page(name: str, text: str = "") -> str:
    """Return Markdown that refers to a page of the book.

    Args:
        name: Name of the page, such as "naive-floor".
        text: Text of the link; the name by default.
    """
    text = text or name
    if _WITHIN_BOOK.get():
        return f"[{text}](../{name}.md)"
    address = os.environ.get(BOOK_ADDRESS, "")
    return f"[{text}]({address.rstrip('/')}/{name}.html)" if address else f"{text} (theory/{name}.md)"
