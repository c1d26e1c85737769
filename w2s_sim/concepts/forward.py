"""The forward algorithm of hidden Markov models, for all sequences and concepts at once.

Forward vectors are kept as probabilities that sum to one, and the logs of their sums are added up. A step
is then a product of matrices: several times faster than sums of exponentials over pairs of states, and as
safe from underflow. `benchmarks/forward_algorithm.py` times both, and an associative scan.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class Forward(NamedTuple):
    """What sequences say about hidden states.

    Attributes:
        log_likelihood: log p(sequence | k) in nats, shape (n, K); -inf where k cannot produce it.
        states: Law of the last hidden state given the sequence, shape (n, K, S); zeros where k cannot
            produce it.
    """

    log_likelihood: Float[Array, "n K"]
    states: Float[Array, "n K S"]


def rows_to_one(probabilities: Float[Array, "*rows m"]) -> Float[Array, "*rows m"]:
    """Probability vectors, made to sum to 1 in the precision at hand."""
    return probabilities / jnp.sum(probabilities, axis=-1, keepdims=True)


def forward(
    initial: Float[Array, "K S"],
    transition: Float[Array, "K S S"],
    emission: Float[Array, "K S V"],
    sequences: Int[Array, "n L"],
) -> Forward:
    """The forward algorithm.

    Args:
        initial: Laws of the first hidden state.
        transition: From a state (row) to the next.
        emission: From a state (row) to the symbol it shows.
        sequences: n sequences of L >= 1 symbols.
    """
    transition = rows_to_one(transition)
    # (K, V, S), so that a symbol picks its row.
    emitted = jnp.swapaxes(rows_to_one(emission), 1, 2)

    def show(states: Float[Array, "K n S"], symbols: Int[Array, " n"]) -> tuple[Array, Array]:
        """Weighs states by the symbols shown: the new law of the states, and the log of the sum."""
        weighted = states * emitted[:, symbols]
        total = jnp.sum(weighted, axis=-1)
        # A sequence that no state can go on with stays impossible; no gradient of log 0 is taken.
        possible = total > 0
        safe = jnp.where(possible, total, 1.0)
        return weighted / safe[..., None], jnp.where(possible, jnp.log(safe), -jnp.inf)

    def step(carry: tuple[Array, ...], symbols: Int[Array, " n"]) -> tuple[tuple[Array, ...], None]:
        states, total, lost = carry
        states, log_sum = show(states @ transition, symbols)
        # Compensated: what a small term loses to a large sum is added to the next one.
        term = log_sum + lost
        grown = total + term
        lost = jnp.where(jnp.isfinite(grown), term - (grown - total), 0.0)
        return (states, grown, lost), None

    shape = (initial.shape[0], sequences.shape[0], initial.shape[1])
    start = jnp.broadcast_to(rows_to_one(initial)[:, None], shape)
    states, log_likelihood = show(start, sequences[:, 0])
    carry = (states, log_likelihood, jnp.zeros_like(log_likelihood))
    (states, log_likelihood, _), _ = jax.lax.scan(step, carry, sequences[:, 1:].T)
    return Forward(log_likelihood.T, jnp.swapaxes(states, 0, 1))
