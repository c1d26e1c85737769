"""Generation: the tokens with which a network continues rows of texts, greedily or sampled."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import ReadText, last_hidden, read_rows
from w2s_sim.language_models.token_rows import TokenRows


def generate(
    network: Llama,
    prompts: TokenRows,
    num_tokens: int,
    end_tokens: Sequence[int],
    before: Sequence[ReadText] = (),
    *,
    temperature: Float[Array, ""] | float = 0.0,
    key: Key[Array, ""] | None = None,
) -> Int[Array, "B N"]:
    """Continue each prompt until an end token, by at most N tokens.

    A row depends on its own prompt and on its place in the batch, not on the other rows.

    Args:
        network: The network.
        prompts: B prompts, each of at least one token.
        num_tokens: Number N of tokens.
        end_tokens: Ids of the tokens that end a text, at least one.
        before: Texts that were read before the prompts, such as demonstrations.
        temperature: 0 takes the likeliest token; 1 draws from the network's own law.
        key: Typed PRNG key; needed for a temperature above 0.

    Returns:
        The tokens; from the end of a text on, the first of the end tokens.
    """
    hidden, read = read_rows(network, prompts, before)
    texts = (*before, read)
    keys = jax.random.split(jax.random.key(0) if key is None else key, prompts.tokens.shape[0])

    def choose(hidden: Float[Array, "B D"], step: Int[Array, ""]) -> Int[Array, " B"]:
        log_law = network.log_probabilities(hidden)
        if isinstance(temperature, float) and temperature == 0.0:
            return jnp.argmax(log_law, axis=-1)
        own = jax.vmap(lambda row: jax.random.fold_in(row, step))(keys)
        return jax.vmap(jax.random.categorical)(own, log_law / temperature)

    def unfinished(state: tuple) -> Array:
        step, tokens, _ = state
        ended = jnp.any(jnp.isin(tokens, ends) & (jnp.arange(num_tokens) < step), axis=1)
        return (step < num_tokens) & ~jnp.all(ended)

    def advance(state: tuple) -> tuple:
        """Read the last token, and write the next."""
        step, tokens, cache = state
        row = jax.lax.dynamic_slice_in_dim(tokens, step - 1, 1, axis=1)
        written = jnp.arange(num_tokens) < step - 1
        own = ReadText(cache, jnp.broadcast_to(written, tokens.shape))
        hidden, new = read_rows(network, TokenRows(row, jnp.ones_like(row, dtype=bool)), (*texts, own))
        tokens = tokens.at[:, step].set(choose(hidden[:, 0], step))
        return step + 1, tokens, cache.written(new.cache, step - 1)

    ends = jnp.asarray(end_tokens)
    tokens = jnp.full((prompts.tokens.shape[0], num_tokens), ends[0])
    tokens = tokens.at[:, 0].set(choose(last_hidden(hidden, prompts), jnp.asarray(0)))
    room = jax.tree.map(lambda leaf: _empty(leaf, num_tokens), read.cache)
    _, tokens, _ = jax.lax.while_loop(unfinished, advance, (jnp.asarray(1), tokens, room))
    ended = jnp.cumsum(jnp.isin(tokens, ends), axis=1) > 0
    return jnp.where(ended, ends[0], tokens)


def _empty(like: Float[Array, "L B G S C"], slots: int) -> Float[Array, "L B G slots C"]:
    return jnp.zeros((*like.shape[:3], slots, like.shape[4]), like.dtype)
