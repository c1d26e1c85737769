"""Where the numbers of a page come from: CONTRIBUTING states the rule under "Numbers on a page"."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from w2s_sim.book.cells import cells_of

FENCED = re.compile(
    r"^(?P<fence>```+)(?P<language>[^\n]*)\n(?P<body>.*?)^(?P=fence) *$", re.MULTILINE | re.DOTALL
)
# Blocks that hold what a command is given.
INPUTS = {"toml", "json"}
# What holds digits and measures nothing: code, addresses, versions.
NOT_MEASURED = re.compile(r"`+[^`]+?`+|\]\([^)\s]*\)|https?://\S+|\b\d+\.\d+\.\d+\b|\bPython \d\.\d+")
CITATION = re.compile(r"arXiv:? ?\d{4}\.\d{4,5}|\{cite[a-z:]*\}")
# A row of a table and an item of a list are sentences too.
SENTENCE_END = re.compile(r"(?<=[.:;!?])\s+(?=[A-Z*`$\[])|\n\n|\n(?=[|*-])")
GROUPED, DECIMAL = r"\d{1,3}(?:(?:,|\{,\})\d{3})+(?:\.\d+)?", r"\d+\.\d+"
POWER = r"(?:(?:\\cdot|\\times) ?10\^\{?|e)(?P<power>[-+]?\d+)\}?"
NUMBER = re.compile(
    rf"(?<![\w.^])(?<![A-Za-z]-)(?P<digits>{GROUPED}|{DECIMAL}|\d+)(?:\(\d+\))?(?:{POWER})?"
    r"(?P<unit> ?\\?%| percent\b| million\b| times\b)?"
)


class Number(NamedTuple):
    """A number that a page states.

    Attributes:
        text: As it stands on the page.
        value: Its absolute value.
        half_unit: Half a unit of its last digit.
    """

    text: str
    value: float
    half_unit: float

    def rounds(self, source: float) -> bool:
        """Return whether the number is the source, rounded to the digits on the page."""
        is_share = "%" in self.text or "percent" in self.text
        wanted = (source, 100 * source) if is_share else (source,)
        return any(abs(abs(each) - self.value) <= self.half_unit * (1 + 1e-9) for each in wanted)


def stated_numbers(page: Path) -> list[Number]:
    """Return the measured numbers in the text of a page, except in sentences with a citation."""
    text = FENCED.sub("\n\n", page.read_text(encoding="utf-8"))
    sentences = [each for each in SENTENCE_END.split(text) if not CITATION.search(each)]
    return [
        number
        for each in sentences
        for number in _numbers(NOT_MEASURED.sub(" ", each))
        if _is_measured(number)
    ]


def _is_measured(number: Number) -> bool:
    """Return whether the rule covers the number; a plain integer mostly counts what the page lists."""
    return not number.text.isdigit()


def _numbers(text: str) -> Iterator[Number]:
    """Yield all numbers of a text."""
    for match in NUMBER.finditer(text):
        digits, power = match["digits"], int(match["power"] or 0)
        scale = 10.0**power * (1e6 if match["unit"] == " million" else 1)
        last_digit = 10.0 ** -len(digits.partition(".")[2]) * scale
        yield Number(match[0], float(re.sub(r"[{},]", "", digits)) * scale, last_digit / 2)


def sources(page: Path, outputs: Sequence[str]) -> list[float]:
    """Return the numbers in the cells of a page, in what they print, and in the inputs that the page shows.

    Args:
        page: The page.
        outputs: What its cells print.
    """
    blocks = FENCED.finditer(page.read_text(encoding="utf-8"))
    inputs = [block["body"] for block in blocks if block["language"].strip() in INPUTS]
    printed = [number.value for text in [*outputs, *inputs] for number in _numbers(text)]
    return printed + [value for cell in cells_of(page) for value in _literals(cell.source)]


def _literals(code: str) -> list[float]:
    """Return the absolute values of the numbers written in the code; comments and texts do not count."""
    nodes = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    return [float(abs(value)) for value in nodes if isinstance(value, int | float | complex)]


def without_source(page: Path, outputs: Sequence[str]) -> list[str]:
    """Return the numbers of a page that are the rounding of no source.

    Args:
        page: The page.
        outputs: What its cells print.
    """
    known, printed = sources(page, outputs), "\n".join(outputs)

    def has_source(number: Number) -> bool:
        # A mean with its error, such as 0.376(8), is printed as it stands: any number rounds to one digit.
        return number.text in printed if "(" in number.text else any(map(number.rounds, known))

    return [number.text for number in stated_numbers(page) if not has_source(number)]
