"""Styles of answering: how a content is written down, and how it is read off a text."""

import dataclasses
import re
from pathlib import Path

from w2s_sim.errors import InputError
from w2s_sim.language_models.question_set import read_table

CONTENT = "{answer}"


@dataclasses.dataclass(frozen=True)
class Style:
    """A way to write an answer.

    Attributes:
        name: Name of the style.
        template: A text with one "{answer}", where the content stands.
    """

    name: str
    template: str

    def __post_init__(self) -> None:
        if self.template.count(CONTENT) != 1:
            raise InputError(f"{self.name}.template", repr(self.template), f"a text with one {CONTENT}")

    def write(self, content: str) -> str:
        """Return the content in this style."""
        return self.template.replace(CONTENT, content)

    def parse(self, text: str) -> str | None:
        """Return the content of a text in this style; None if the text is in another style.

        White space counts only inside the content.
        """
        before, after = (re.escape("".join(part.split())) for part in self.template.split(CONTENT))
        loose = [re.sub(r"(\\.|[^\\])", r"\1\\s*", part) for part in (before, after)]
        found = re.fullmatch(rf"\s*{loose[0]}(.*?)\s*{loose[1]}\s*", text, flags=re.DOTALL)
        content = found[1].strip() if found else ""
        return content or None


def read_styles(path: Path | None = None) -> dict[str, Style]:
    """Read styles from a TOML file with one key `template` in a table for each style.

    Args:
        path: The file; by default the styles of this package, "plain" among them.

    Raises:
        InputError: If the file cannot be read or is not of this form.
    """
    where = "styles.toml" if path is None else str(path)
    styles = {}
    for name, table in read_table(path, "styles.toml").items():
        if (
            not isinstance(table, dict)
            or set(table) != {"template"}
            or not isinstance(table["template"], str)
        ):
            expected = f"a table with template, a text with {CONTENT}"
            raise InputError(name, "something else", expected, where)
        styles[name] = Style(name, table["template"])
    return styles
