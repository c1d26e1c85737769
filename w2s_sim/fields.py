"""Roles of fields: what an array of numbers is, said once where it is declared.

    prior: Float[Array, " K"] = eqx.field(**probability("prior"))

The declaration brings the check, the conversion, and the role, by which others know the field: a float64
evaluation, mutants and the falsifier treat probabilities in ways of their own.
"""

import dataclasses
import functools
from typing import Any

from w2s_sim._checks import as_probabilities

PROBABILITY = "probability"


def probability(key: str) -> dict[str, Any]:
    """Arguments of `eqx.field` for probability vectors, which lie along the last axis.

    Concrete values are checked and normalised, by the one rule of `probabilities`.

    Args:
        key: Name of the field in complaints.
    """
    return {"converter": functools.partial(as_probabilities, key), "metadata": {"role": PROBABILITY}}


def role_of(tree: Any, path: Any) -> str:
    """The role of a leaf of a pytree, as the field that holds it declares it; "" where none is declared.

    Args:
        tree: The pytree.
        path: Of the leaf, from `jax.tree_util.tree_leaves_with_path`.
    """
    role = ""
    for key in path:
        name = getattr(key, "name", None)
        if not (dataclasses.is_dataclass(tree) and isinstance(name, str)):
            # A list or a dictionary inside: its entries declare nothing.
            return ""
        declared = {field.name: field.metadata.get("role", "") for field in dataclasses.fields(tree)}
        tree, role = getattr(tree, name), declared[name]
    return role
