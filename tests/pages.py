"""The pages of the book that are written by hand."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
THEORY = ROOT / "theory"
# Without what `make book` writes there: the built book, and the pages of the lessons.
PAGES = sorted(
    page for page in THEORY.rglob("*.md") if "_build" not in page.parts and not re.match(r"\d_", page.name)
)
