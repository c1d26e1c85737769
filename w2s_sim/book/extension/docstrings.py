"""Docstrings and signatures for autodoc, which expects reStructuredText: ours are plain text with `code`."""

import re

from sphinx.application import Sphinx

# What reStructuredText would take for emphasis, a substitution or a link: * and |, and a word that ends in _.
_MARKUP = re.compile(r"([*|\\])|(?<=\w)_(?!\w)")
_BULLET = re.compile(r"\s*\* ")


def as_restructured_text(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Give code double backticks, and let every other mark stand for itself. Changes the lines in place."""
    lines[:] = [_escaped(line) for line in lines]
    if what == "property":
        # Napoleon would take the words before a colon in the first line for a type.
        lines.insert(0, "")


def _escaped(line: str) -> str:
    bullet = match.group() if (match := _BULLET.match(line)) else ""
    parts = re.split(r"(`+[^`]+`+)", line.removeprefix(bullet))
    return bullet + "".join(
        f"``{part.strip('`')}``" if part.startswith("`") else _MARKUP.sub(r"\\\g<0>", part) for part in parts
    )


def with_short_types(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """Write array types as the sources do, and leave out Any, the type of an argument with a converter."""
    return _short(signature), _short(returned)


def _short(text: str | None) -> str | None:
    return text and re.sub(r": Any\b", "", text.replace("jaxlib._jax.", ""))
