"""The entry of a theorem in a list: plain data that JSON can hold."""

from typing import TypedDict

from w2s_sim.statements.contract.statement import Statement


class TheoremEntry(TypedDict):
    """One theorem in a list.

    Attributes:
        id: Id that commands take.
        kind: "upper", "lower", "equality" or "rate".
        title: Name of the theorem in words.
        summary: The claim, in one or two sentences.
        lemmas: Ids of the lemmas of the proof.
        reference: Source of the theorem.
        page: Page with the proof.
    """

    id: str
    kind: str
    title: str
    summary: str
    lemmas: list[str]
    reference: str
    page: str


def theorem_entry(statement: Statement) -> TheoremEntry:
    """Return the entry of a statement."""
    return {
        "id": statement.id,
        "kind": statement.kind,
        "title": statement.title,
        "summary": statement.summary,
        "lemmas": [lemma.id for lemma in statement.lemmas],
        "reference": statement.reference,
        "page": statement.page,
    }
