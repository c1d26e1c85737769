"""Compiled programs of tiles: many replicates at once, each device its share, each replicate by its index.

What a program depends on is the form of a case (structure, shapes, static values), not its numbers: cases
that differ in numbers alone share one.
"""

import dataclasses
import os
import re
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int, Key

from w2s_sim.engine.measured import FromWeakData, Measure, draw
from w2s_sim.engine.once import once
from w2s_sim.tasks.task import WeakData

# jax.Device, which type checkers take for a variable.
Device = Any

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
HOST_DEVICES = re.compile(r"--xla_force_host_platform_device_count=(\d+)")
# Programs that are kept in memory, some megabytes each: those used last.
MOST_PROGRAMS = 32
# Independent decompositions that a program may hold beyond one for each core and device.
SPARE_THREADS = 8
AXIS = "tiles"
SHARED, SPLIT = PartitionSpec(), PartitionSpec(AXIS)


@dataclasses.dataclass(frozen=True)
class Program:
    """Replicates by their indices, compiled for some devices.

    Attributes:
        lanes: Replicates that each device computes at once. Depends on the case and the cap alone.
        num_bytes: Memory that a device's share takes while it is computed.
        mesh: The devices.
        run: (key, indices of all lanes of all devices, arrays of the case and of its sampling) to values.
    """

    lanes: int
    num_bytes: int
    mesh: Mesh
    run: Callable[[Key[Array, ""], Int[Array, " lanes"], Any], Float[Array, "lanes *r"]]

    def place(self, tree: Any, *, split: bool = False) -> Any:
        """Arrays on the devices: all of them on each, or a share on each."""
        return jax.device_put(tree, NamedSharding(self.mesh, SPLIT if split else SHARED))


@dataclasses.dataclass(frozen=True)
class Form:
    """All of a pytree but the values of its arrays: what a compiled program depends on."""

    structure: Hashable
    shapes: tuple[tuple[tuple[int, ...], str], ...]
    static_structure: Hashable
    static_leaves: tuple[Hashable, ...]

    @classmethod
    def of(cls, tree: Any) -> "Form":
        arrays, static = eqx.partition(tree, eqx.is_array)
        leaves, structure = jax.tree.flatten(arrays)
        static_leaves, static_structure = jax.tree.flatten(static)
        shapes = tuple((leaf.shape, leaf.dtype.name) for leaf in leaves)
        return cls(structure, shapes, static_structure, tuple(static_leaves))

    def abstract_arrays(self, mesh: Mesh) -> Any:
        place = NamedSharding(mesh, SHARED)
        leaves = [jax.ShapeDtypeStruct(shape, np.dtype(name), sharding=place) for shape, name in self.shapes]
        return jax.tree.unflatten(self.structure, leaves)

    def with_arrays(self, arrays: Any) -> Any:
        return eqx.combine(arrays, jax.tree.unflatten(self.static_structure, self.static_leaves))


def usable_devices() -> tuple[Device, ...]:
    """The local devices on which tiles can run at once.

    On a CPU all devices share one pool of threads, and each decomposition of LAPACK holds one while it waits
    for another: with no thread left over, XLA waits for ever. `NPROC` sets the size of the pool.
    """
    devices = tuple(jax.local_devices())
    if devices[0].platform != "cpu":
        return devices
    return devices[: max(1, pool_threads() - 1)]


def pool_threads() -> int:
    """Number of threads of XLA's pool on a CPU."""
    given = os.environ.get("NPROC", "")
    return int(given) if given.isdecimal() else num_cores()


def num_cores() -> int:
    """Number of cores that this process may use."""
    # Not every operating system ties processes to cores.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def make_room_for_decompositions() -> None:
    """Give XLA's pool on the CPU more threads than cores, unless `NPROC` chose its size.

    A program with as many independent LAPACK decompositions as the pool has threads waits for ever. XLA reads
    `NPROC` when it starts.
    """
    match = HOST_DEVICES.search(os.environ.get("XLA_FLAGS", ""))
    given = match[1] if match else os.environ.get("JAX_NUM_CPU_DEVICES", "")
    num_devices = int(given) if given.isdecimal() else 1
    os.environ.setdefault("NPROC", str(max(num_cores(), num_devices) + SPARE_THREADS))


def compile_cheaply() -> None:
    """Give every program of this process the options of the checks: XLA reads them when it starts.

    Bounds, assumptions and lemmas are as many small programs again as the tiles. For whoever owns the
    process, before JAX is used. Flags that the user has set win.
    """
    flags = [f"--{name}={str(value).lower()}" for name, value in COMPILER_OPTIONS.items()]
    os.environ["XLA_FLAGS"] = " ".join([*flags, os.environ.get("XLA_FLAGS", "")]).strip()


def program_of(measure: Measure, case: Any, devices: Sequence[Device], lanes: int = LARGEST_TILE) -> Program:
    """The program of a measured quantity of a case. Compiled once, whichever thread asks first."""
    sampling = Form.of(case.sampling) if isinstance(measure, FromWeakData) else None
    return _build_program(measure, Form.of(case), sampling, tuple(devices), lanes, jnp.zeros(()).dtype.name)


def arrays_of(measure: Measure, case: Any) -> tuple[Any, Any]:
    """What `Program.run` takes of a case: its arrays, and those of its sampling if it is drawn apart."""
    sampling = case.sampling if isinstance(measure, FromWeakData) else None
    return eqx.filter(case, eqx.is_array), eqx.filter(sampling, eqx.is_array)


