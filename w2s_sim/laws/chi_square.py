"""Chi-squared variates, for many replicates at once: the random numbers of Wishart and bidiagonal matrices.

The sampler transforms a normal variable and accepts or rejects the result (Marsaglia & Tsang 2000, A simple
method for generating gamma variables). It draws one candidate for every variate, all together, and then
draws again for the rejected ones alone. Under `vmap` the second part takes as many rounds as the unluckiest
replicate has rejections. `jax.random.gamma` runs a loop of its own for every variate, which takes several
times as long.

The method is exact for every k > 2/3. With a = k/2, d = a - 1/3 and y = x / sqrt(9 d) for a normal x, the
variable d (1 + y)^3 has the gamma law of shape a if x has a density proportional to (1 + y)^(3 d)
exp(-d (1 + y)^3) on y > -1. The ratio of this density to the normal one is exp(phi) up to a constant, where
    phi = 3 d (log(1 + y) - y + y^2 / 2 - y^3 / 3),      dphi/dy = -3 d y^3 / (1 + y).
So phi is largest at y = 0, where it is 0, and exp(phi) is a probability of acceptance. It needs d > 0 alone.
(Marsaglia and Tsang state it for a >= 1, where their shortcut without logarithms holds as well.)
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

# Numbers in a vector register of a CPU, and degrees of freedom that are hardly ever rejected.
REGISTER, LARGE = 8, 1e4


class _Draws(NamedTuple):
    """Variates, some of which are still to be drawn again.

    Attributes:
        values: One variate for every number of degrees of freedom.
        rejected: Whether the variate must be drawn again.
        place: The last of these; -1 if there are none.
        round: Number of rounds so far, each with keys of its own.
    """

    values: Float[Array, " m"]
    rejected: Bool[Array, " m"]
    place: Int[Array, ""]
    round: Int[Array, ""]


def chi_square(degrees: Float[Array, "*shape"], *, key: Key[Array, ""]) -> Float[Array, "*shape"]:
    """Draw independent chi-squared variates.

    Args:
        degrees: Degrees of freedom k > 2/3, also if traced; not necessarily whole numbers.
        key: Typed PRNG key.
    """
    if degrees.size == 0:
        return degrees
    # Vectors of a whole number of registers take half the time.
    flat = jnp.pad(jnp.ravel(degrees), (0, -degrees.size % REGISTER), constant_values=LARGE)
    places = jnp.arange(flat.size)

    def last(rejected: Bool[Array, " m"]) -> Int[Array, ""]:
        return jnp.max(jnp.where(rejected, places, -1))

    def redraw(draws: _Draws) -> _Draws:
        """Draw the last rejected variate again."""
        value, accepted = _candidates(flat[draws.place], jax.random.fold_in(key, draws.round))
        here = places == draws.place
        rejected = draws.rejected & ~(here & accepted)
        values = jnp.where(here, value, draws.values)
        return _Draws(values, rejected, last(rejected), draws.round + 1)

    values, accepted = _candidates(flat, jax.random.fold_in(key, 0))
    start = _Draws(values, ~accepted, last(~accepted), jnp.asarray(1))
    drawn = jax.lax.while_loop(lambda draws: draws.place >= 0, redraw, start)
    return drawn.values[: degrees.size].reshape(degrees.shape)


def _candidates(
    degrees: Float[Array, "*shape"], key: Key[Array, ""]
) -> tuple[Float[Array, "*shape"], Bool[Array, "*shape"]]:
    """Draw one candidate for every variate, and whether it is accepted."""
    normal_key, test_key = jax.random.split(key)
    size = 0.5 * degrees - 1.0 / 3.0
    shift = jax.random.normal(normal_key, degrees.shape) / (3.0 * jnp.sqrt(size))
    possible = shift > -1.0
    safe = jnp.where(possible, shift, 0.0)
    log_acceptance = 3.0 * size * (jnp.log1p(safe) - safe * (1.0 - safe * (0.5 - safe / 3.0)))
    accepted = possible & (jax.random.exponential(test_key, degrees.shape) >= -log_acceptance)
    return 2.0 * size * (1.0 + safe) ** 3, accepted
