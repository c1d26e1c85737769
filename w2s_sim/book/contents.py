"""The list of theorems and ready studies, in a file, so that `w2s list` need not import the theorems.

To regenerate the file:

    python -m w2s_sim.book.contents > w2s_sim/book/contents.json
"""

import importlib.resources
import json
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    # Importing theorems brings jax with it, which a list does not need.
    from w2s_sim.statements.contract.theorem_entry import TheoremEntry


class StudyEntry(TypedDict):
    """Entry of one ready study in the list: its name, and the question that it answers."""

    name: str
    question: str


class Contents(TypedDict):
    """The document that `w2s list --json` prints."""

    theorems: "list[TheoremEntry]"
    studies: list[StudyEntry]


def read_contents() -> Contents:
    """Read the list that comes with the package."""
    return json.loads(importlib.resources.files("w2s_sim.book").joinpath("contents.json").read_text("utf-8"))


def make_contents() -> Contents:
    """Build the list from the theorems and the ready studies."""
    from w2s_sim.files.ready_studies import READY
    from w2s_sim.statements import all_statements
    from w2s_sim.statements.contract.theorem_entry import theorem_entry

    return {
        "theorems": [theorem_entry(statement) for statement in all_statements().values()],
        "studies": [{"name": name, "question": question} for name, question in READY.items()],
    }


if __name__ == "__main__":
    print(json.dumps(make_contents(), indent=1))
