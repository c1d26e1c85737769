"""Styles of answering: how a content is written down, and how it is read off a text."""

import dataclasses
import re
from pathlib import Path

from w2s_sim.errors import InputError
from w2s_sim.language_models.question_set import read_table

CONTENT = "{answer}"
# A content with which a pattern is tried out.
EXAMPLE = "cold"


@dataclasses.dataclass(frozen=True)
class Style:
    """A way to write an answer.

    Attributes:
        name: Name of the style.
        template: A text with one "{answer}", where the content stands.
        pattern: A regular expression of whole texts in this style, whose group "answer" is the content; by
            default the template.
    """

    name: str
    template: str
    pattern: str | None = None

    def __post_init__(self) -> None:
        if self.template.count(CONTENT) != 1:
            raise InputError(f"{self.name}.template", repr(self.template), f"a text with one {CONTENT}")
        if self.pattern is not None and self.parse(self.write(EXAMPLE)) != EXAMPLE:
            expected = f"a regular expression with a group (?P<answer>...) that reads {self.write(EXAMPLE)!r}"
            raise InputError(f"{self.name}.pattern", repr(self.pattern), expected)

    def write(self, content: str) -> str:
        """Return the content in this style."""
        return self.template.replace(CONTENT, content)

    def parse(self, text: str) -> str | None:
        """Return the content of a text in this style; None if the text is in another style.

        White space counts only inside the content, or as the pattern says.
        """
        if self.pattern is not None:
            return self._matched(text)
        before, after = (re.escape("".join(part.split())) for part in self.template.split(CONTENT))
        loose = [re.sub(r"(\\.|[^\\])", r"\1\\s*", part) for part in (before, after)]
        found = re.fullmatch(rf"\s*{loose[0]}(.*?)\s*{loose[1]}\s*", text, flags=re.DOTALL)
        content = found[1].strip() if found else ""
        return content or None

    def _matched(self, text: str) -> str | None:
        """Return what the pattern reads.

        Raises:
            InputError: If the pattern is no regular expression, or has no group "answer".
        """
        try:
            found = re.fullmatch(self.pattern or "", text.strip(), flags=re.DOTALL)
            content = (found["answer"] or "").strip() if found else ""
        except (re.error, IndexError) as error:
            expected = "a regular expression with a group (?P<answer>...)"
            raise InputError(f"{self.name}.pattern", f"{self.pattern!r} ({error})", expected) from None
        return content or None


def read_styles(path: Path | None = None) -> dict[str, Style]:
    """Read styles from a TOML file: a table for each, with `template` and perhaps `pattern` (see `Style`).

    Args:
        path: The file; by default the styles of this package.

    Raises:
        InputError: If the file cannot be read or is not of this form.
    """
    where = "styles.toml" if path is None else str(path)
    styles = {}
    for name, table in read_table(path, "styles.toml").items():
        texts = isinstance(table, dict) and all(isinstance(text, str) for text in table.values())
        if not texts or not {"template"} <= set(table) <= {"template", "pattern"}:
            expected = f"a table with template, a text with {CONTENT}, and perhaps pattern, a text"
            raise InputError(name, "something else", expected, where)
        styles[name] = Style(name, **table)
    return styles
