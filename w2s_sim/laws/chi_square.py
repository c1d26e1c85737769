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


class _Draws(NamedTuple):
    """Variates, some of which are still to be drawn again.

    Attributes:
        values: One variate for every number of degrees of freedom.
        accepted: Whether the variate has the right law; otherwise it must be drawn again.
        round: Number of rounds so far, each with keys of its own.
    """

    values: Float[Array, " m"]
    accepted: Bool[Array, " m"]
    round: Int[Array, ""]


def chi_square(degrees: Float[Array, "*shape"], *, key: Key[Array, ""]) -> Float[Array, "*shape"]:
    """Draw independent chi-squared variates.

    Args:
        degrees: Degrees of freedom k > 2/3, also if traced; not necessarily whole numbers.
        key: Typed PRNG key.
    """
    if degrees.size == 0:
        return degrees
    flat = jnp.ravel(degrees)
    places = jnp.arange(flat.size)

    def redraw(draws: _Draws) -> _Draws:
        """Draw the first rejected variate again."""
        place = jnp.argmin(draws.accepted)
        value, accepted = _candidates(flat[place], jax.random.fold_in(key, draws.round))
        here = places == place
        return _Draws(
            jnp.where(here, value, draws.values), draws.accepted | (here & accepted), draws.round + 1
        )

    values, accepted = _candidates(flat, jax.random.fold_in(key, 0))
    start = _Draws(values, accepted, jnp.asarray(1))
    drawn = jax.lax.while_loop(lambda draws: ~jnp.all(draws.accepted), redraw, start)
    return drawn.values.reshape(jnp.shape(degrees))


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
