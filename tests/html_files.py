"""A reader of HTML files: what the tests of pages ask about."""

import re
from html.parser import HTMLParser
from pathlib import Path

# Elements without an end tag.
VOID = {"meta", "link", "img", "input", "br", "hr", "col", "wbr"}


class Html(HTMLParser):
    """Collects addresses, anchors, what the browser would load, and the tags that are open at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name in ("href", "src") if (value := given.get(name))]
        self.anchors |= {value for name, value in attrs if name == "id" and value}
        if tag in ("script", "img", "link", "iframe"):
            self.loaded += [value for name in ("href", "src") if (value := given.get(name))]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def read_html(path: Path) -> Html:
    return Html(path.read_text(encoding="utf-8"))


def is_outside(address: str) -> bool:
    """Whether an address leaves the folder: the web, or mail."""
    return re.match(r"[a-z]+:|//", address) is not None


def prose(text: str) -> str:
    """The text of a page without code and scripts."""
    return re.sub(r"<(code|pre|script|style).*?</\1>", "", text, flags=re.DOTALL)
