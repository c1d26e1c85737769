"""The replication engine: many replicates of a pure function of (key, case).

Replicates are computed in tiles of a fixed number of lanes, and replicate i always sits in lane
i mod L of tile i div L. The compiled programs and the place in them are then the same however a run is
cut, so that a replicate's value is the same to the bit. L depends on the case alone.
"""

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding
from jaxtyping import Array, Float, Key, Shaped

from w2s_sim.errors import InputError
from w2s_sim.statements import Case, FromWeakData, Sampling
from w2s_sim.task import WeakData
from w2s_sim.verify._once import once

Measure = Callable[[Key[Array, ""], Any], Float[Array, "*r"]]
Place = SingleDeviceSharding | None

LARGEST_TILE = 512
# Intermediate arrays of a tile, in bytes, above which tiles get fewer lanes.
TILE_BYTES = 2**26
# How many arrays of the largest size are alive at once, about, in the estimators at hand.
LIVE_ARRAYS = 8
# A check compiles many small programs: these cut the time that takes to a third, and run no slower.
COMPILER_OPTIONS = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": 1,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_parallel_codegen_split_count": 1,
}


@dataclasses.dataclass(frozen=True)
class Tiles:
    """Whole tiles of one measured quantity, for a runner that cuts the work itself.

    Attributes:
        lanes: Replicates of a tile: tile t holds the replicates t lanes .. (t + 1) lanes - 1.
        num_bytes: Memory that one tile takes while it is computed.
        devices: Those on which tiles are computed at once, one each.
    """

    lanes: int
    num_bytes: int
    devices: tuple[jax.Device, ...]
    _program: Callable[[jax.Device], "_Program"]
    _arrays: Callable[[jax.Device], Any]

    def run(self, seed: int, tiles: Sequence[int]) -> list[Shaped[np.ndarray, "lanes *r"]]:
        """The values of some tiles, in the precision of the computation."""
        key, values = jax.random.key(seed), []
        for start in range(0, len(tiles), len(self.devices)):
            together = zip(tiles[start:], self.devices, strict=False)
            started = [
                self._program(device).run(
                    jax.device_put(key, device), tile * self.lanes, self._arrays(device)
                )
                for tile, device in together
            ]
            values.extend(np.asarray(value) for value in started)
        return values


