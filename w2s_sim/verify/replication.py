"""The replication engine: many replicates of a pure function of (key, case).

Replicates are computed in tiles of a fixed number of lanes, and replicate i always sits in lane
i mod L of tile i div L. The compiled programs and the place in them are then the same however a run is
cut, so that a replicate's value is the same to the bit. L depends on the case alone.
"""

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.errors import InputError
from w2s_sim.statements import Case, FromWeakData, Sampling
from w2s_sim.task import WeakData
from w2s_sim.verify._once import once

Measure = Callable[[Key[Array, ""], Any], Float[Array, "*r"]]

LARGEST_TILE = 512
# Intermediate arrays of a tile, in bytes, above which tiles get fewer lanes.
TILE_BYTES = 2**26
# How many arrays of the largest size are alive at once, at most, in the estimators at hand.
LIVE_ARRAYS = 8
# A check compiles many small programs: these cut the time that takes to a third, and run no slower.
COMPILER_OPTIONS = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": 1,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_parallel_codegen_split_count": 1,
}


def replicate(
    measure: Measure, case: Any, *, seed: int, start: int, stop: int, memory: int = 2**30
) -> Float[np.ndarray, "replicates *r"]:
    """Replicates start..stop-1 of a measured quantity.

    Args:
        measure: Pure function of (key, case) to a scalar or a vector (r,).
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
    case = _unnamed(case)
    program = _program(measure, case, memory)
    key = jax.random.key(seed)
    first_tile, last_tile = start // program.lanes, -(-stop // program.lanes)
    tiles = [
        np.asarray(program.run(key, tile * program.lanes, case)) for tile in range(first_tile, last_tile)
    ]
    values = np.concatenate(tiles) if tiles else np.zeros(0)
    offset = first_tile * program.lanes
    return values[start - offset : stop - offset].astype(np.float64)


def prepare(measure: Measure, case: Any, *, memory: int = 2**30) -> None:
    """Compile what `replicate` will run, so that another thread can do it ahead of time."""
    _program(measure, _unnamed(case), memory)


def _unnamed(case: Any) -> Any:
    """A case without its name: the name is static, and would compile every case anew."""
    return Case("", case.task, case.estimator, case.grouped) if isinstance(case, Case) else case


@dataclasses.dataclass(frozen=True)
class _Form:
    """All of a pytree but the values of its arrays: what a compiled program depends on."""

    structure: Hashable
    shapes: tuple[tuple[tuple[int, ...], str], ...]
    static_structure: Hashable
    static_leaves: tuple[Hashable, ...]

    @classmethod
    def of(cls, tree: Any) -> "_Form":
        arrays, static = eqx.partition(tree, eqx.is_array)
        leaves, structure = jax.tree.flatten(arrays)
        static_leaves, static_structure = jax.tree.flatten(static)
        shapes = tuple((leaf.shape, leaf.dtype.name) for leaf in leaves)
        return cls(structure, shapes, static_structure, tuple(static_leaves))

    def abstract_arrays(self) -> Any:
        leaves = [jax.ShapeDtypeStruct(shape, np.dtype(name)) for shape, name in self.shapes]
        return jax.tree.unflatten(self.structure, leaves)

    def with_arrays(self, arrays: Any) -> Any:
        return eqx.combine(arrays, jax.tree.unflatten(self.static_structure, self.static_leaves))


@dataclasses.dataclass(frozen=True)
class _Program:
    """Compiled: run(key, first replicate, case) gives the values of one tile."""

    run: Callable[[Key[Array, ""], int, Any], Float[Array, "lanes *r"]]
    lanes: int


def _program(measure: Measure, case: Any, memory: int) -> _Program:
    """The program of one tile. Compiled once, whichever thread asks first."""
    setting = (jax.default_backend(), jnp.zeros(()).dtype.name)
    sampling = _Form.of(case.sampling) if isinstance(measure, FromWeakData) else None
    return _build_program(measure, _Form.of(case), sampling, memory, setting)


@once
def _build_program(
    measure: Measure, form: _Form, sampling: _Form | None, memory: int, setting: tuple[str, str]
) -> _Program:
    """One program of (key, case), or two where the weak data are drawn by one of their own."""
    lanes = LARGEST_TILE
    while True:
        first = _traced_tile(_draw if sampling else measure, sampling or form, lanes, setting)
        second = _trace_evaluate(measure, form, lanes, first.out_info) if sampling else first
        needed = LIVE_ARRAYS * max(_largest_array_bytes(stage.jaxpr.jaxpr) for stage in (first, second))
        if needed <= TILE_BYTES or lanes == 1:
            break
        lanes //= 2
    if needed > memory:
        raise InputError("memory", f"{memory:,} bytes", f">= {needed:,} bytes for one tile of this case")

    if sampling is None:
        tile = _compiled_tile(measure, form, lanes, setting)
        return _Program(lambda key, first, case: tile(key, first, _arrays(case)), lanes)
    draw = _compiled_tile(_draw, sampling, lanes, setting)
    evaluate = second.lower().compile(compiler_options=COMPILER_OPTIONS)
    return _Program(
        lambda key, first, case: evaluate(draw(key, first, _arrays(case.sampling)), _arrays(case)), lanes
    )


def _arrays(tree: Any) -> Any:
    return eqx.filter(tree, eqx.is_array)


def _draw(key: Key[Array, ""], sampling: Sampling) -> tuple[Key[Array, ""], WeakData]:
    """The first step of a `FromWeakData`: the key of the second, and the data."""
    data_key, own_key = jax.random.split(key)
    return own_key, sampling.draw(key=data_key)


@once
def _compiled_tile(function: Callable, form: _Form, lanes: int, setting: tuple[str, str]) -> Any:
    return _traced_tile(function, form, lanes, setting).lower().compile(compiler_options=COMPILER_OPTIONS)


@once
def _traced_tile(function: Callable, form: _Form, lanes: int, setting: tuple[str, str]) -> Any:
    """function(key_i, tree) for the replicates i = first .. first + lanes - 1."""

    def tile(key: Key[Array, ""], first: Array, arrays: Any) -> Any:
        tree = form.with_arrays(arrays)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(first + jnp.arange(lanes))
        return jax.vmap(lambda k: function(k, tree))(keys)

    return jax.jit(tile).trace(jax.eval_shape(lambda: jax.random.key(0)), 0, form.abstract_arrays())


def _trace_evaluate(measure: Any, form: _Form, lanes: int, drawn: Any) -> Any:
    """The second step of a `FromWeakData`, for one tile of what the first has drawn."""

    def tile(drawn: tuple[Key[Array, " lanes"], WeakData], arrays: Any) -> Float[Array, "lanes *r"]:
        case = form.with_arrays(arrays)
        return jax.vmap(lambda key, data: measure.evaluate(key, data, case))(*drawn)

    abstract = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), drawn)
    return jax.jit(tile).trace(abstract, form.abstract_arrays())


def _largest_array_bytes(jaxpr: Any) -> int:
    """Bytes of the largest intermediate array of a program, nested programs included."""
    largest = 0
    for equation in jaxpr.eqns:
        for variable in equation.outvars:
            shape, dtype = getattr(variable.aval, "shape", ()), getattr(variable.aval, "dtype", None)
            largest = max(largest, int(np.prod(shape)) * getattr(dtype, "itemsize", 8))
        for nested in jax.tree.leaves(list(equation.params.values()), is_leaf=_is_program):
            if _is_program(nested):
                largest = max(largest, _largest_array_bytes(getattr(nested, "jaxpr", nested)))
    return largest


def _is_program(value: Any) -> bool:
    return hasattr(value, "eqns") or hasattr(value, "jaxpr")
