"""Reading texts: the hidden states of rows of tokens, and what a network keeps of the rows for later ones."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from w2s_sim.language_models.key_value_cache import KeyValueCache
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.token_rows import TokenRows


class ReadText(eqx.Module):
    """Texts that a network has read: B of them, or one that all rows share.

    Attributes:
        cache: Keys and values of the texts' slots.
        real: Which slots hold a token.
    """

    cache: KeyValueCache
    real: Bool[Array, "B S"]


def read_rows(
    network: Llama, rows: TokenRows, before: Sequence[ReadText] = ()
) -> tuple[Float[Array, "B T D"], ReadText]:
    """Read rows of tokens, each of which sees the texts before it and the earlier tokens of its own row.

    Args:
        network: The network.
        rows: The texts.
        before: Texts that were read before these, in their order.

    Returns:
        The hidden states of the rows, and the rows as texts that were read.
    """
    earlier = jnp.tril(jnp.ones((rows.tokens.shape[1],) * 2, dtype=bool))
    return read_seeing(network, rows, earlier, rows.places, before)


def read_seeing(
    network: Llama,
    rows: TokenRows,
    sees: Bool[Array, "*rows T T"],
    places: Int[Array, "B T"],
    before: Sequence[ReadText] = (),
) -> tuple[Float[Array, "B T D"], ReadText]:
    """Read rows in which it is given what each token sees, and where it stands after the texts before.

    Args:
        network: The network.
        rows: The texts.
        sees: Which slots of its row each token sees if they hold a token, in all rows alike or in each.
        places: The place of each token, from 0 for the first after the texts before.
        before: Texts that were read before these, in their order.

    Returns:
        The hidden states of the rows, and the rows as texts that were read.
    """
    shape = rows.tokens.shape
    visible = [jnp.broadcast_to(text.real[:, None], (*shape, text.real.shape[1])) for text in before]
    visible.append(sees & rows.real[:, None])
    first = sum((jnp.sum(text.real, axis=1, keepdims=True) for text in before), jnp.zeros((1, 1), dtype=int))
    caches = [text.cache for text in before]
    hidden, cache = network.hidden_states(
        rows.tokens, first + places, jnp.concatenate(visible, axis=-1), caches
    )
    return hidden, ReadText(cache, rows.real)


def last_hidden(hidden: Float[Array, "B T D"], rows: TokenRows) -> Float[Array, "B D"]:
    """Return the hidden state of the last token of each row."""
    slots = jnp.arange(rows.tokens.shape[1])
    last = jnp.max(jnp.where(rows.real, slots, 0), axis=1)
    return jnp.take_along_axis(hidden, last[:, None, None], axis=1)[:, 0]
