"""Conversion of the book's pages to HTML that a browser opens without the network; formulas become MathML."""

import importlib.resources
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

import jinja2
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from w2s_sim.book.formulas import mathml
from w2s_sim.errors import InputError

# An installed package has the pages beside this file; a checkout has them in `theory/`.
PLACES = (Path(__file__).parent, Path(__file__).parents[2])


def find_page(page: str) -> Path:
    """Return the Markdown file of a page.

    Args:
        page: Path of a file, or of a page within the book, such as "theory/naive-floor.md".

    Raises:
        InputError: If no such file exists.
    """
    for place in PLACES:
        if (place / page).is_file():
            return (place / page).resolve()
    raise InputError("page", page, "a page of the book, such as theory/naive-floor.md, or a Markdown file")


def has_page(page: str) -> bool:
    """Return whether `find_page` finds the page."""
    return any((place / page).is_file() for place in PLACES)


def write_pages(folder: Path, pages: Iterable[str]) -> dict[str, Path]:
    """Write pages as HTML, together with all pages and pictures to which they link.

    Args:
        folder: Folder for the HTML files; created if it is missing.
        pages: Pages as for `find_page`.

    Returns:
        The HTML file of each requested page.

    Raises:
        InputError: If a page does not exist.
    """
    asked = {page: find_page(page) for page in pages}
    # Give every Markdown file its own name in the folder, so that files of the same name are not overwritten.
    names: dict[Path, str] = {}
    waiting = list(asked.values())
    folder.mkdir(parents=True, exist_ok=True)
    while waiting:
        source = waiting.pop()
        if source in names:
            continue
        names[source] = _free_name(source.stem, names.values())
        waiting += [linked for linked in _linked_files(source) if linked.suffix == ".md"]
    for source, name in names.items():
        (folder / f"{name}.html").write_text(_as_html(source, names, folder), encoding="utf-8")
    return {page: folder / f"{names[source]}.html" for page, source in asked.items()}


def _free_name(stem: str, taken: Iterable[str]) -> str:
    """Return the stem, with a number if another page has the same name."""
    taken, name, number = set(taken), stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.use(
        dollarmath_plugin,
        double_inline=True,
        renderer=lambda formula, options: str(mathml(formula, options["display_mode"])),
    )


def _tokens(source: Path) -> list[Token]:
    return _parser().parse(source.read_text(encoding="utf-8"))


def _children(tokens: list[Token]) -> Iterable[Token]:
    return (child for token in tokens for child in token.children or ())


def _local_file(source: Path, target: str | int | float | None) -> Path | None:
    """Return the file to which a link of a page points; None for links to the web and within the page."""
    address = unquote(str(target or "").partition("#")[0])
    if not address or re.match(r"[a-z]+:", address):
        return None
    return (source.parent / address).resolve()


def _linked_files(source: Path) -> list[Path]:
    """Return the existing files to which a page links; an installed package lacks tests and scripts."""
    targets = [child.attrGet("href") for child in _children(_tokens(source)) if child.type == "link_open"]
    files = [_local_file(source, target) for target in targets]
    return [file for file in files if file is not None and file.is_file()]


def _as_html(source: Path, names: dict[Path, str], folder: Path) -> str:
    tokens = [_readable(token) for token in _tokens(source) if token.info != "{toctree}"]
    for token in tokens:
        if token.type == "heading_open":
            inline = tokens[tokens.index(token) + 1]
            token.attrSet("id", _anchor(inline.content))
    for child in _children(tokens):
        if child.type == "link_open":
            _point_link(child, source, names)
        elif child.type == "image":
            _copy_picture(child, source, folder)
    parser = _parser()
    body = Markup(parser.renderer.render(tokens, parser.options, {}))
    title = next((tokens[i + 1].content for i, token in enumerate(tokens) if token.tag == "h1"), source.stem)
    template = importlib.resources.files("w2s_sim.book").joinpath("page.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(template).render(title=title, body=body)


def _readable(token: Token) -> Token:
    """Show the text of a Sphinx directive; in place of a directive without text, say where it is shown."""
    if token.type != "fence" or not token.info.startswith("{"):
        return token
    text = re.sub(r"^:.*\n", "", token.content, flags=re.MULTILINE)
    elsewhere = f"Only the book that `make book` builds shows this part: {token.info}\n"
    return token.copy(content=text or elsewhere, info="")


def _anchor(heading: str) -> str:
    """Return the anchor of a heading, by the rules of GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _point_link(link: Token, source: Path, names: dict[Path, str]) -> None:
    """Point a link to a page at its HTML. A link to code, which is not copied, becomes plain text."""
    target = str(link.attrGet("href"))
    file = _local_file(source, target)
    if file is None:
        return
    if file in names:
        _, _, anchor = target.partition("#")
        link.attrSet("href", f"{names[file]}.html" + (f"#{anchor}" if anchor else ""))
    else:
        link.attrs = {"title": posixpath.normpath(target)}


def _copy_picture(picture: Token, source: Path, folder: Path) -> None:
    """Copy a picture to the folder of the HTML."""
    file = _local_file(source, picture.attrGet("src"))
    if file is None or not file.is_file():
        return
    # Pictures of two folders may have the same name.
    name = Path(file.parent.name, file.name)
    (folder / name.parent).mkdir(exist_ok=True)
    (folder / name).write_bytes(file.read_bytes())
    picture.attrSet("src", name.as_posix())