def forget_programs() -> None:
    """Let go of all compiled programs: a run of many cases would fill the memory with them."""
    for cache in (_build_program, _tile):
        cache.forget()


@once(MOST_PROGRAMS)
def _build_program(
    measure: Measure,
    form: Form,
    sampling: Form | None,
    devices: tuple[Device, ...],
    lanes: int,
    precision: str,
) -> Program:
    """One program of (key, case), or two where the weak data are drawn by one of their own."""
    mesh = Mesh(np.array(devices), (AXIS,))
    while True:
        first = _tile(draw if sampling else measure, sampling or form, lanes, mesh, precision)
        second = _evaluate_tile(measure, form, first.out_info, mesh) if sampling else first
        largest = max(first.largest_array_bytes, second.largest_array_bytes)
        if LIVE_ARRAYS * largest <= TILE_BYTES or lanes == 1:
            break
        lanes //= 2
    last = second.compiled()
    if sampling is None:
        return Program(lanes, _bytes(last), mesh, lambda key, indices, arrays: last(key, indices, arrays[0]))
    drawing = first.compiled()
    return Program(
        lanes,
        max(_bytes(drawing), _bytes(last)),
        mesh,
        lambda key, indices, arrays: last(drawing(key, indices, arrays[1]), arrays[0]),
    )


class _Tile:
    """A program of tiles: traced, and compiled when it is first asked for.

    The trace is then let go of. It takes many times the memory of the compiled program, because JAX keeps
    beside it what it was lowered to.

    Attributes:
        out_info: Shapes of what the program returns.
        largest_array_bytes: Size of the largest array that a device holds.
    """

    def __init__(self, function: Callable, *abstract: Any) -> None:
        traced = jax.jit(function).trace(*abstract)
        self.out_info = traced.out_info
        self.largest_array_bytes = _largest_array_bytes(traced.jaxpr.jaxpr)
        self._lock, self._traced, self._compiled = threading.Lock(), traced, None

    def compiled(self) -> Any:
        with self._lock:
            if self._traced is not None:
                self._compiled = self._traced.lower().compile(compiler_options=COMPILER_OPTIONS)
                self._traced = None
            return self._compiled


@once(MOST_PROGRAMS)
def _tile(function: Callable, form: Form, lanes: int, mesh: Mesh, precision: str) -> _Tile:
    """function(key_i, tree) for replicates i, `lanes` of them on every device."""

    def tile(key: Key[Array, ""], indices: Int[Array, " lanes"], arrays: Any) -> Any:
        tree = form.with_arrays(arrays)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(indices)
        return jax.vmap(lambda k: function(k, tree))(keys)

    split, shared = NamedSharding(mesh, SPLIT), NamedSharding(mesh, SHARED)
    key, index = jax.eval_shape(lambda: (jax.random.key(0), jnp.asarray(0, int)))
    key = jax.ShapeDtypeStruct((), key.dtype, sharding=shared)
    indices = jax.ShapeDtypeStruct((lanes * mesh.size,), index.dtype, sharding=split)
    shares = _shared_out(tile, mesh, (SHARED, SPLIT, SHARED))
    return _Tile(shares, key, indices, form.abstract_arrays(mesh))


def _evaluate_tile(measure: Any, form: Form, drawn: Any, mesh: Mesh) -> _Tile:
    """The second step of a `FromWeakData`, for what the first has drawn."""

    def tile(drawn: tuple[Key[Array, " lanes"], WeakData], arrays: Any) -> Float[Array, "lanes *r"]:
        case = form.with_arrays(arrays)
        return jax.vmap(lambda key, data: measure.evaluate(key, data, case))(*drawn)

    place = NamedSharding(mesh, SPLIT)
    abstract = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place), drawn)
    return _Tile(_shared_out(tile, mesh, (SPLIT, SHARED)), abstract, form.abstract_arrays(mesh))


def _shared_out(tile: Callable, mesh: Mesh, in_specs: tuple[PartitionSpec, ...]) -> Callable:
    """The same program on every device, on its share: no device waits for another's numbers."""
    return jax.shard_map(tile, mesh=mesh, in_specs=in_specs, out_specs=SPLIT, check_vma=False)


def _bytes(compiled: Any) -> int:
    """Memory of a compiled program: what it is given, what it gives, and what it needs in between."""
    sizes = compiled.memory_analysis()
    if sizes is None:
        return 0
    return sizes.argument_size_in_bytes + sizes.output_size_in_bytes + sizes.temp_size_in_bytes


def _largest_array_bytes(jaxpr: Any) -> int:
    """Bytes of the largest array that one device holds in a program, nested programs included."""
    largest = 0
    for equation in jaxpr.eqns:
        # Outside of it arrays are those of all devices together.
        if equation.primitive.name != "shard_map":
            for variable in equation.outvars:
                shape, dtype = getattr(variable.aval, "shape", ()), getattr(variable.aval, "dtype", None)
                largest = max(largest, int(np.prod(shape)) * getattr(dtype, "itemsize", 8))
        for nested in jax.tree.leaves(list(equation.params.values()), is_leaf=_is_program):
            if _is_program(nested):
                largest = max(largest, _largest_array_bytes(getattr(nested, "jaxpr", nested)))
    return largest


def _is_program(value: Any) -> bool:
    return hasattr(value, "eqns") or hasattr(value, "jaxpr")
