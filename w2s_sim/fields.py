"""What a field holds, said once where it is declared.

    prior: Float[Array, " K"] = eqx.field(converter=probability("prior"))
    ridge: Float[Array, ""] = eqx.field(converter=number("ridge"))
    student: Estimator = eqx.field(converter=part("student", Estimator, "an estimator"))

The declaration brings the check, with a complaint that names the field, and the conversion. Probabilities
have a role besides, by which others know the field: a float64 evaluation, mutants and the falsifier treat
them in ways of their own.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim._checks import as_number, as_numbers, as_probabilities, require_part

PROBABILITY = "probability"

PartT = TypeVar("PartT")


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


@dataclasses.dataclass(frozen=True)
class numbers:  # noqa: N801
    """Converter of a field that holds real numbers of any shape.

    Attributes:
        key: Name of the field in complaints.
        optional: Whether None is left as it is.
    """

    key: str
    optional: bool = False

    def __call__(self, value: Any) -> Any:
        return None if value is None and self.optional else self._converted(value)

    def _converted(self, value: Any) -> Float[Array, "..."]:
        return as_numbers(self.key, value)


class number(numbers):  # noqa: N801
    """As `numbers`, for a field that holds one."""

    def _converted(self, value: Any) -> Float[Array, ""]:
        return as_number(self.key, value)


@dataclasses.dataclass(frozen=True)
class stacked:  # noqa: N801
    """Converter of a field that holds inputs or labels, stacked: JAX arrays stay as they are.

    Attributes:
        key: Name of the field in complaints.
    """

    key: str

    def __call__(self, value: Any) -> Any:
        if isinstance(value, jax.Array):
            return value
        as_numbers(self.key, value)
        return jnp.asarray(np.asarray(value))


@dataclasses.dataclass(frozen=True)
class part(Generic[PartT]):  # noqa: N801
    """Converter of a field that holds an object: it checks that the object is of its kind.

    Attributes:
        key: Name of the field in complaints.
        kind: The class of which it is an instance.
        expected: What a complaint asks for, with an example.
    """

    key: str
    kind: type[PartT]
    expected: str

    def __call__(self, value: PartT) -> PartT:
        return require_part(self.key, value, self.kind, self.expected)


def optional_part(key: str, kind: type[PartT], expected: str) -> Callable[[PartT | None], PartT | None]:
    """As `part`, for a field that may be left out: None."""
    required = part(key, kind, expected)
    return lambda value: None if value is None else required(value)


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
