"""Hard predictions of which every symbol gets an equal share of the pairs."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

# Tolerance of masses and scores, in units of the machine epsilon.
ROUNDINGS = 8
# Cap on the number of moves, per context and symbol; about one is needed.
MOVES_PER_ENTRY = 8


class _Transport(NamedTuple):
    """An assignment that is best for the contexts seen so far.

    Attributes:
        held: Mass that each symbol holds of each context.
        room: Mass that each symbol can still take.
        context: The context whose mass is being assigned.
        left: Mass of it that is not assigned yet.
        moves: Number of moves so far.
    """

    held: Float[Array, "X V"]
    room: Float[Array, " V"]
    context: Int[Array, ""]
    left: Float[Array, ""]
    moves: Int[Array, ""]


def hardened(logits: Float[Array, "X V"], shares: Float[Array, " X"]) -> Float[Array, "X V"]:
    """Return the hard predictions of contexts, of which each of the V symbols gets 1/V of the pairs.

    Among all balanced assignments of pairs to symbols it is one of the largest mean logit. It predicts the
    symbol of the largest logit after a shift c_v of the logits that all contexts have in common; for two
    symbols this is a threshold of the log odds. Pairs of one context may get several symbols, whose shares
    are then the prediction. Contexts with equal logits, up to a constant, get equal predictions: the mean
    over all ways to break their tie.

    Successive best paths: context after context, mass goes to the symbol with room where the logits gain
    most, if need be by moving mass of other contexts from symbol to symbol.

    Args:
        logits: Logits of every context, in nats; a constant per context makes no difference.
        shares: Shares of the pairs in every context, which sum to 1. A context without pairs, and without
            an equal one that has pairs, gets zeros.
    """
    num_contexts, num_symbols = logits.shape
    if num_symbols == 1:
        return jnp.ones_like(logits)
    kind = jnp.finfo(logits.dtype)
    scores = jnp.maximum(logits - jnp.max(logits, axis=1, keepdims=True), jnp.log(kind.tiny))
    negligible = ROUNDINGS * kind.eps
    # More than the symbols can fail to take because of rounding.
    assigned = 2 * num_symbols * negligible

    def move(state: _Transport) -> _Transport:
        held, room, context, left, moves = state
        path = _best_path(scores, held > negligible, room > negligible, context)
        amount = jnp.minimum(left, room[path.symbols[0]])
        # The mass that can leave each symbol on the way to the next one.
        amount = jnp.min(jnp.where(path.used, held[path.movers, path.sources], amount), initial=amount)
        taken = jnp.where(path.used, amount, 0.0)
        held = held.at[path.movers, path.sources].add(-taken).at[path.movers, path.symbols[:-1]].add(taken)
        held = held.at[context, path.symbols[-1]].add(amount)
        left = left - amount
        is_done = left <= assigned
        context = context + is_done
        left = jnp.where(is_done, shares[jnp.minimum(context, num_contexts - 1)], left)
        return _Transport(held, room.at[path.symbols[0]].add(-amount), context, left, moves + 1)

    def unfinished(state: _Transport) -> Bool[Array, ""]:
        return (state.context < num_contexts) & (state.moves < MOVES_PER_ENTRY * logits.size)

    room = jnp.full(num_symbols, 1.0 / num_symbols, logits.dtype)
    start = _Transport(jnp.zeros_like(logits), room, jnp.array(0), shares[0], jnp.array(0))
    held = jnp.maximum(jax.lax.while_loop(unfinished, move, start).held, 0.0)
    equal = jnp.all(scores[:, None] == scores[None], axis=2).astype(logits.dtype)
    together = equal @ held
    total = jnp.sum(together, axis=1, keepdims=True)
    return together / jnp.where(total > 0, total, 1.0)


class _Path(NamedTuple):
    """A way for mass of a context to a symbol with room, listed backwards.

    Attributes:
        symbols: The symbols from the last, which has room, to the first, which takes mass of the context.
        movers: The context of which mass moves on to the symbol at the same place.
        sources: The symbol that this mass leaves.
        used: Whether there is such a move; symbols repeat after the first symbol of the path.
    """

    symbols: Int[Array, " V"]
    movers: Int[Array, " V-1"]
    sources: Int[Array, " V-1"]
    used: Bool[Array, " V-1"]


def _best_path(
    scores: Float[Array, "X V"], can_leave: Bool[Array, "X V"], has_room: Bool[Array, " V"], context: Array
) -> _Path:
    """Return the path along which the scores gain most, by the algorithm of Bellman and Ford."""
    num_symbols = scores.shape[1]
    gains = jnp.where(can_leave[:, :, None], scores[:, None, :] - scores[:, :, None], -jnp.inf)
    gain, mover = jnp.max(gains, axis=0), jnp.argmax(gains, axis=0)
    resolution = ROUNDINGS * jnp.finfo(scores.dtype).eps * jnp.max(-scores)
    best, before = scores[context], jnp.full(num_symbols, -1)
    for _ in range(num_symbols - 1):
        reached = best[:, None] + gain
        better = jnp.max(reached, axis=0) > best + resolution
        before = jnp.where(better, jnp.argmax(reached, axis=0), before)
        best = jnp.where(better, jnp.max(reached, axis=0), best)
    symbols = [jnp.argmax(jnp.where(has_room, best, -jnp.inf))]
    movers, sources, used = [], [], []
    for _ in range(num_symbols - 1):
        source = before[symbols[-1]]
        used.append(source >= 0)
        movers.append(mover[source, symbols[-1]])
        sources.append(source)
        symbols.append(jnp.where(used[-1], source, symbols[-1]))
    return _Path(*(jnp.stack(each) for each in (symbols, movers, sources, used)))
