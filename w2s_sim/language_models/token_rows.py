"""Rows of tokens of different lengths in one array."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int


class TokenRows(eqx.Module):
    """B texts in rows of T slots, some of which hold no token of the text.

    Empty slots may stand anywhere: nothing sees them, and they count for no position.

    Attributes:
        tokens: The token ids; any id in an empty slot.
        real: Which slots hold a token of the text.
    """

    tokens: Int[Array, "*rows T"]
    real: Bool[Array, "*rows T"]

    @property
    def lengths(self) -> Int[Array, "*rows"]:
        """Number of tokens of each text."""
        return jnp.sum(self.real, axis=-1)

    @property
    def places(self) -> Int[Array, "*rows T"]:
        """The place of each token in its own text, from 0."""
        return jnp.maximum(jnp.cumsum(self.real, axis=-1) - 1, 0)

    def followed_by(self, rows: "TokenRows") -> "TokenRows":
        """Return the texts with other texts behind them, row by row."""
        tokens = jnp.concatenate([self.tokens, rows.tokens], axis=-1)
        return TokenRows(tokens, jnp.concatenate([self.real, rows.real], axis=-1))


def token_rows(texts: Sequence[Sequence[int]], multiple: int = 1, slots: int = 0) -> TokenRows:
    """Put token ids of texts into rows, the empty slots at the end.

    Args:
        texts: The token ids of each text, at least one text.
        multiple: The number of slots is a multiple of this, so that texts of similar lengths share a program.
        slots: Smallest number of slots.
    """
    longest = max(slots, 1, *(len(text) for text in texts))
    width = -(-longest // multiple) * multiple
    tokens, real = np.zeros((len(texts), width), dtype=int), np.zeros((len(texts), width), dtype=bool)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = text
        real[row, : len(text)] = True
    return TokenRows(jnp.asarray(tokens), jnp.asarray(real))
