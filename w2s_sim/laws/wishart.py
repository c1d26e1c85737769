"""Bartlett's factor of a Wishart matrix: the Gram matrix of normal inputs without the inputs."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.laws.chi_square import chi_square


def bartlett_factor(
    dim: int, num_inputs: float | Float[Array, ""], width: int, *, key: Key[Array, ""]
) -> tuple[Float[Array, "{dim} {width}"], Float[Array, " {width}"]]:
    """Draw L with L L^T in law equal to X^T X, and coordinates z of normal noise.

    X has n rows, independent and standard normal in R^d, and e is standard normal in R^n and independent
    of X. The pair (L L^T, L z) has the law of (X^T X, X^T e). To see this, orthogonalise the columns of X:
    X = Q L^T with orthonormal columns of Q and lower-trapezoidal L. The entry L_jj is the length of column j
    across the columns before it, chi with n - j + 1 degrees of freedom; the entries below the diagonal are
    standard normal; all are independent of one another and of Q, so that z = Q^T e is standard normal. With
    fewer inputs than features L has n columns that are not zero, and L L^T is singular.

    Args:
        dim: d >= 1.
        num_inputs: n >= 0, a whole number, which may be traced.
        width: Number of columns of L, at least min(n, d) and at most d; columns beyond n are zero.
        key: Typed PRNG key.

    Source: Bartlett 1933, On the theory of statistical regression.
    """
    normal_key, chi_key = jax.random.split(key)
    degrees = num_inputs - jnp.arange(width, dtype=float)
    lengths = jnp.sqrt(chi_square(jnp.maximum(degrees, 1.0), key=chi_key))
    # One axis: XLA's CPU compiler draws along two at a quarter of the speed.
    normal = jax.random.normal(normal_key, (dim * width,)).reshape(dim, width)
    rows, columns = jnp.arange(dim)[:, None], jnp.arange(width)
    lower = jnp.where(rows == columns, lengths, jnp.where(rows > columns, normal, 0.0))
    # The normal numbers on the diagonal, which L does not need, are z.
    return jnp.where(degrees > 0, lower, 0.0), jnp.diagonal(normal)
