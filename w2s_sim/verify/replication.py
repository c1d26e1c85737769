"""The replication engine: many replicates of a pure function of (key, case).

Replicates are computed in tiles of a fixed number of lanes, and replicate i always sits in lane
i mod L of tile i div L. The compiled program and the place in it are then the same however a run is
cut, so that a replicate's value is the same to the bit. L depends on the case alone.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.errors import InputError
from w2s_sim.statements import Case

Measure = Callable[[Key[Array, ""], Any], Float[Array, ""]]

_compiling = threading.Lock()

LARGEST_TILE = 512
# Intermediate arrays of a tile, in bytes, above which tiles get fewer lanes.
TILE_BYTES = 2**26
# How many arrays of the largest size are alive at once, at most, in the estimators at hand.
LIVE_ARRAYS = 8
# A check compiles many small programs: these halve the time that takes, and run no slower.
COMPILER_OPTIONS = {
    "xla_backend_optimization_level": 1,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_parallel_codegen_split_count": 1,
}


def replicate(
    measure: Measure, case: Any, *, seed: int, start: int, stop: int, memory: int = 2**30
) -> Float[np.ndarray, " replicates"]:
    """Replicates start..stop-1 of a measured quantity.

    Args:
        measure: Pure function of (key, case) to a scalar.
        case: A pytree.
        seed: Replicate i gets the key fold_in(key(seed), i).
        start: First replicate, >= 0.
        stop: One past the last.
        memory: Bytes that one tile may take.

    Returns:
        float64 values, the same to the bit whichever range they were asked for in.

    Raises:
        InputError: If one tile does not fit in the memory.
    """
    key = jax.random.key(seed)
    arrays, static = _split(case)
    run, lanes = _compiled_tile(measure, arrays, static, memory)
    first_tile, last_tile = start // lanes, -(-stop // lanes)
    tiles = [np.asarray(run(key, tile * lanes, arrays)) for tile in range(first_tile, last_tile)]
    values = np.concatenate(tiles) if tiles else np.zeros(0)
    offset = first_tile * lanes
    return values[start - offset : stop - offset].astype(np.float64)


def prepare(measure: Measure, case: Any, *, memory: int = 2**30) -> None:
    """Compile what `replicate` will run, so that another thread can do it ahead of time."""
    _compiled_tile(measure, *_split(case), memory)


def _split(case: Any) -> tuple[Any, Any]:
    """A case's arrays and the rest, without the name: left in, it would compile every case anew."""
    if isinstance(case, Case):
        case = Case("", case.task, case.estimator, case.grouped)
    return eqx.partition(case, eqx.is_array)


def _compiled_tile(
    measure: Measure, arrays: Any, static: Any, memory: int
) -> tuple[Callable[..., Array], int]:
    """The program of one tile, and its number of lanes. Compiled once, whichever thread asks first."""
    # Static parts and shapes name the program; values of arrays do not.
    leaves, structure = jax.tree.flatten(arrays)
    shapes = tuple((leaf.shape, leaf.dtype.name) for leaf in leaves)
    static_leaves, static_structure = jax.tree.flatten(static)
    setting = (jax.default_backend(), jax.numpy.zeros(()).dtype.name)
    with _compiling:
        return _cached_tile(
            measure, structure, shapes, static_structure, tuple(static_leaves), memory, setting
        )


@functools.lru_cache(maxsize=512)
def _cached_tile(
    measure: Measure,
    structure: Any,
    shapes: tuple,
    static_structure: Any,
    static_leaves: tuple,
    memory: int,
    setting: tuple[str, str],
) -> tuple[Callable[..., Array], int]:
    static = jax.tree.unflatten(static_structure, static_leaves)
    key = jax.eval_shape(lambda: jax.random.key(0))
    arrays = jax.tree.unflatten(structure, [jax.ShapeDtypeStruct(s, np.dtype(t)) for s, t in shapes])

    lanes = LARGEST_TILE
    while True:
        traced = _trace_tile(measure, static, lanes, key, arrays)
        needed = LIVE_ARRAYS * _largest_array_bytes(traced.jaxpr.jaxpr)
        if needed <= TILE_BYTES or lanes == 1:
            break
        lanes //= 2
    if needed > memory:
        raise InputError("memory", f"{memory:,} bytes", f">= {needed:,} bytes for one replicate of this case")
    return traced.lower().compile(compiler_options=COMPILER_OPTIONS), lanes


def _trace_tile(measure: Measure, static: Any, lanes: int, key: Any, arrays: Any) -> Any:
    def tile(key: Key[Array, ""], first: Array, arrays: Any) -> Float[Array, " lanes"]:
        case = eqx.combine(arrays, static)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(first + jnp.arange(lanes))
        return jax.vmap(lambda k: measure(k, case))(keys)

    return jax.jit(tile).trace(key, 0, arrays)


def _largest_array_bytes(jaxpr: Any) -> int:
    """Bytes of the largest intermediate array of a program, nested programs included."""
    largest = 0
    for equation in jaxpr.eqns:
        for variable in equation.outvars:
            shape, dtype = getattr(variable.aval, "shape", ()), getattr(variable.aval, "dtype", None)
            itemsize = getattr(dtype, "itemsize", 8)
            largest = max(largest, int(np.prod(shape)) * itemsize)
        for nested in jax.tree.leaves(
            list(equation.params.values()),
            is_leaf=lambda leaf: hasattr(leaf, "eqns") or hasattr(leaf, "jaxpr"),
        ):
            inner = getattr(nested, "jaxpr", nested)
            if hasattr(inner, "eqns"):
                largest = max(largest, _largest_array_bytes(inner))
    return largest
