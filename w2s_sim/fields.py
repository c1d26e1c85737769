"""Roles of fields: what an array of numbers is, said once where it is declared.

    prior: Float[Array, " K"] = eqx.field(converter=probability("prior"))

The declaration brings the check, the conversion, and the role, by which others know the field: a float64
evaluation, mutants and the falsifier treat probabilities in ways of their own.
"""

import dataclasses
from typing import Any

from jaxtyping import Array, Float

from w2s_sim._checks import as_probabilities

PROBABILITY = "probability"


@dataclasses.dataclass(frozen=True)
class probability:  # noqa: N801 (reads like a function where fields are declared)
    """Converter of a field that holds probability vectors, which lie along the last axis.

    Concrete values are checked and normalised, by the one rule of `probabilities`.

    Attributes:
        key: Name of the field in complaints.
    """

    key: str
    role = PROBABILITY

    def __call__(self, value: Any) -> Float[Array, "..."]:
        return as_probabilities(self.key, value)


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
        converters = {field.name: field.metadata.get("converter") for field in dataclasses.fields(tree)}
        tree, role = getattr(tree, name), getattr(converters[name], "role", "")
    return role
