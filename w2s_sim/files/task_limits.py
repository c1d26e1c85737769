"""Limits on the values of the package's own `[task]` tables, so that no task exceeds the memory.

The limits apply to studies, which combine many values, and are checked before any array is built. A case file
describes one task of the user's own, and is not limited here.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from w2s_sim._checks import probabilities
from w2s_sim.concepts.finite import LARGEST_ENUMERATION
from w2s_sim.errors import InputError
from w2s_sim.laws.feature_maps import NODES
from w2s_sim.laws.features import LARGEST_GRID as LARGEST_NODES

# Largest number of features d: covariances are d x d.
LARGEST_DIM = 4096
# Largest number of entries of all concepts together, and of all laws of outcomes together.
LARGEST_CONCEPTS, LARGEST_LAWS = 1_000_000, 10_000_000
# Largest number of values of a feature map at its quadrature nodes, and of exponents to try for a polynomial.
LARGEST_MAP, MOST_EXPONENTS = 2**24, 10**6
# Limits of single keys, in addition to those of their parameters.
LIMITS: Mapping[str, Mapping[str, Any]] = {
    "dim": {"high": LARGEST_DIM},
    "num_concepts": {"high": LARGEST_CONCEPTS},
    "weak.bias": {"low": 0},
    "length_scale": {"low": 0, "open_low": True},
    # Quadrature needs at least two nodes per coordinate, and has at most 65,536 nodes in all.
    "input_dim": {"high": 16},
    # Moments of degree above 2 * 63 are not exact.
    "degree": {"high": NODES - 1},
    # Reached by sequences of a single symbol; with two symbols, lengths above 16 are too many to enumerate.
    "length": {"high": 1000},
}


def require_task_value(name: str, value: Any) -> None:
    """Refuse a single value that is invalid whatever the other keys hold; its parameter has been checked."""
    if name in ("source_prior", "target_prior", "contexts"):
        probabilities(name, value)


def regression_pair_size(table: Mapping[str, Any]) -> int:
    """Return the numbers in memory per weak pair: the inputs or one number per concept, if these are more."""
    return max(table["dim"], table["num_concepts"])


def finite_pair_size(table: Mapping[str, Any]) -> int:
    """Return the numbers in memory per weak pair, for finite concepts."""
    return max(len(table["source_prior"]), *_sizes(table))


def require_finite_size(table: Mapping[str, Any]) -> None:
    """Refuse a task with finite concepts that takes too much memory.

    Raises:
        InputError: Naming the key inside the table.
    """
    _require_laws(table, "")
    weak = table.get("weak")
    if isinstance(weak, Mapping):
        _require_laws({**table, **{key: value for key, value in weak.items() if key != "kind"}}, "weak.")


def require_regression_size(table: Mapping[str, Any]) -> None:
    """Refuse a regression task that takes too much memory.

    Raises:
        InputError: Naming the key inside the table.
    """
    dim, num_concepts = table["dim"], table["num_concepts"]
    if dim * num_concepts > LARGEST_CONCEPTS:
        given = f"{num_concepts:,} with dim = {dim:,}"
        raise InputError("num_concepts", given, f"num_concepts x dim of at most {LARGEST_CONCEPTS:,}")
    drawn = [key for key in ("length_scale", "map_seed") if key in table]
    if drawn and "frequencies" in table:
        raise InputError(drawn[0], f"{table[drawn[0]]} beside frequencies", "one of the two")
    if "feature_map" in table and "input_dim" in table:
        _require_map_size(table, dim, table["input_dim"])


def _require_map_size(table: Mapping[str, Any], dim: int, input_dim: int) -> None:
    features = table.get("features", "gaussian")
    a_coordinate = 2 if features == "rademacher" else NODES
    nodes = a_coordinate**input_dim
    if nodes > LARGEST_NODES:
        given = f"{input_dim}, which makes {nodes:,} quadrature nodes"
        most = int(math.log(LARGEST_NODES, a_coordinate) + 1e-9)
        raise InputError("input_dim", given, f"at most {most} with features = {features!r}")
    if nodes * dim > LARGEST_MAP:
        given = f"{dim:,} at {nodes:,} quadrature nodes of z"
        raise InputError("dim", given, f"at most {LARGEST_MAP // nodes:,} with this input_dim")
    if table["feature_map"] == "polynomial" and "degree" in table:
        degree = table["degree"]
        if (degree + 1) ** input_dim > MOST_EXPONENTS:
            given = f"{degree} with input_dim = {input_dim}"
            highest = int(MOST_EXPONENTS ** (1 / input_dim) + 1e-9) - 1
            raise InputError("degree", given, f"at most {highest} with this input_dim")
        monomials = math.comb(input_dim + degree, degree)
        if monomials != dim:
            raise InputError("dim", dim, f"{monomials:,}, the number of features of this map")


def _sizes(table: Mapping[str, Any]) -> Sequence[int]:
    """Return the sizes whose product is the number of outcomes of one demonstration."""
    if table["kind"] == "hmm":
        symbols = len(table["emission"][0][0])
        # Length 17 is too long for any alphabet of two or more symbols, so longer ones need not be counted.
        return [symbols] * min(table["length"], 17 if symbols > 1 else 1)
    tables = [table[key][0] for key in ("tables", "style_tables", "content_tables") if key in table]
    return [len(tables[0]), *(len(rows[0]) for rows in tables)]


def _require_laws(table: Mapping[str, Any], prefix: str) -> None:
    outcomes = math.prod(_sizes(table))
    key = {"hmm": "length", "categorical": "tables"}.get(table["kind"], "content_tables")
    if outcomes > LARGEST_ENUMERATION:
        given = f"{outcomes:,} outcomes of one demonstration"
        if table["kind"] == "hmm":
            given = f"{table['length']}, which makes more than {LARGEST_ENUMERATION:,} sequences"
        raise InputError(prefix + key, given, f"at most {LARGEST_ENUMERATION:,} outcomes, to enumerate them")
    if table["kind"] == "style-content":
        concepts = len(table["style_tables"]) * len(table["content_tables"])
    else:
        concepts = len(table["source_prior"])
    if concepts * outcomes > LARGEST_LAWS:
        given = f"{concepts:,} concepts of {outcomes:,} outcomes"
        raise InputError(prefix + key, given, f"at most {LARGEST_LAWS:,} probabilities in all")
