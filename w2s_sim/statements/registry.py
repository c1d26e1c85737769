"""The theorems that come with the package."""

import difflib

from w2s_sim.errors import InputError
from w2s_sim.statements.statement import Statement


def all_statements() -> dict[str, Statement]:
    """All theorems by id, in the order of the book."""
    from w2s_sim.statements.concept_identification import CONCEPT_IDENTIFICATION
    from w2s_sim.statements.naive_floor import NAIVE_FLOOR
    from w2s_sim.statements.refinement_risk import REFINEMENT_RISK

    return {s.id: s for s in (NAIVE_FLOOR, CONCEPT_IDENTIFICATION, REFINEMENT_RISK)}


def find_statement(statement_id: str) -> Statement:
    """The theorem of that id.

    Raises:
        InputError: If there is none; names the nearest id.
    """
    statements = all_statements()
    if statement_id not in statements:
        nearest = difflib.get_close_matches(statement_id, statements, n=1)
        hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
        raise InputError("theorem", repr(statement_id) + hint, "one of " + ", ".join(statements))
    return statements[statement_id]
