"""Value checks shared by every constructor.

They look at concrete values alone: inside `jit`, `vmap` or `grad` a value is a tracer, and there the
caller has already been checked.
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

# Probabilities typed in by hand are rounded: a sum of four decimals that misses one by 1e-4 will do, in
# either precision.
SUM_TOLERANCE = 1.01e-4


def as_float(value: Any) -> Float[Array, "..."]:
    """Converter of array fields: the default float type (float32, or float64 under x64)."""
    require_threads()
    if not any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(value)):
        # By NumPy: JAX would compile a program of conversion for every shape.
        with np.errstate(over="ignore"):
            value = np.asarray(value, dtype=jax.dtypes.canonicalize_dtype(float))
    return jnp.asarray(value, dtype=float)


def as_numbers(field: str, value: Any, expected: str = "numbers") -> Float[Array, "..."]:
    """Real numbers of any shape, in the default float type.

    Args:
        field: Name in complaints.
        value: Numbers, in nested lists or an array.
        expected: What the complaint asks for.

    Raises:
        InputError: If they are no real numbers: texts, nothing, rows of several lengths.
    """
    if concrete(*jax.tree.leaves(value)):
        _require_real(field, value, expected)
    return as_float(value)


def _require_real(field: str, value: Any, expected: str) -> None:
    """Makes no array of JAX's, which would start it."""
    try:
        kind = np.asarray(value).dtype
    except (TypeError, ValueError):
        kind = np.dtype(object)
    if not any(jnp.issubdtype(kind, real) for real in (jnp.floating, jnp.integer)):
        raise InputError(field, described(value), expected)


def as_number(field: str, value: Any, expected: str = "a number") -> Float[Array, ""]:
    """One real number, in the default float type.

    Raises:
        InputError: If it is no real number, or there are several.
    """
    number = as_numbers(field, value, expected)
    if concrete(number) and number.ndim:
        raise InputError(field, described(value), expected)
    return number


def described(value: Any) -> str:
    """What a value is, for a complaint: numbers and texts as they are, arrays by shape, else the type."""
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
    """The value, if it is an instance of `kind`.

    Raises:
        InputError: If it is not; a class is not an instance of itself.
    """
    if not isinstance(value, kind):
        raise InputError(field, described(value), expected)
    return value


def require_key(field: str, value: Any) -> None:
    """Refuse what is no key of JAX's random numbers, such as a seed."""
    require_threads()
    if not isinstance(value, jax.Array):
        raise InputError(field, described(value), "a key of JAX, such as jax.random.key(0)")


def concrete(*values: Any) -> bool:
    """Whether all values are known now, so that they can be checked."""
    return not any(isinstance(value, Tracer) for value in values)


def short(value: Any) -> str:
    """A value as a person would write it, on one line."""
    array = np.asarray(value)
    return np.array2string(array, separator=", ", precision=6, threshold=12, max_line_width=10_000)


def require_finite(field: str, value: Any) -> None:
    if concrete(value) and not np.all(np.isfinite(np.asarray(value))):
        raise InputError(field, short(value), "finite numbers")


def require_between(
    field: str, value: Any, low: float, high: float = np.inf, *, open_low: bool = False
) -> None:
    """Refuse a scalar outside [low, high], or outside (low, high] with `open_low`."""
    if not concrete(value):
        return
    _require_real(field, value, "a number")
    if np.ndim(value):
        raise InputError(field, described(value), "a number")
    number = float(value)
    inside = (number > low if open_low else number >= low) and number <= high
    if not inside or not np.isfinite(number):
        if np.isinf(high):
            expected = f"a finite number {'>' if open_low else '>='} {low:g}"
        else:
            expected = f"a number in {'(' if open_low else '['}{low:g}, {high:g}]"
        raise InputError(field, short(value), expected)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, NumPy's among them; true and false are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def as_whole(value: Any) -> Any:
    """Converter of count fields: whole numbers become Python's; what is none is left to be refused."""
    return int(value) if is_whole(value) else value


def require_count(field: str, value: Any, minimum: int) -> None:
    if not is_whole(value) or value < minimum:
        raise InputError(field, shown(value), f"a whole number >= {minimum}")


def require_shape(field: str, value: Any, shape: tuple[int, ...], meaning: str) -> None:
    expected = f"shape {shape} ({meaning})"
    try:
        given = np.shape(value)
    except ValueError:
        raise InputError(field, f"{shown(value)}, rows of several lengths", expected) from None
    if given != shape:
        raise InputError(field, f"shape {given}" if given else described(value), expected)


def as_probabilities(field: str, value: Any) -> Float[Array, "..."]:
    """Converter of fields that hold probability vectors: `probabilities`, where they are concrete."""
    traced = not concrete(*jax.tree.leaves(value))
    return as_float(value if traced else probabilities(field, value))


def probabilities(field: str, value: Any) -> Float[np.ndarray, "..."]:
    """Probability vectors along the last axis, normalised: the one rule for them.

    Entries are >= 0, and their sum, in float64 and of the numbers as they are given, misses 1 by no more
    than `SUM_TOLERANCE`. Vectors that sum to 1 as well as their precision allows come back as they are, so
    that what is normalised once is the same when it is normalised again.

    Args:
        field: Name in complaints: the key that the person wrote.
        value: Concrete numbers, in nested lists or an array.

    Returns:
        The same shape, in float64.

    Raises:
        InputError: If they are no numbers, or no probability vectors.
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
