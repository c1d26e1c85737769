"""Docstrings as reStructuredText, which autodoc expects: ours are plain text with code in backticks."""

import re

from sphinx.application import Sphinx

# What reStructuredText would take for emphasis, a substitution or a link: * and |, and a word that ends in _.
_MARKUP = re.compile(r"([*|\\])|(?<=\w)_(?!\w)")


def as_restructured_text(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Give code double backticks, and let every other mark stand for itself. Changes the lines in place."""
    lines[:] = [_escaped(line) for line in lines]


def _escaped(line: str) -> str:
    parts = re.split(r"(`+[^`]+`+)", line)
    return "".join(
        f"``{part.strip('`')}``" if part.startswith("`") else _MARKUP.sub(r"\\\g<0>", part) for part in parts
    )
