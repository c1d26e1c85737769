"""Links from lessons to the book: in the book, beside a served book, and without one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from w2s_sim.teaching import server
from w2s_sim.teaching.references import BOOK_ADDRESS, page, within_book


@pytest.fixture(autouse=True)
def _no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    # Set and removed, so that what a test sets does not stay.
    monkeypatch.setenv(BOOK_ADDRESS, "")


def answer_of(app: Any, path: str) -> tuple[int, bytes]:
    """Ask an ASGI app for a page; return the status and the page."""
    messages: list[Any] = []

    async def receive() -> dict[str, Any]:
        # The client stays, and sends nothing.
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
        "root_path": "",
    }
    asyncio.run(app(scope, receive, send))
    return messages[0]["status"], b"".join(message.get("body", b"") for message in messages)


def test_a_lesson_names_the_page_if_no_book_is_served() -> None:
    assert page("naive-floor") == "naive-floor (theory/naive-floor.md)"
    assert page("naive-floor", "the floor") == "the floor (theory/naive-floor.md)"


def test_pages_of_the_book_link_to_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BOOK_ADDRESS, "/book")
    with within_book():
        assert page("naive-floor") == "[naive-floor](../naive-floor.md)"


def test_the_server_shows_the_built_book(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "naive-floor.html").write_text("a floor", encoding="utf-8")
    monkeypatch.setattr(server, "built_book", lambda: tmp_path)
    with server.free_socket(None) as listening:
        app = server.Server([], listening)._app()
    assert page("naive-floor") == "[naive-floor](/book/naive-floor.html)"
    assert answer_of(app, "/book/naive-floor.html") == (200, b"a floor")
    assert answer_of(app, "/book/../../etc/passwd")[0] == 404
    assert answer_of(app, "/")[0] == 401


def test_without_a_built_book_nothing_is_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "built_book", lambda: None)
    with server.free_socket(None) as listening:
        server.Server([], listening)._app()
    assert page("naive-floor") == "naive-floor (theory/naive-floor.md)"
