"""Field converters that declare, check and convert the value of a field in one place.

    prior: Float[Array, " K"] = eqx.field(converter=probability("prior"))
    ridge: Float[Array, ""] = eqx.field(converter=nonnegative("ridge"))
    student: Estimator = eqx.field(converter=part("student", Estimator, "an estimator"))

The converter converts the value, raises an error that names the field if the value is invalid, and assigns a
role to the numbers. The role determines how other code may change the numbers: the mutants of a bound, the
moves of the falsifier, and the conversion to float64. Numbers without a role are never changed.
"""

import dataclasses
import enum
import math
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim._checks import (
    as_number,
    as_numbers,
    as_probabilities,
    as_whole,
    require_between,
    require_count,
    require_finite,
    require_part,
)
from w2s_sim.errors import InputError

PartT = TypeVar("PartT")


class Role(enum.Enum):
    """The role of the numbers in a field, which determines how they may be changed.

    Attributes:
        PROBABILITY: Weights that sum to one. A mutant flattens or sharpens them, the falsifier moves their
            log odds, and the conversion to float64 normalises them again.
        SCALE: Scale parameters such as a noise, a penalty or a step size. A mutant halves and doubles them,
            the falsifier multiplies them; a zero stays zero.
        ENTRIES: Vectors and matrices. A mutant halves and doubles them, the falsifier shifts every entry.
        FROZEN: Fixed numbers, such as the weights of a feature map, that are never changed.
    """

    PROBABILITY = "probability"
    SCALE = "scale"
    ENTRIES = "entries"
    FROZEN = "frozen"


@dataclasses.dataclass(frozen=True)
class probability:  # noqa: N801 (reads like a function where fields are declared)
    """Converter of a field that holds probability vectors along the last axis.

    Concrete values are checked and normalised by `probabilities`.

    Attributes:
        key: Name of the field in error messages.
    """

    key: str
    role: ClassVar[Role] = Role.PROBABILITY

    def __call__(self, value: Any) -> Float[Array, "..."]:
        return as_probabilities(self.key, value)


@dataclasses.dataclass(frozen=True)
class number:  # noqa: N801
    """Converter of a field that holds one finite number in a range.

    Attributes:
        key: Name of the field in error messages.
        low: Smallest allowed number.
        high: Largest allowed number.
        open_low: Whether `low` itself is excluded.
        optional: Whether None is allowed.
    """

    key: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    optional: bool = False
    role: ClassVar[Role] = Role.SCALE

    def __call__(self, value: Any) -> Any:
        if value is None and self.optional:
            return None
        converted = as_number(self.key, value)
        require_between(self.key, converted, self.low, self.high, open_low=self.open_low)
        return converted


def positive(key: str, *, optional: bool = False) -> number:
    """Converter of a field that holds a finite number > 0; None is also allowed if optional."""
    return number(key, 0.0, open_low=True, optional=optional)


def nonnegative(key: str) -> number:
    """Converter of a field that holds a finite number >= 0."""
    return number(key, 0.0)


@dataclasses.dataclass(frozen=True)
class entries:  # noqa: N801
    """Converter of a field that holds an array of finite numbers.

    Attributes:
        key: Name of the field in error messages.
        shape: Symbolic shape such as "(K, d)", which fixes the number of axes; any shape by default.
        optional: Whether None is allowed.
        role: Role that determines how the numbers may be changed.
    """

    key: str
    shape: str = ""
    optional: bool = False
    role: Role = Role.ENTRIES

    def __call__(self, value: Any) -> Any:
        if value is None and self.optional:
            return None
        converted = as_numbers(self.key, value)
        if self.shape and converted.ndim != len([axis for axis in self.shape.strip("()").split(",") if axis]):
            raise InputError(self.key, f"shape {converted.shape}", f"shape {self.shape}")
        require_finite(self.key, converted)
        return converted


@dataclasses.dataclass(frozen=True)
class whole:  # noqa: N801
    """Converter of a static field that holds a whole number, such as a size.

    Attributes:
        key: Name of the field in error messages.
        low: Smallest allowed number.
    """

    key: str
    low: int = 1

    def __call__(self, value: Any) -> int:
        require_count(self.key, value, self.low)
        return as_whole(value)


@dataclasses.dataclass(frozen=True)
class stacked:  # noqa: N801
    """Converter of a field that holds stacked inputs or labels; JAX arrays are not converted.

    Attributes:
        key: Name of the field in error messages.
    """

    key: str

    def __call__(self, value: Any) -> Any:
        if isinstance(value, jax.Array):
            return value
        as_numbers(self.key, value)
        return jnp.asarray(np.asarray(value))


@dataclasses.dataclass(frozen=True)
class part(Generic[PartT]):  # noqa: N801
    """Converter of a field that holds an instance of a given class.

    Attributes:
        key: Name of the field in error messages.
        kind: The class of the object.
        expected: Description of the expected object in error messages, with an example.
    """

    key: str
    kind: type[PartT]
    expected: str

    def __call__(self, value: PartT) -> PartT:
        return require_part(self.key, value, self.kind, self.expected)


def optional_part(key: str, kind: type[PartT], expected: str) -> Callable[[PartT | None], PartT | None]:
    """Converter like `part` for a field that may be None."""
    required = part(key, kind, expected)
    return lambda value: None if value is None else required(value)


def role_of(tree: Any, path: Any) -> Role | None:
    """Return the role of a leaf of a pytree, as declared by the field that holds it, or None.

    Args:
        tree: The pytree.
        path: Path of the leaf, from `jax.tree_util.tree_leaves_with_path`.
    """
    role = None
    for key in path:
        name = getattr(key, "name", None)
        if not (dataclasses.is_dataclass(tree) and isinstance(name, str)):
            # Entries of a list or dictionary have no declared role.
            return None
        converters = {field.name: field.metadata.get("converter") for field in dataclasses.fields(tree)}
        tree, role = getattr(tree, name), getattr(converters[name], "role", None)
    return role
