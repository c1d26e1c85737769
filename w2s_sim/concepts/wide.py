"""Extended-range arithmetic for probabilities that would underflow: a mantissa and a separate exponent.

A number is mantissa * base^exponent. The base is a power of two, so that changing the exponent is exact. The
base is so large that a sum needs only the terms whose exponents are at most two below the largest: the
omitted terms are smaller than the rounding error of the sum.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# Exponent that represents zero: finite, because the difference of two infinities would be nan.
EXPONENT_OF_ZERO = -(2.0**22)


class Wide(NamedTuple):
    """Nonnegative numbers of almost unlimited range, with the relative precision of their mantissas.

    Attributes:
        mantissa: 0, or in [1/base, 2]; the upper end is 2 because rounding can lift probabilities above 1.
        exponent: Exponent of the base, an integer stored as a float; `EXPONENT_OF_ZERO` for zero.
    """

    mantissa: Float[Array, "..."]
    exponent: Float[Array, "..."]


def base_of(values: Float[Array, "..."]) -> float:
    """Base of the exponents: 2^32 in float32, 2^256 in float64.

    base^-3 is a normal number; base^-4 is at most the smallest normal number.
    """
    return 2.0 ** (jnp.finfo(values.dtype).maxexp // 4)


def wide(values: Float[Array, "..."]) -> Wide:
    """Convert floats in [0, 1]; numbers below the smallest normal number (1e-38 in float32) become 0."""
    number = Wide(values, jnp.zeros_like(values))
    for _ in range(3):
        number = _normal(number)
    return number


def times(first: Wide, second: Wide) -> Wide:
    """Multiply entry by entry."""
    return _normal(Wide(first.mantissa * second.mantissa, first.exponent + second.exponent))


def product(rows: Wide, matrices: Wide) -> Wide:
    """Batched matrix product sum_i rows[k, a, i] matrices[k, i, j], accumulated term by term.

    Args:
        rows: Shape (K, n, S).
        matrices: Shape (K, S, m).

    Returns:
        Shape (K, n, m).
    """

    def add(total: Wide, terms: tuple[Wide, Wide]) -> tuple[Wide, None]:
        left, right = (Wide(part.mantissa, part.exponent) for part in terms)
        exponent = left.exponent[..., None] + right.exponent[:, None]
        largest = jnp.maximum(total.exponent, exponent)
        term = left.mantissa[..., None] * right.mantissa[:, None]
        kept = total.mantissa * _power(total.exponent - largest)
        return Wide(kept + term * _power(exponent - largest), largest), None

    shape = (*rows.mantissa.shape[:2], matrices.mantissa.shape[2])
    zero = jnp.zeros(shape, rows.mantissa.dtype)
    each = (
        Wide(*(jnp.moveaxis(part, 2, 0) for part in rows)),
        Wide(*(jnp.moveaxis(part, 1, 0) for part in matrices)),
    )
    total, _ = jax.lax.scan(add, Wide(zero, zero + EXPONENT_OF_ZERO), each)
    return _normal(total)


def log(number: Wide) -> Float[Array, "..."]:
    """Natural logarithm; zero gives -inf, with gradient 0."""
    positive = number.mantissa > 0
    mantissa = jnp.log(jnp.where(positive, number.mantissa, 1.0))
    return jnp.where(positive, mantissa + number.exponent * math.log(base_of(mantissa)), -jnp.inf)


def total(number: Wide) -> Wide:
    """Sum over the last axis."""
    largest = jnp.max(number.exponent, axis=-1)
    terms = number.mantissa * _power(number.exponent - largest[..., None])
    return _normal(Wide(jnp.sum(terms, axis=-1), largest))


def over(numbers: Wide, divisor: Wide) -> Wide:
    """Divide every vector along the last axis by its divisor; 0 / 0 is 0."""
    safe = jnp.where(divisor.mantissa > 0, divisor.mantissa, 1.0)[..., None]
    return _normal(Wide(numbers.mantissa / safe, numbers.exponent - divisor.exponent[..., None]))


def plain(number: Wide) -> Float[Array, "..."]:
    """Convert to floats in [0, 1]; numbers below the smallest normal number become 0."""
    scale = jnp.where(number.exponent == -3, base_of(number.mantissa) ** -3.0, _power(number.exponent))
    return number.mantissa * scale


def _power(difference: Float[Array, "..."]) -> Float[Array, "..."]:
    """base^difference for integer differences <= 0; 0 for -3 and below, which are negligible in a sum."""
    base = base_of(difference)
    small = jnp.where(difference == -1, 1.0 / base, jnp.where(difference == -2, base**-2.0, 0.0))
    return jnp.where(difference == 0, 1.0, small)


def _normal(number: Wide) -> Wide:
    """Bring mantissas that are out of range by at most one power of the base back into range."""
    base = base_of(number.mantissa)
    mantissa, exponent = number
    low, high = mantissa < 1.0 / base, mantissa > 2.0
    scale = jnp.where(low, base, jnp.where(high, 1.0 / base, 1.0))
    moved = exponent - low + high
    return Wide(mantissa * scale, jnp.where(mantissa > 0, moved, EXPONENT_OF_ZERO))
