"""The same problem with its labels in another unit."""

from typing import TypeVar

import jax

from w2s_sim.verify.evaluation import leaf_name

TreeT = TypeVar("TreeT")

# Fields in label units, of tasks, models and estimators.
LABEL_FIELDS = (
    "vectors",
    "noise",
    "target_shift",
    "spread",
    "bias_scale",
    "middle",
    "target_vector",
    "start",
)
# From nanometres to gigametres; the powers of two change no digit of a number.
UNITS = (1e-9, 1e-6, 1e6, 1e9)
EXACT_UNITS = (2.0**-30, 2.0**30)


def in_units(tree: TreeT, c: float | jax.Array) -> TreeT:
    """A task, case or estimator whose labels are c times as large: concepts, noise and bias times c."""

    def scaled(path: object, leaf: jax.Array) -> jax.Array:
        return leaf * c if leaf_name(path).rsplit(".", 1)[-1] in LABEL_FIELDS else leaf

    return jax.tree_util.tree_map_with_path(scaled, tree)
