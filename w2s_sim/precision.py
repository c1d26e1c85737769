"""The precision at hand, float32 or float64, and numbers that were made in the other one."""

from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from w2s_sim.errors import InputError
from w2s_sim.fields import Role, role_of

TreeT = TypeVar("TreeT")


def in_precision(tree: TreeT) -> TreeT:
    """A pytree in the precision at hand: where that is float64, numbers made in float32 are widened.

    Args:
        tree: A case, a task, an estimator; concrete or traced.

    Raises:
        InputError: If numbers are in float64 where float32 is at hand: what they say beyond it would be lost.
    """
    at_hand = jax.dtypes.canonicalize_dtype(float)
    others = [
        (path, leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree) if _differs(leaf, at_hand)
    ]
    if not others:
        return tree
    if at_hand == jnp.float32:
        name = jax.tree_util.keystr(others[0][0], simple=True, separator=".")
        given = f"{others[0][1].dtype} while {at_hand} is at hand"
        raise InputError(
            name,
            given,
            "numbers made and used in one precision: both in float32, or both in jax.enable_x64(True)",
        )
    return widened(tree)


def widened(tree: TreeT) -> TreeT:
    """A pytree in float64; probabilities, which were rounded to less, are made to sum to one again."""

    def widen(path: Any, leaf: Any) -> Any:
        if not _differs(leaf, np.dtype(np.float64)):
            return leaf
        values = jnp.asarray(leaf, dtype=jnp.float64)
        if role_of(tree, path) is Role.PROBABILITY:
            values = values / values.sum(axis=-1, keepdims=True)
        return values

    return jax.tree_util.tree_map_with_path(widen, tree)


def _differs(leaf: Any, precision: np.dtype) -> bool:
    """Whether a leaf is an array of floats in another precision."""
    return (
        isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.dtype != precision
    )
