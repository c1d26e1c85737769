"""Attention of queries in groups to the keys of several caches at once."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from w2s_sim.language_models.key_value_cache import KeyValueCache

# Logit of a slot that a token does not see: its weight is zero in every precision, and the weights of a token
# that sees nothing stay finite.
UNSEEN = -1e30
# Tokens of a long text whose weights are held at once.
TOKENS_TOGETHER = 128


def attend(
    queries: Float[Array, "B H T C"], caches: Sequence[KeyValueCache], visible: Bool[Array, "B T S"]
) -> Float[Array, "B H T C"]:
    """Return the mean of the values that each query sees, weighted by the softmax of its products with keys.

    The caches stay apart: only the one that grows is copied while text is generated, and a row of keys that
    all rows share is multiplied once. The weights of a long text are held for a few of its tokens at a time.

    Args:
        queries: The queries of H heads; each of the G groups of keys serves H / G consecutive heads.
        caches: One layer of caches, of B rows or of one, whose slots together are the S slots.
        visible: Which slots each token sees.
    """
    if queries.shape[2] <= TOKENS_TOGETHER:
        return _means(queries, caches, visible)
    means = jax.lax.map(
        lambda token: _means(token[0][:, :, None], caches, token[1][:, None])[:, :, 0],
        (jnp.moveaxis(queries, 2, 0), jnp.moveaxis(visible, 1, 0)),
        batch_size=TOKENS_TOGETHER,
    )
    return jnp.moveaxis(means, 0, 2)


def _means(
    queries: Float[Array, "B H T C"], caches: Sequence[KeyValueCache], visible: Bool[Array, "B T S"]
) -> Float[Array, "B H T C"]:
    """Return what `attend` returns, where the weights of all tokens are held at once."""
    rows, heads, tokens, width = queries.shape
    groups = caches[0].keys.shape[1]
    grouped = queries.reshape(rows, groups, -1, width) * width**-0.5
    logits = jnp.concatenate([_product(grouped, cache.keys.swapaxes(2, 3)) for cache in caches], axis=-1)
    logits = logits.reshape(rows, heads, tokens, -1).astype(jnp.promote_types(logits.dtype, jnp.float32))
    weights = jax.nn.softmax(jnp.where(visible[:, None], logits, UNSEEN)).astype(queries.dtype)
    ends = np.cumsum([cache.keys.shape[2] for cache in caches])
    parts = jnp.split(weights.reshape(rows, groups, heads // groups * tokens, -1), ends[:-1], axis=-1)
    means = sum(_product(part, cache.values) for part, cache in zip(parts, caches, strict=True))
    return jnp.asarray(means).reshape(queries.shape)


def _product(left: Float[Array, "B G n m"], right: Float[Array, "rows G m k"]) -> Float[Array, "B G n k"]:
    """Multiply matrices row by row, or all rows by the same matrices if `right` has one row."""
    if right.shape[0] == left.shape[0]:
        return left @ right
    return jnp.einsum("bgnm,gmk->bgnk", left, right[0])
