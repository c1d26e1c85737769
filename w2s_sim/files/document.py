"""Reading a TOML file as a document: limits on its size, and refusal of values that no key accepts."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from w2s_sim.errors import InputError, shown
from w2s_sim.statements.contract.parameters import LARGEST_INT

# Largest file in bytes; a file of this size takes about a second to parse.
LARGEST_FILE = 2_000_000
# Deepest nesting of tables and lists; a swept list of weak models that have tables of their own needs 7.
DEEPEST = 10
# Longest dotted key in parts; the parser's time grows with the square of their number.
MOST_PARTS = 32
# One part of a dotted key with its dot: a word or a quoted text.
PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
LONG_KEY = re.compile(rf"(?<![\w-])(?:{PART}){{{MOST_PARTS}}}")


def read_document(path: str | Path, argument: str = "STUDY") -> dict[str, Any]:
    """Read the tables of a file.

    Args:
        path: The file.
        argument: The argument of the command that names the file, for complaints.

    Raises:
        InputError: If the file cannot be read, is too large, or is not TOML in UTF-8.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        # Some editors on Windows begin a file with a byte-order mark.
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(argument, str(path), "a file that exists") from None
    except (OSError, ValueError) as error:
        given = getattr(error, "strerror", None) or error
        raise InputError(argument, f"{path} ({given})", "a readable TOML file in UTF-8") from None
    if len(content) > LARGEST_FILE:
        given = f"{path}, of more than {LARGEST_FILE:,} bytes"
        raise InputError(argument, given, f"a file of at most {LARGEST_FILE:,} bytes")
    if LONG_KEY.search(text):
        given = f"{path}, with a dotted key of more than {MOST_PARTS} parts"
        raise InputError(argument, given, "keys of a study, such as task.weak.bias")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Not only TOMLDecodeError: Python raises ValueError for whole numbers of more than 4,300 digits.
        raise InputError(argument, f"{path} ({error})", "a well-formed TOML file") from None


def require_plain(document: Mapping[str, Any]) -> None:
    """Refuse values that no key accepts: dates, whole numbers over 64 bits, and lists nested too deep.

    Raises:
        InputError: Naming the key.
    """
    # Iterative, because a document may be nested deeper than Python's stack.
    waiting: list[tuple[str, Any, int]] = [("", document, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        if depth > DEEPEST:
            raise InputError(
                name, f"lists or tables nested more than {DEEPEST} deep", "a value that the key accepts"
            )
        if isinstance(value, Mapping):
            prefix = f"{name}." if name else ""
            waiting += [(f"{prefix}{key}", entry, depth + 1) for key, entry in value.items()]
        elif isinstance(value, list):
            tables = any(isinstance(entry, Mapping) for entry in value)
            waiting += [
                (f"{name}[{position}]" if tables else name, entry, depth + 1)
                for position, entry in enumerate(value, start=1)
                if type(entry) not in (float, bool)
            ]
        elif isinstance(value, int):
            if abs(value) > LARGEST_INT:
                given = f"a whole number of {value.bit_length():,} bits"
                raise InputError(name, given, "whole numbers of 64 bits")
        elif not isinstance(value, str | float):
            raise InputError(name, shown(value), "a number, a text, true or false, or a list of them")
