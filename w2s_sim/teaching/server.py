"""The server of explorer and lessons: on the loopback address, behind a token, without the network."""

import asyncio
import hmac
import html
import logging
import os
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple
from urllib.parse import quote

import marimo
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from w2s_sim.book.opening import built_book
from w2s_sim.errors import InputError
from w2s_sim.teaching.references import BOOK_ADDRESS

HOST = "127.0.0.1"
# The names by which browsers of this machine reach the server. A page of another site whose name points to
# this machine has its own name in its requests.
HOSTS = (HOST, "localhost")
# The query parameter in which marimo expects its token.
TOKEN = "access_token"
# Where the server shows the built book.
BOOK_PATH = "/book"
FIRST_PORT, PORTS_TRIED = 2718, 50
INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>w2s teach</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.5 system-ui, sans-serif }}
li {{ margin: .8rem 0 }} a {{ color: #0b5394 }}</style></head>
<body><main><h1>Weak-to-strong generalization</h1><ul>{entries}</ul></main></body></html>"""


class Page(NamedTuple):
    """One notebook that the server shows.

    Attributes:
        name: Last part of its address.
        title: Title on the index page.
        summary: Sentence below the title.
        notebook: The marimo notebook.
    """

    name: str
    title: str
    summary: str
    notebook: Path


def free_socket(port: int | None) -> socket.socket:
    """Return a socket that listens on the loopback address.

    Args:
        port: The port; None for the first free one from 2718 on.

    Raises:
        InputError: If the port is taken, or no number of a port.
    """
    reason = ""
    for candidate in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if port is None else (port,):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, candidate))
            listening.listen()
            return listening
        except (OSError, OverflowError) as error:
            listening.close()
            reason = getattr(error, "strerror", None) or str(error)
    given = f"{FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1}" if port is None else str(port)
    raise InputError("--port", f"{given} ({reason})", "a free port, or no --port for the next free one")


class _EndsAtOnce(uvicorn.Server):
    """A server that waits at its end neither for pages that are open nor for what a notebook computes."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = True
        # What is cut short would report that it was.
        logging.getLogger("uvicorn.error").disabled = True


class Server:
    """Serves notebooks as apps, and an index page of them.

    Attributes:
        token: Secret without which no page is shown.
        address: Address of the server, without a path.
    """

    def __init__(self, pages: Sequence[Page], listening: socket.socket) -> None:
        """Prepare the server.

        Args:
            pages: The notebooks.
            listening: The socket of `free_socket`.
        """
        self.token = secrets.token_urlsafe(16)
        self.address = f"http://{HOST}:{listening.getsockname()[1]}"
        self._pages, self._socket = pages, listening

    def url(self, page: Page | None = None) -> str:
        """Return the address of a page, or of the index, with the token."""
        path = "" if page is None else f"{quote(page.name)}/"
        return f"{self.address}/{path}?{TOKEN}={self.token}"

    def run(self) -> None:
        """Serve until a signal ends the process.

        Raises:
            KeyboardInterrupt: At the end, after SIGINT.
        """
        server = _EndsAtOnce(uvicorn.Config(self._app(), log_level="error"))
        # `asyncio.run`, and so `server.run`, would wait at the end for all threads that compute.
        asyncio.new_event_loop().run_until_complete(server.serve(sockets=[self._socket]))

    def _app(self) -> Starlette:
        notebooks = marimo.create_asgi_app(quiet=True, token=self.token)
        for page in self._pages:
            notebooks = notebooks.with_app(path=f"/{page.name}", root=str(page.notebook))
        routes: list[BaseRoute] = [Route("/", self._index)]
        if (book := built_book()) is not None:
            # Lessons link to its pages, which hold no secrets.
            routes.append(Mount(BOOK_PATH, StaticFiles(directory=book)))
            os.environ[BOOK_ADDRESS] = BOOK_PATH
        routes.append(Mount("/", notebooks.build()))
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
        return Starlette(routes=routes, middleware=[hosts])

    async def _index(self, request: Request) -> Response:
        if not hmac.compare_digest(request.query_params.get(TOKEN, ""), self.token):
            return PlainTextResponse("Open the address that w2s teach printed: it holds the token.", 401)
        entries = "".join(
            f'<li><a href="{html.escape(self.url(page))}">{html.escape(page.title)}</a><br>'
            f"{html.escape(page.summary)}</li>"
            for page in self._pages
        )
        return HTMLResponse(INDEX.format(entries=entries), headers={"Referrer-Policy": "no-referrer"})
