"""Checks and conversions of argument values, shared by all constructors.

Only concrete values are checked. Inside `jit`, `vmap` or `grad` a value is a tracer; its concrete value was
checked before tracing.
"""

from numbers import Integral, Number
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from w2s_sim._forks import require_threads
from w2s_sim.errors import InputError, shown

PartT = TypeVar("PartT")

# Allowed error of the sum of a probability vector. Probabilities typed by hand are rounded, for example to
# four decimals; the tolerance accepts an error of 1e-4 in both float precisions.
SUM_TOLERANCE = 1.01e-4


def as_float(value: Any) -> Float[Array, "..."]:
    """Convert to an array of the default float type (float32, or float64 under x64)."""
    require_threads()
    if not any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(value)):
        # Convert with NumPy: JAX would compile a conversion program for every shape.
        with np.errstate(over="ignore"):
            value = np.asarray(value, dtype=jax.dtypes.canonicalize_dtype(float))
    return jnp.asarray(value, dtype=float)


def as_numbers(field: str, value: Any, expected: str = "numbers") -> Float[Array, "..."]:
    """Convert real numbers of any shape to an array of the default float type.

    Args:
        field: Name of the field in the error message.
        value: Numbers, in nested lists or an array.
        expected: Description of the expected value in the error message.

    Raises:
        InputError: If the values are not real numbers, for example strings, None, or rows of unequal length.
    """
    if concrete(*jax.tree.leaves(value)):
        _require_real(field, value, expected)
    return as_float(value)


def _require_real(field: str, value: Any, expected: str) -> None:
    """Raise if a value is not real. Uses only NumPy: a JAX array would initialise the JAX backend."""
    try:
        kind = np.asarray(value).dtype
    except (TypeError, ValueError):
        kind = np.dtype(object)
    if not any(jnp.issubdtype(kind, real) for real in (jnp.floating, jnp.integer)):
        raise InputError(field, described(value), expected)


def as_number(field: str, value: Any, expected: str = "a number") -> Float[Array, ""]:
    """Convert one real number to the default float type.

    Raises:
        InputError: If the value is not a single real number.
    """
    number = as_numbers(field, value, expected)
    if concrete(number) and number.ndim:
        raise InputError(field, described(value), expected)
    return number


def described(value: Any) -> str:
    """Describe a value for an error message: literally for numbers and strings, else by shape or type."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, Number | str | bytes | list | tuple | dict):
        return shown(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array of shape {shape}" if shape else short(value)
    name = getattr(value, "__name__", None)
    return f"the function {name}" if callable(value) and name else f"an object of type {type(value).__name__}"


def require_part(field: str, value: Any, kind: type[PartT], expected: str) -> PartT:
    """Return the value if it is an instance of `kind`.

    Raises:
        InputError: If it is not an instance, for example because the class itself was given.
    """
    if not isinstance(value, kind):
        raise InputError(field, described(value), expected)
    return value


def require_key(field: str, value: Any) -> None:
    """Raise if a value is not a JAX PRNG key, for example because a seed was given."""
    require_threads()
    if not isinstance(value, jax.Array):
        raise InputError(field, described(value), "a key of JAX, such as jax.random.key(0)")


def concrete(*values: Any) -> bool:
    """Whether no value is a tracer, so that the values can be checked."""
    return not any(isinstance(value, Tracer) for value in values)


def short(value: Any) -> str:
    """Format a value on one line, with six digits, and abbreviate long arrays."""
    array = np.asarray(value)
    return np.array2string(array, separator=", ", precision=6, threshold=12, max_line_width=10_000)


def require_finite(field: str, value: Any) -> None:
    if concrete(value) and not np.all(np.isfinite(np.asarray(value))):
        raise InputError(field, short(value), "finite numbers")


def require_between(
    field: str, value: Any, low: float, high: float = np.inf, *, open_low: bool = False
) -> None:
    """Raise if a scalar is outside [low, high], or outside (low, high] with `open_low`."""
    if not concrete(value):
        return
    _require_real(field, value, "a number")
    if np.ndim(value):
        raise InputError(field, described(value), "a number")
    number = float(value)
    inside = (number > low if open_low else number >= low) and number <= high
    if not inside or not np.isfinite(number):
        if np.isinf(high):
            expected = "a finite number"
            expected += "" if np.isinf(low) else f" {'>' if open_low else '>='} {low:g}"
        else:
            expected = f"a number in {'(' if open_low else '['}{low:g}, {high:g}]"
        raise InputError(field, short(value), expected)


def is_whole(value: Any) -> bool:
    """Whether a value is an integer of Python or NumPy; booleans do not count."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def as_whole(value: Any) -> Any:
    """Convert integers to Python ints; return other values unchanged, for a later check to reject."""
    return int(value) if is_whole(value) else value


def require_count(field: str, value: Any, minimum: int) -> None:
    if not is_whole(value) or value < minimum:
        raise InputError(field, shown(value), f"a whole number >= {minimum}")


def require_shape(field: str, value: Any, shape: tuple[int, ...], meaning: str) -> None:
    expected = f"shape {shape} ({meaning})"
    try:
        given = np.shape(value)
    except ValueError:
        raise InputError(field, f"{shown(value)}, rows of unequal length", expected) from None
    if given != shape:
        raise InputError(field, f"shape {given}" if given else described(value), expected)


def as_probabilities(field: str, value: Any) -> Float[Array, "..."]:
    """Convert probability vectors; concrete values are checked and normalised by `probabilities`."""
    traced = not concrete(*jax.tree.leaves(value))
    return as_float(value if traced else probabilities(field, value))


def probabilities(field: str, value: Any) -> Float[np.ndarray, "..."]:
    """Check and normalise probability vectors along the last axis.

    Entries must be >= 0, and their sum in float64 may differ from 1 by at most `SUM_TOLERANCE`. Vectors whose
    sum is 1 up to the rounding of their precision are returned unchanged, so that normalising twice equals
    normalising once.

    Args:
        field: Name of the field in the error message, as the user wrote it.
        value: Concrete numbers, in nested lists or an array.

    Returns:
        The normalised vectors, of the same shape, in float64.

    Raises:
        InputError: If the values are not numbers, or not probability vectors.
    """
    try:
        given = np.asarray(value)
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(field, shown(value), "probabilities that sum to 1") from None
    if array.ndim == 0:
        raise InputError(field, shown(value), "a list of probabilities that sum to 1")
    require_finite(field, array)
    if np.any(array < 0):
        raise InputError(field, f"an entry {array.min():.6g}", "weights >= 0 that sum to 1")
    totals = array.sum(axis=-1, keepdims=True)
    missing = np.abs(totals - 1.0)
    if np.any(missing > SUM_TOLERANCE):
        worst = np.unravel_index(int(missing.argmax()), missing.shape)[:-1]
        text = f"{short(array[worst])} (sum {array[worst].sum():.6g})"
        raise InputError(field, text, "probabilities that sum to 1, up to rounding in the fourth decimal")
    precision = np.dtype(jnp.result_type(float))
    resolution = float(np.finfo(precision).eps) if given.dtype == precision else 0.0
    return np.where(missing > resolution, array / totals, array)
