"""The cache of keys and values: what a language model keeps of the tokens that it has read."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class KeyValueCache(eqx.Module):
    """Keys and values of S tokens in every layer, of B rows, or of one row that all rows share.

    Attributes:
        keys: The keys, after their rotation.
        values: The values.
    """

    keys: Float[Array, "*L B G S C"]
    values: Float[Array, "*L B G S C"]

    @property
    def num_slots(self) -> int:
        """Number of slots S; what a slot holds counts only where a token sees it."""
        return self.keys.shape[3]

    def written(self, new: "KeyValueCache", slot: Int[Array, ""]) -> "KeyValueCache":
        """Return the cache with new tokens in the slots from `slot` on."""
        old = (self.keys, self.values)
        parts = zip(old, (new.keys, new.values), strict=True)
        return KeyValueCache(*(jax.lax.dynamic_update_slice_in_dim(a, b, slot, axis=3) for a, b in parts))

    def followed_by(self, new: "KeyValueCache") -> "KeyValueCache":
        """Return the cache of these tokens and of those after them."""
        return KeyValueCache(
            jnp.concatenate([self.keys, new.keys], axis=3), jnp.concatenate([self.values, new.values], axis=3)
        )
