"""The list of theorems and ready studies, in a file, so that `w2s list` need not import the theorems.

To regenerate the file:

    python -m w2s_sim.book.contents > w2s_sim/book/contents.json
"""

import importlib.resources
import json
from typing import TypedDict


class TheoremEntry(TypedDict):
    """Entry of one theorem in the list.

    Attributes:
        id: Id of the theorem in commands.
        kind: "upper", "lower", "equality" or "rate".
        title: Name of the theorem.
        summary: The claim in one or two sentences.
        lemmas: Ids of the lemmas of the proof.
        reference: Source of the theorem.
        page: The page of the book with the proof.
    """

    id: str
    kind: str
    title: str
    summary: str
    lemmas: list[str]
    reference: str
    page: str


class StudyEntry(TypedDict):
    """Entry of one ready study in the list: its name, and the question that it answers."""

    name: str
    question: str


class Contents(TypedDict):
    """The document that `w2s list --json` prints."""

    theorems: list[TheoremEntry]
    studies: list[StudyEntry]


def read_contents() -> Contents:
    """Read the list that comes with the package."""
    return json.loads(importlib.resources.files("w2s_sim.book").joinpath("contents.json").read_text("utf-8"))


def make_contents() -> Contents:
    """Build the list from the theorems and the ready studies."""
    from w2s_sim.files.ready_studies import READY
    from w2s_sim.statements import all_statements

    theorems: list[TheoremEntry] = [
        {
            "id": statement.id,
            "kind": statement.kind,
            "title": statement.title,
            "summary": statement.summary,
            "lemmas": [lemma.id for lemma in statement.lemmas],
            "reference": statement.reference,
            "page": statement.page,
        }
        for statement in all_statements().values()
    ]
    return {
        "theorems": theorems,
        "studies": [{"name": name, "question": question} for name, question in READY.items()],
    }


if __name__ == "__main__":
    print(json.dumps(make_contents(), indent=1))
