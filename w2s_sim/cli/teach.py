"""`w2s teach`: serve the explorer and the lessons, or open a copy of a lesson in the editor."""

import os
import shutil
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from w2s_sim import teaching
from w2s_sim.cli.arguments import Teach
from w2s_sim.errors import InputError, not_among
from w2s_sim.teaching.lessons import Lesson, lessons
from w2s_sim.teaching.server import HOST, Page, Server, free_socket
from w2s_sim.teaching.warm_up import warm_up

EXPLORER = Page(
    "explorer",
    "Explorer",
    "Move the numbers of a weak-to-strong problem, and see what the theorems say about it.",
    Path(teaching.__file__).with_name("explorer.py"),
)


def run_teach(arguments: Teach) -> int:
    """Serve until a signal ends the process."""
    pages = (EXPLORER, *map(_page_of, lessons()))
    page = None if arguments.lesson is None else _find(pages, arguments.lesson)
    listening = free_socket(arguments.port)
    if arguments.edit:
        port = listening.getsockname()[1]
        listening.close()
        return _edit(page or EXPLORER, port, arguments.no_browser)
    server = Server(pages, listening)
    print(f"{server.url(page)}\nCtrl-C ends the server.", flush=True)
    # What the explorer computes is compiled while the browser starts.
    threading.Thread(target=warm_up, daemon=True).start()
    if not arguments.no_browser:
        webbrowser.open(server.url(page))
    server.run()
    return 0


def _page_of(lesson: Lesson) -> Page:
    return Page(lesson.name, f"{lesson.number}. {lesson.title}", lesson.question, lesson.path)


def _find(pages: Sequence[Page], name: str) -> Page:
    """Return the page of a name, or of the number of a lesson.

    Raises:
        InputError: If there is none; the message names the nearest name.
    """
    by_number = {str(lesson.number): lesson.name for lesson in lessons()}
    for page in pages:
        if page.name == by_number.get(name, name):
            return page
    names = [page.name for page in pages]
    raise not_among("LESSON", name, names)


def _edit(page: Page, port: int, no_browser: bool) -> int:
    """Open a copy of the notebook in the current folder, so that the installed notebook stays as it is.

    Raises:
        InputError: If the copy cannot be written.
    """
    own = Path(page.notebook.name)
    for file in (page.notebook, page.notebook.with_suffix(".css")):
        if file.exists():
            _copy(file, Path(file.name))
    print(f"w2s: editing {own.resolve()}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "marimo", "--yes", "edit", "--host", HOST, "--port", str(port)]
    command += ["--token", "--skip-update-check", *(["--headless"] if no_browser else []), str(own)]
    # The editor takes the place of this process: a signal ends it directly.
    os.execv(sys.executable, command)


def _copy(file: Path, own: Path) -> None:
    """Copy a file, unless the copy is there already: somebody may have worked in it."""
    if own.exists():
        return
    try:
        shutil.copyfile(file, own)
    except OSError as error:
        raise InputError(str(own), error.strerror or str(error), "a folder that can be written") from None
