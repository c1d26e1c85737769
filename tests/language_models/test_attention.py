"""Attention of long texts, a few tokens at a time, against all tokens at once in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.language_models.attention import TOKENS_TOGETHER, attend
from w2s_sim.language_models.key_value_cache import KeyValueCache

HEADS, GROUPS, WIDTH = 4, 2, 3


@pytest.mark.parametrize("tokens", [TOKENS_TOGETHER, TOKENS_TOGETHER + 1, 2 * TOKENS_TOGETHER + 5])
def test_tokens_see_what_they_are_given_to_see(tokens: int) -> None:
    """Two rows with keys of their own, after a cache that both share."""
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(2, HEADS, tokens, WIDTH))
    shared, own = (rng.normal(size=(2, rows, GROUPS, slots, WIDTH)) for rows, slots in ((1, 7), (2, tokens)))
    visible = rng.random((2, tokens, 7 + tokens)) < 0.5
    visible[:, :, 0] = True
    keys, values = np.concatenate([np.broadcast_to(shared, (2, 2, GROUPS, 7, WIDTH)), own], axis=3)
    of_head = np.arange(HEADS) // (HEADS // GROUPS)
    weights = np.exp(np.einsum("bhtc,bhsc->bhts", queries, keys[:, of_head]) / np.sqrt(WIDTH))
    weights *= visible[:, None]
    means = np.einsum("bhts,bhsc->bhtc", weights / weights.sum(axis=3, keepdims=True), values[:, of_head])
    with jax.enable_x64(True):
        caches = [KeyValueCache(*map(jnp.asarray, cache)) for cache in (shared, own)]
        got = np.asarray(attend(jnp.asarray(queries), caches, jnp.asarray(visible)))
    np.testing.assert_allclose(got, means, atol=1e-12)
