"""Errors that speak to a person: what was given, what was expected, where."""

import datetime
from typing import Any

# Characters of a complaint's parts; what is longer is cut in the middle.
LONGEST_FIELD, LONGEST_GIVEN, LONGEST_EXPECTED = 120, 320, 1200


class InputError(ValueError):
    """Bad input from a person, refused before any work starts.

    The text is one printable line of bounded length, whatever was given.

    Attributes:
        field: Name of the offending field, as the person wrote it.
        given: What was given.
        expected: What would have been accepted.
        where: The file or call in which it was found, or an empty string.
    """

    def __init__(self, field: str, given: object, expected: str, where: str = "") -> None:
        self.field = field
        self.given = given
        self.expected = expected
        self.where = where
        place = f"{_printable(where)}: " if where else ""
        name = _one_line(field, LONGEST_FIELD) or "an empty key"
        wanted = _one_line(expected, LONGEST_EXPECTED)
        super().__init__(f"{place}{name}: got {_one_line(_text(given), LONGEST_GIVEN)}; expected {wanted}")

    def __reduce__(self) -> tuple[Any, ...]:
        # So that it comes through from another process, which by itself would send the text alone.
        return _made_again, (type(self), self.args, self.__dict__)

    def located(self, where: str, prefix: str = "") -> "InputError":
        """The same complaint, naming the file `where` and the table `prefix` of the field."""
        return InputError(prefix + self.field, self.given, self.expected, where)


def _made_again(kind: type[InputError], arguments: tuple[Any, ...], fields: dict[str, Any]) -> InputError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(fields)
    return error


class PrecisionWarning(UserWarning):
    """Numbers are too large, beside the noise, for the precision in which they are computed."""


def shown(value: object, longest: int = 80) -> str:
    """A value as it stands in a file, for a complaint: short, and whatever it is."""
    if isinstance(value, datetime.date | datetime.time):
        text = f"{value.isoformat()}, a date or time"
    else:
        try:
            text = repr(value)
        except (ValueError, RecursionError):
            # Python writes no whole number of more than 4,300 digits, and no list nested without end.
            text = f"a value of type {type(value).__name__}, too long to show"
    return _cut(text, longest)


def _text(given: object) -> str:
    try:
        return str(given)
    except (ValueError, RecursionError):
        return shown(given)


def _one_line(text: str, longest: int) -> str:
    # Cut before and after: an escaped character is longer than itself, and a text may have millions.
    return _cut(_printable(_cut(" ".join(_cut(text, 100 * longest).split()), longest)), longest)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = longest // 4
    return f"{text[: longest - tail - 5]} ... {text[-tail:]}"
