"""The parameters of a `[case]` table: names, types and ranges, checked before any computation."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from w2s_sim._checks import as_whole, is_whole
from w2s_sim.errors import InputError, did_you_mean, not_among, shown
from w2s_sim.fields import number, whole

# Description of a list of each depth, for error messages.
LISTS = {
    1: "a list of numbers, [...]",
    2: "rows of one length, [[...], ...]",
    3: "tables of one shape, [[[...], ...], ...]",
}
# The largest numbers of single precision and of signed 64-bit integers.
LARGEST_FLOAT = 3.4e38
LARGEST_INT = 2**63 - 1

# Inside of the class below, `type` is a field.
Class = type[Any]


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One number (or word) of a case.

    Attributes:
        name: Key in the file.
        type: int, float, bool, str or list (of numbers).
        help: One line for `w2s show`.
        example: Value in the example file; None leaves the key out.
        default: Value if the key is absent; unused if `required`.
        required: Whether the key must be given.
        low: Smallest value of a number.
        high: Largest value of a number.
        open_low: Whether `low` itself is refused.
        choices: The allowed words of a str.
        choices_of: "feature_laws" or "noise_laws" for a word that names such a law: plugins then add words.
        depth: For a list, 1 for a row of numbers, 2 for rows of one length, 3 for tables of one shape.
    """

    name: str
    type: type
    help: str
    # Lists have no hash, and a statement needs a hash.
    example: Any = dataclasses.field(default=None, hash=False)
    default: Any = dataclasses.field(default=None, hash=False)
    required: bool = False
    low: float = float("-inf")
    high: float = float("inf")
    choices: tuple[str, ...] = ()
    choices_of: str = ""
    depth: int = 1
    open_low: bool = False

    @classmethod
    def of(cls, owner: Class, field: str, help: str, example: Any = None, **settings: Any) -> "Parameter":
        """Make the parameter of a field, with the type and the range that its declaration states.

        Args:
            owner: The class of the field, such as `Ridge`.
            field: The field, declared by `fields.number` or `fields.whole`.
            help: One line for `w2s show`.
            example: Value in the ready example.
            **settings: Other fields of the parameter.

        Raises:
            InputError: If the class has no such field, or the field holds something else than a number.
        """
        declared = {each.name: each.metadata.get("converter") for each in dataclasses.fields(owner)}
        match declared.get(field):
            case whole(low=low):
                return cls(field, int, help, example, low=low, **settings)
            case number(low=low, high=high, open_low=open_low):
                ends = {"low": low, "high": high, "open_low": open_low}
                return cls(field, float, help, example, **{**ends, **settings})
            case _:
                expected = f"a field of {owner.__name__} that is declared as a number"
                raise InputError("field", repr(field), expected)

    def check(self, value: Any) -> Any:
        """Return the value, converted to the type of the parameter.

        Raises:
            InputError: If the value has the wrong type or lies outside the range.
        """
        if self.type is str:
            if not isinstance(value, str) or value not in self.choices:
                raise not_among(self.name, value, self.choices)
            return value
        if self.type is list:
            return self._check_list(value)
        if self.type is bool:
            if not isinstance(value, bool):
                raise InputError(self.name, shown(value), "true or false")
            return value
        return self._check_number(value)

    def _check_number(self, value: Any) -> int | float:
        whole = self.type is int
        value = as_whole(value)
        allowed = is_whole(value) or (isinstance(value, float) and not whole)
        if not allowed or not self._in_range(value):
            noun = "a whole number" if whole else "a number"
            raise InputError(self.name, shown(value), noun + self.range_text())
        if value in (float("inf"), float("-inf")):
            raise InputError(self.name, shown(value), "a finite number")
        if abs(value) > (LARGEST_INT if whole else LARGEST_FLOAT):
            largest = "64 bits hold" if whole else f"single precision holds, up to {LARGEST_FLOAT:g}"
            raise InputError(self.name, shown(value), f"a number that {largest}")
        return self.type(value)

    def _in_range(self, value: float) -> bool:
        # Comparisons with nan are false, so that nan is refused here as well.
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high

    def _check_list(self, value: Any) -> list[Any]:
        if _nested_shape(value, self.depth) is None:
            raise InputError(self.name, shown(value), LISTS[self.depth])
        entries = Parameter(self.name, float, self.help)
        for entry in _entries(value, self.depth):
            entries.check(entry)
        return value

    def range_text(self) -> str:
        """Return the range as text with a leading space; "" if the number is unrestricted."""
        if self.high == float("inf"):
            return (
                "" if self.low == float("-inf") else f" {'>' if self.open_low else '>='} {_digits(self.low)}"
            )
        return f" in {'(' if self.open_low else '['}{_digits(self.low)}, {_digits(self.high)}]"


def _digits(number: float) -> str:
    """Return an end of a range as text; integers are not rounded."""
    return str(number) if isinstance(number, int) else f"{number:g}"


def _nested_shape(value: Any, depth: int) -> tuple[int, ...] | None:
    """Return the lengths of lists nested `depth` deep; None for other values, empty lists or ragged lists."""
    if depth == 0:
        return ()
    if not isinstance(value, list) or not value:
        return None
    shapes = {_nested_shape(entry, depth - 1) for entry in value}
    inner = shapes.pop()
    return None if shapes or inner is None else (len(value), *inner)


def _entries(value: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        yield value
        return
    for part in value:
        yield from _entries(part, depth - 1)


def read_parameters(parameters: Sequence[Parameter], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked values of all parameters, with defaults filled in.

    Raises:
        InputError: For an unknown or missing key, or an invalid value.
    """
    names = [parameter.name for parameter in parameters]
    for key in table:
        if key not in names:
            raise unknown_key(key, names)
    values = {}
    for parameter in parameters:
        if parameter.name in table:
            values[parameter.name] = parameter.check(table[parameter.name])
        elif parameter.required:
            raise InputError(parameter.name, "nothing", f"a value ({parameter.help})")
        else:
            values[parameter.name] = parameter.default
    return values


def unknown_key(key: str, names: Sequence[str]) -> InputError:
    """Return the error for a key that is not among `names`; it suggests the nearest name."""
    return InputError(key, "an unknown key" + did_you_mean(key, names), "one of " + ", ".join(names))
