"""The registry of the theorems in the package."""

import importlib
from collections.abc import Mapping

from w2s_sim._checks import require_part
from w2s_sim.errors import not_among
from w2s_sim.statements.contract.statement import Statement

# Ids in the order of the book. The theorem "naive-floor" is `NAIVE_FLOOR` in the package `naive_floor`, etc.
THEOREMS = (
    "naive-floor",
    "bootstrap-floor",
    "shrinkage-limit",
    "naive-risk-curve",
    "optimal-surrogate",
    "ridge-teacher-threshold",
    "alignment-tax",
    "no-free-lunch",
    "concept-identification",
    "intent-inference",
    "posterior-mean-gain",
    "identification-rate",
    "voronoi-threshold",
    "refinement-risk",
    "mixture-collapse",
    "grouped-transfer",
    "em-refinement",
    "hull-misfit",
    "hull-regression",
    "bregman-misfit",
    "anchor-identifiability",
    "hmm-identification",
    "continuum-floor",
    "dmmse-limit",
    "subspace-variance",
    "kernel-gap",
)


def all_statements() -> dict[str, Statement]:
    """Return all theorems by id, in the order of the book."""
    return {statement_id: _load(statement_id) for statement_id in THEOREMS}


def _load(statement_id: str) -> Statement:
    name = statement_id.replace("-", "_")
    return getattr(importlib.import_module(f"w2s_sim.statements.{name}"), name.upper())


def find_statement(statement_id: str) -> Statement:
    """Return the theorem with the given id.

    Raises:
        InputError: If there is no such theorem; the message names the nearest id.
    """
    return find_among(all_statements(), statement_id)


def find_among(statements: Mapping[str, Statement], statement_id: str) -> Statement:
    """Return the statement with the given id among `statements`.

    Raises:
        InputError: If there is no such statement; the message names the nearest id.
    """
    require_part("theorem", statement_id, str, "the id of a theorem, such as 'naive-floor'")
    if statement_id not in statements:
        raise not_among("theorem", statement_id, statements)
    return statements[statement_id]
