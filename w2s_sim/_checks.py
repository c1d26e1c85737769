"""Value checks shared by every constructor.

They look at concrete values alone: inside `jit`, `vmap` or `grad` a value is a tracer, and there the
caller has already been checked.
"""

from numbers import Integral
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from w2s_sim.errors import InputError, shown

# Priors typed in by hand are rounded: they may miss one by this much.
PRIOR_TOLERANCE = 1e-4


def as_float(value: Any) -> Float[Array, "..."]:
    """Converter of array fields: the default float type (float32, or float64 under x64)."""
    return jnp.asarray(value, dtype=float)


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
    if np.shape(value) != shape:
        raise InputError(field, f"shape {np.shape(value)}", f"shape {shape} ({meaning})")


def require_prior(field: str, value: Any) -> None:
    """Refuse weights that are not a probability vector."""
    if not concrete(value):
        return
    array = np.asarray(value, dtype=float)
    require_finite(field, array)
    if np.any(array < 0):
        raise InputError(field, short(array), "weights >= 0")
    if abs(array.sum() - 1.0) > PRIOR_TOLERANCE:
        raise InputError(field, f"{short(array)} (sum {array.sum():.6g})", "weights that sum to 1")
