"""The forward algorithm of hidden Markov models, for all sequences and concepts at once.

Forward vectors are normalised to sum to one, and the logarithms of their sums are added up. A step is then a
matrix product, several times faster than log-sum-exp over pairs of states. The danger is underflow: the
probability of a state can underflow although this state alone explains a later symbol. A sequence in which
this may have happened is read a second time, with small probabilities rounded up instead of down. Where both
readings agree, underflow had no effect. Where they differ, the sequence is read under that concept in
arithmetic that stores an exponent for every state (`w2s_sim.concepts.wide`).
`benchmarks/forward_algorithm.py` times this algorithm and alternatives.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from w2s_sim.concepts import wide
from w2s_sim.concepts.wide import Wide

Parameters = tuple[Float[Array, "K S"], Float[Array, "K S S"], Float[Array, "K S V"]]

# Largest number of parameters copied in one round of exact readings, over all its (sequence, concept) pairs.
MOST_COPIED = 2**21


class Forward(NamedTuple):
    """Results of the forward algorithm: likelihoods, filtered states and next-symbol laws of n sequences.

    Attributes:
        log_likelihood: log p(sequence | k) in nats, shape (n, K); -inf if k cannot produce the sequence.
        states: Law of the last hidden state given the sequence, shape (n, K, S); zeros if k cannot produce
            the sequence.
        log_next: log p(next symbol | sequence, k) in nats, shape (n, K, V); -inf if k cannot produce the
            sequence or the symbol.
    """

    log_likelihood: Float[Array, "n K"]
    states: Float[Array, "n K S"]
    log_next: Float[Array, "n K V"]


def rows_to_one(probabilities: Float[Array, "*rows m"]) -> Float[Array, "*rows m"]:
    """Normalise probability vectors along the last axis to sum to 1."""
    return probabilities / jnp.sum(probabilities, axis=-1, keepdims=True)


@jax.jit
def forward(
    initial: Float[Array, "K S"],
    transition: Float[Array, "K S S"],
    emission: Float[Array, "K S V"],
    sequences: Int[Array, "n L"],
) -> Forward:
    """Run the forward algorithm on n sequences under K hidden Markov models.

    Parameters below the smallest normal number (1e-38 in float32) count as zero.

    Args:
        initial: Law of the first hidden state, per concept.
        transition: Probabilities from a state (row) to the next state.
        emission: Probabilities of the symbols in a state (row).
        sequences: n sequences of L >= 1 symbols.
    """
    parameters = rows_to_one(initial), rows_to_one(transition), rows_to_one(emission)
    return _read(*parameters, sequences)


@jax.custom_jvp
def _read(
    initial: Float[Array, "K S"],
    transition: Float[Array, "K S S"],
    emission: Float[Array, "K S V"],
    sequences: Int[Array, "n L"],
) -> Forward:
    parameters = initial, transition, emission
    quick, least = _scaled(parameters, sequences, None)
    enough = _enough(parameters)
    lost = ~(least >= enough)

    # A loop replaces `cond`: under vmap, a `cond` would always run the second reading.
    def compare(state: tuple[Array, Array]) -> tuple[Array, Array]:
        """Keep as lost only the (sequence, concept) pairs whose two readings differ."""
        raised, _ = _scaled(parameters, sequences, enough)
        return jnp.asarray(False), state[1] & ~_agree(quick, raised)

    _, lost = jax.lax.while_loop(lambda state: state[0], compare, (jnp.any(lost), lost))

    num_concepts, num_states = initial.shape
    num_pairs = sequences.shape[0] * num_concepts
    most = MOST_COPIED // (num_states * max(num_states, emission.shape[2]))
    size = max(1, min(num_pairs, most))

    def again(state: tuple[Array, Forward]) -> tuple[Array, Forward]:
        """Read the next lost pairs exactly, as many as one round holds."""
        lost, found = state
        # Indices beyond the last pair pad the round; `mode="drop"` discards their results.
        pairs = jnp.nonzero(lost, size=size, fill_value=num_pairs)[0]
        rows, columns = pairs // num_concepts, pairs % num_concepts
        first, moves, shows = (part[columns] for part in parameters)
        exact = jax.vmap(_exact_pair)(first, moves, shows, sequences[rows])
        written = (old.at[rows, columns].set(new, mode="drop") for old, new in zip(found, exact, strict=True))
        return lost.at[pairs].set(False, mode="drop"), Forward(*written)

    _, found = jax.lax.while_loop(lambda state: jnp.any(state[0]), again, (lost.ravel(), quick))
    return found


@_read.defjvp
def _read_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Forward, Forward]:
    """Differentiate the exact algorithm, which has no loop of unknown length."""
    *parameters, sequences = primals
    return jax.jvp(lambda *p: _exact(p, sequences), tuple(parameters), tuple(tangents[:3]))


def _enough(parameters: Parameters) -> Float[Array, " K"]:
    """Smallest state probability, per concept, that cannot underflow in one step.

    In the worst case, one step multiplies a probability by the smallest positive transition and the smallest
    positive emission probability. Infinite if this product underflows.
    """
    _, transition, emission = parameters
    smallest = jnp.finfo(emission.dtype).smallest_normal
    # The factor 16 is a margin for rounding.
    return 16.0 * smallest / (_least(transition, (1, 2)) * _least(emission, (1, 2)))


def _agree(quick: Forward, raised: Forward) -> Bool[Array, "n K"]:
    """Whether the log probabilities of two readings differ by no more than their rounding."""
    rounding = jnp.finfo(quick.states.dtype).eps

    def close(low: Array, high: Array) -> Array:
        rounded = jnp.abs(high - low) <= rounding * jnp.maximum(jnp.abs(low), 1.0)
        return (low == high) | (jnp.isfinite(low) & rounded)

    following = jnp.all(close(quick.log_next, raised.log_next), axis=-1)
    return following & close(quick.log_likelihood, raised.log_likelihood)


def _scaled(
    parameters: Parameters, sequences: Int[Array, "n L"], floor: Float[Array, " K"] | None
) -> tuple[Forward, Float[Array, "n K"]]:
    """The normalised forward algorithm, and the smallest positive state probability that occurred.

    Without a floor, underflow can only make probabilities too small; they are correct as long as no
    state falls below `_enough`. With `_enough` as the floor, probabilities can only be too large: every
    possible state keeps a positive probability.
    """
    initial, transition, emission = parameters
    # States before sequences: sums over states then run over vectors of sequences.
    backwards = jnp.swapaxes(transition, 1, 2)

    def lift(states: Float[Array, "K S n"]) -> Array:
        if floor is None:
            return states
        return jnp.where(states > 0, jnp.maximum(states, floor[:, None, None]), 0.0)

    def show(states: Float[Array, "K S n"], symbols: Int[Array, " n"]) -> tuple[Array, Array]:
        """Weight states by their emission of the symbols; return the new law and the log of the sum."""
        weighted = states * emission[:, :, symbols]
        total = jnp.sum(weighted, axis=1)
        # A sequence that no state can continue stays impossible.
        possible = total > 0
        safe = jnp.where(possible, total, 1.0)
        return lift(weighted / safe[:, None]), jnp.where(possible, jnp.log(safe), -jnp.inf)

    def step(carry: tuple[Array, ...], symbols: Int[Array, " n"]) -> tuple[tuple[Array, ...], None]:
        states, total, missed, least = carry
        moved = jnp.matmul(backwards, states, precision="highest")
        states, log_sum = show(moved, symbols)
        # Compensated (Kahan) summation: the rounding error of a sum is added to the next term.
        term = log_sum + missed
        grown = total + term
        missed = jnp.where(jnp.isfinite(grown), term - (grown - total), 0.0)
        return (states, grown, missed, jnp.minimum(least, _least(states, (1,)))), None

    shape = (*initial.shape, sequences.shape[0])
    start = lift(jnp.broadcast_to(initial[:, :, None], shape))
    states, log_likelihood = show(start, sequences[:, 0])
    least = jnp.minimum(_least(start, (1,)), _least(states, (1,)))
    carry = (states, log_likelihood, jnp.zeros_like(log_likelihood), least)
    (states, log_likelihood, _, least), _ = jax.lax.scan(step, carry, sequences[:, 1:].T)
    states = jnp.swapaxes(states, 1, 2)
    shown = jnp.matmul(jnp.matmul(states, transition, precision="highest"), emission, precision="highest")
    found = log_likelihood, states, _log(shown)
    return Forward(*(jnp.swapaxes(part, 0, 1) for part in found)), least.T


def _exact_pair(
    initial: Float[Array, " S"],
    transition: Float[Array, "S S"],
    emission: Float[Array, "S V"],
    sequence: Int[Array, " L"],
) -> Forward:
    """The exact forward algorithm for one sequence under one concept."""
    found = _exact((initial[None], transition[None], emission[None]), sequence[None])
    return Forward(*(part[0, 0] for part in found))


def _exact(parameters: Parameters, sequences: Int[Array, "n L"]) -> Forward:
    """The forward algorithm with an exponent for every state: no underflow at any length."""
    initial, transition, emission = (wide.wide(part) for part in parameters)
    emitted = Wide(*(jnp.swapaxes(part, 1, 2) for part in emission))

    def show(states: Wide, symbols: Int[Array, " n"]) -> Wide:
        return wide.times(states, Wide(*(part[:, symbols] for part in emitted)))

    def step(states: Wide, symbols: Int[Array, " n"]) -> tuple[Wide, None]:
        return show(wide.product(states, transition), symbols), None

    start = show(Wide(*(part[:, None] for part in initial)), sequences[:, 0])
    states, _ = jax.lax.scan(step, start, sequences[:, 1:].T)
    total = wide.total(states)
    law = wide.over(states, total)
    following = wide.product(wide.product(law, transition), emission)
    found = wide.log(total), wide.plain(law), wide.log(following)
    return Forward(*(jnp.swapaxes(part, 0, 1) for part in found))


def _least(probabilities: Float[Array, "..."], axes: tuple[int, ...]) -> Float[Array, "..."]:
    """Smallest positive probability along the axes; 1 if all are zero."""
    # The bits of numbers >= 0, read as whole numbers, are in the same order, and 0 less 1 is the largest
    # number: faster than a comparison and a choice for every number.
    kind = jnp.uint32 if probabilities.dtype.itemsize == 4 else jnp.uint64
    least = jnp.min(jax.lax.bitcast_convert_type(probabilities, kind) - kind(1), axis=axes) + kind(1)
    return jnp.where(least == 0, 1.0, jax.lax.bitcast_convert_type(least, probabilities.dtype))


def _log(probabilities: Float[Array, "..."]) -> Float[Array, "..."]:
    possible = probabilities > 0
    return jnp.where(possible, jnp.log(jnp.where(possible, probabilities, 1.0)), -jnp.inf)
