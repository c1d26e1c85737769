"""Errors and warnings for users: what was given, what was expected, and where."""

import datetime
import difflib
from collections.abc import Iterable
from typing import Any

# Maximal number of characters of the parts of a message; longer parts are cut in the middle.
LONGEST_FIELD, LONGEST_GIVEN, LONGEST_EXPECTED = 120, 320, 1200


class InputError(ValueError):
    """Invalid input from the user, raised before any work starts.

    The message is one printable line of bounded length for any input.

    Attributes:
        field: Name of the invalid field, as the user wrote it.
        given: The given value.
        expected: Description of the accepted values.
        where: The file or call with the field, or an empty string.
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
        # Pickling between processes would otherwise keep only the message, not the attributes.
        return _made_again, (type(self), self.args, self.__dict__)

    def located(self, where: str, prefix: str = "") -> "InputError":
        """Return the same error with the file `where`, and the field prefixed with its table `prefix`."""
        return InputError(prefix + self.field, self.given, self.expected, where)


def _made_again(kind: type[InputError], arguments: tuple[Any, ...], fields: dict[str, Any]) -> InputError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(fields)
    return error


class PrecisionWarning(UserWarning):
    """Warning that numbers are too large, relative to the noise, for their float precision."""


def shown(value: object, longest: int = 80) -> str:
    """Format any value as it would appear in a file, shortened for an error message."""
    if isinstance(value, datetime.date | datetime.time):
        text = f"{value.isoformat()}, a date or time"
    else:
        try:
            text = repr(value)
        except (ValueError, RecursionError):
            # Python cannot format integers of more than 4,300 digits or very deeply nested lists.
            text = f"a value of type {type(value).__name__}, too long to show"
    return _cut(text, longest)


def did_you_mean(given: object, names: Iterable[str]) -> str:
    """Return the hint " (did you mean 'naive-floor'?)" at the name nearest to `given`; "" if none is near."""
    nearest = difflib.get_close_matches(given, list(names), n=1) if isinstance(given, str) else []
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def not_among(field: str, given: object, names: Iterable[str]) -> InputError:
    """Return the error for a value that is none of `names`; it suggests the nearest name."""
    known = list(names)
    return InputError(field, shown(given) + did_you_mean(given, known), "one of " + ", ".join(known))


def _text(given: object) -> str:
    try:
        return str(given)
    except (ValueError, RecursionError):
        return shown(given)


def _one_line(text: str, longest: int) -> str:
    # Cut before and after escaping: a text can be very long, and escaped characters are longer.
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
