"""Conversion of pytrees to the current float precision of JAX, float32 or float64."""

from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from w2s_sim._checks import concrete
from w2s_sim.errors import InputError
from w2s_sim.fields import Role, role_of

TreeT = TypeVar("TreeT")


def in_precision(tree: TreeT) -> TreeT:
    """Convert a pytree to the current precision: under float64, float32 numbers are widened.

    Args:
        tree: A case, a task or an estimator, concrete or traced.

    Raises:
        InputError: If a number is float64 while the current precision is float32, and would lose digits.
    """
    at_hand = jax.dtypes.canonicalize_dtype(float)
    others = [
        (path, leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree) if _differs(leaf, at_hand)
    ]
    if not others:
        return tree
    if at_hand == jnp.float32:
        name = jax.tree_util.keystr(others[0][0], simple=True, separator=".")
        given = f"{others[0][1].dtype} while the precision is {at_hand}"
        raise InputError(
            name,
            given,
            "numbers made and used in one precision: both in float32, or both in jax.enable_x64(True)",
        )
    return widened(tree)


def widened(tree: TreeT) -> TreeT:
    """Convert a pytree to float64; rounded probability vectors are normalised again."""

    def widen(path: Any, leaf: Any) -> Any:
        if not _differs(leaf, np.dtype(np.float64)):
            return leaf
        # NumPy needs no program for each shape.
        xp = np if concrete(leaf) else jnp
        values = xp.asarray(leaf, dtype=xp.float64)
        if role_of(tree, path) is Role.PROBABILITY:
            values = values / values.sum(axis=-1, keepdims=True)
        return jnp.asarray(values)

    return jax.tree_util.tree_map_with_path(widen, tree)


def _differs(leaf: Any, precision: np.dtype) -> bool:
    """Whether a leaf is a JAX array of floats in a different precision."""
    return (
        isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.dtype != precision
    )
