"""Many steps of gradient descent on a quadratic loss, by repeated squaring of the matrix of one step."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def descended(
    covariance: Float[Array, "d d"], residual: Float[Array, " d"], step_size: Float[Array, ""], steps: int
) -> Float[Array, " d"]:
    """Return b_t of the steps b <- b + tau (r - S b) from b_0 = 0: tau sum_{i < t} (I - tau S)^i r.

    With P = (I - tau S)^m, m + l steps follow from m and l steps: b_{m + l} = b_m + P b_l. The binary digits
    of t say which powers of two add up to t. Sums of powers have no differences: the relative error
    is t roundings at most, also of many short steps. A direction in which S is zero to rounding moves by at
    most t tau times the rounding error of r.

    Args:
        covariance: S, in squared feature units.
        residual: r, in label units times feature units.
        step_size: tau > 0, in inverse squared feature units.
        steps: t >= 0.
    """
    power = jnp.eye(len(residual), dtype=covariance.dtype) - step_size * covariance
    doubled, moved = step_size * residual, jnp.zeros_like(residual)
    while steps > 0:
        if steps % 2:
            moved = doubled + jnp.matmul(power, moved, precision="highest")
        steps //= 2
        if steps:
            doubled = doubled + jnp.matmul(power, doubled, precision="highest")
            power = jnp.matmul(power, power, precision="highest")
    return moved
