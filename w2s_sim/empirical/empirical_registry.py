"""The registry of the empirical statements in the package."""

from w2s_sim.empirical.empirical_statement import EmpiricalStatement
from w2s_sim.empirical.language_model_evidence import (
    CONCEPT_SWITCHES,
    REFINED_BELOW_NAIVE,
    STYLE_EVIDENCE_SLOWS,
    STYLE_IS_READ,
)
from w2s_sim.empirical.linear_feature_gain import LINEAR_FEATURE_GAIN
from w2s_sim.empirical.random_feature_gain import RANDOM_FEATURE_GAIN
from w2s_sim.errors import not_among

# In the order of the book.
STATEMENTS = (
    RANDOM_FEATURE_GAIN,
    LINEAR_FEATURE_GAIN,
    STYLE_IS_READ,
    STYLE_EVIDENCE_SLOWS,
    CONCEPT_SWITCHES,
    REFINED_BELOW_NAIVE,
)


def empirical_statements() -> dict[str, EmpiricalStatement]:
    """Return all empirical statements by id, in the order of the book."""
    return {statement.id: statement for statement in STATEMENTS}


def find_empirical_statement(statement_id: str) -> EmpiricalStatement:
    """Return the empirical statement with the given id.

    Raises:
        InputError: If there is no such statement; the message names the nearest id.
    """
    known = empirical_statements()
    if statement_id not in known:
        raise not_among("empirical statement", statement_id, known)
    return known[statement_id]