def tiles_of(measure: Measure, case: Any, *, memory: int = 2**30) -> Tiles:
    """The tiles of a measured quantity of a case, compiled.

    One program is compiled for each device rather than one for all of them: XLA's CPU programs that span
    several devices wait for ever in decompositions of LAPACK.

    Args:
        measure: Pure function of (key, case) to a scalar or a vector (r,).
        case: A pytree.
        memory: Bytes that tiles may take: all of them where devices share the machine's memory, those of each
            device elsewhere.

    Raises:
        InputError: If one tile does not fit in the memory.
    """
    case = _unnamed(case)
    form, setting = _Form.of(case), (jax.default_backend(), jnp.zeros(()).dtype.name)
    sampling = _Form.of(case.sampling) if isinstance(measure, FromWeakData) else None
    stages = _stages(measure, form, sampling, setting)
    _require_room(stages.largest, memory)
    devices = tuple(jax.local_devices())

    def program(device: jax.Device) -> _Program:
        return _program(measure, form, sampling, setting, device)

    needed = program(devices[0]).num_bytes
    _require_room(needed, memory)
    if devices[0].platform == "cpu":
        devices = devices[: max(1, memory // max(needed, 1))]
    placed = {}

    def arrays(device: jax.Device) -> Any:
        if device not in placed:
            trees = (case, case.sampling) if sampling else (case, None)
            placed[device] = jax.device_put(_arrays(trees), device)
        return placed[device]

    return Tiles(stages.lanes, needed, devices, program, arrays)


def _require_room(needed: int, memory: int) -> None:
    if needed > memory:
        raise InputError("memory", f"{memory:,} bytes", f">= {needed:,} bytes for one tile of this case")


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
        memory: Bytes that tiles may take.

    Returns:
        float64 values, the same to the bit whichever range they were asked for in, on any number of devices.

    Raises:
        InputError: If one tile does not fit in the memory.
    """
    tiles = tiles_of(measure, case, memory=memory)
    first_tile, last_tile = start // tiles.lanes, -(-stop // tiles.lanes)
    computed = tiles.run(seed, range(first_tile, last_tile))
    values = np.concatenate(computed) if computed else np.zeros(0)
    offset = first_tile * tiles.lanes
    return values[start - offset : stop - offset].astype(np.float64)


def prepare(measure: Measure, case: Any, *, memory: int = 2**30) -> None:
    """Compile what `replicate` will run, so that another thread can do it ahead of time."""
    tiles_of(measure, case, memory=memory)


def forget_programs() -> None:
    """Let go of all compiled programs: a run of many cases would fill the memory with them."""
    for cache in (_stages, _program, _compiled_tile, _traced_tile):
        cache.forget()


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

    def abstract_arrays(self, place: Place = None) -> Any:
        leaves = [jax.ShapeDtypeStruct(shape, np.dtype(name), sharding=place) for shape, name in self.shapes]
        return jax.tree.unflatten(self.structure, leaves)

    def with_arrays(self, arrays: Any) -> Any:
        return eqx.combine(arrays, jax.tree.unflatten(self.static_structure, self.static_leaves))


@dataclasses.dataclass(frozen=True)
class _Stages:
    """How many lanes a tile has, and the bytes of its largest array."""

    lanes: int
    largest: int


@dataclasses.dataclass(frozen=True)
class _Program:
    """Compiled: run(key, first replicate, arrays of the case and of its sampling) gives one tile."""

    run: Callable[[Key[Array, ""], int, Any], Array]
    num_bytes: int


@once
def _stages(measure: Measure, form: _Form, sampling: _Form | None, setting: tuple[str, str]) -> _Stages:
    """One program of (key, case), or two where the weak data are drawn by one of their own."""
    lanes = LARGEST_TILE
    while True:
        first = _traced_tile(_draw if sampling else measure, sampling or form, lanes, setting, None)
        second = _trace_evaluate(measure, form, lanes, first.out_info) if sampling else first
        largest = max(_largest_array_bytes(stage.jaxpr.jaxpr) for stage in (first, second))
        if LIVE_ARRAYS * largest <= TILE_BYTES or lanes == 1:
            return _Stages(lanes, largest)
        lanes //= 2


@once
def _program(
    measure: Measure, form: _Form, sampling: _Form | None, setting: tuple[str, str], device: jax.Device
) -> _Program:
    """The program of a tile on a device. Compiled once, whichever thread asks first."""
    lanes = _stages(measure, form, sampling, setting).lanes
    if sampling is None:
        tile = _compiled_tile(measure, form, lanes, setting, device)
        return _Program(lambda key, first, arrays: tile(key, _number(first, device), arrays[0]), _bytes(tile))
    draw = _compiled_tile(_draw, sampling, lanes, setting, device)
    drawn = _traced_tile(_draw, sampling, lanes, setting, device).out_info
    evaluate = _trace_evaluate(measure, form, lanes, drawn, SingleDeviceSharding(device))
    evaluate = evaluate.lower().compile(compiler_options=COMPILER_OPTIONS)
    return _Program(
        lambda key, first, arrays: evaluate(draw(key, _number(first, device), arrays[1]), arrays[0]),
        max(_bytes(draw), _bytes(evaluate)),
    )


def _number(first: int, device: jax.Device) -> Array:
    return jax.device_put(jnp.asarray(first, int), device)


def _bytes(compiled: Any) -> int:
    """Memory of a compiled program: what it is given, what it gives, and what it needs in between."""
    sizes = compiled.memory_analysis()
    if sizes is None:
        return 0
    return sizes.argument_size_in_bytes + sizes.output_size_in_bytes + sizes.temp_size_in_bytes


def _arrays(tree: Any) -> Any:
    return eqx.filter(tree, eqx.is_array)


def _draw(key: Key[Array, ""], sampling: Sampling) -> tuple[Key[Array, ""], WeakData]:
    """The first step of a `FromWeakData`: the key of the second, and the data."""
    data_key, own_key = jax.random.split(key)
    return own_key, sampling.draw(key=data_key)


@once
def _compiled_tile(
    function: Callable, form: _Form, lanes: int, setting: tuple[str, str], device: jax.Device
) -> Any:
    traced = _traced_tile(function, form, lanes, setting, device)
    return traced.lower().compile(compiler_options=COMPILER_OPTIONS)


@once
def _traced_tile(
    function: Callable, form: _Form, lanes: int, setting: tuple[str, str], device: jax.Device | None
) -> Any:
    """function(key_i, tree) for the replicates i = first .. first + lanes - 1."""

    def tile(key: Key[Array, ""], first: Array, arrays: Any) -> Any:
        tree = form.with_arrays(arrays)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(first + jnp.arange(lanes))
        return jax.vmap(lambda k: function(k, tree))(keys)

    place = None if device is None else SingleDeviceSharding(device)
    key, first = jax.eval_shape(lambda: (jax.random.key(0), jnp.asarray(0, int)))
    key, first = (jax.ShapeDtypeStruct((), leaf.dtype, sharding=place) for leaf in (key, first))
    return jax.jit(tile).trace(key, first, form.abstract_arrays(place))


def _trace_evaluate(measure: Any, form: _Form, lanes: int, drawn: Any, place: Place = None) -> Any:
    """The second step of a `FromWeakData`, for one tile of what the first has drawn."""

    def tile(drawn: tuple[Key[Array, " lanes"], WeakData], arrays: Any) -> Float[Array, "lanes *r"]:
        case = form.with_arrays(arrays)
        return jax.vmap(lambda key, data: measure.evaluate(key, data, case))(*drawn)

    abstract = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place), drawn)
    return jax.jit(tile).trace(abstract, form.abstract_arrays(place))


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
