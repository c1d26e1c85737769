"""Compiled programs of tiles: many replicates at once, each by its index.

What a program depends on is the form of a case (structure, shapes, static values), not its numbers: cases
that differ in numbers alone share one.
"""

import dataclasses
import os
import re
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding
from jaxtyping import Array, Float, Int, Key

from w2s_sim.engine.measured import FromWeakData, Measure, draw
from w2s_sim.engine.once import once
from w2s_sim.tasks.task import WeakData

# jax.Device, which type checkers take for a variable.
Device = Any

LARGEST_TILE = 512
# Intermediate arrays of a tile, in bytes, above which tiles get fewer lanes. On a CPU larger tiles leave the
# caches, and above 32 MB the C library asks the system for fresh memory for every tile: half of the speed.
TILE_BYTES, TILE_BYTES_ON_CPU = 2**26, 2**25
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


@dataclasses.dataclass(frozen=True)
class Program:
    """Replicates by their indices, compiled for one device.

    Attributes:
        lanes: Replicates that are computed at once. Depends on the case, the cap and the kind of device.
        num_bytes: Memory that a tile takes while it is computed.
        device: The device.
        run: (key, indices of all lanes, arrays of the case and of its sampling) to values, on the device.
            Indices may be NumPy's: the program places them itself, in a tenth of the time.
    """

    lanes: int
    num_bytes: int
    device: Device
    run: Callable[[Key[Array, ""], Int[Array | np.ndarray, " lanes"], Any], Float[Array, "lanes *r"]]


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

    def abstract_arrays(self, device: Device) -> Any:
        place = SingleDeviceSharding(device)
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


def tile_options() -> dict[str, Any]:
    """Compiler options of tiles: those of the checks that the user's flags leave open."""
    flags = os.environ.get("XLA_FLAGS", "")
    return {name: value for name, value in COMPILER_OPTIONS.items() if f"--{name}=" not in flags}


def programs_of(
    measure: Measure, case: Any, devices: Sequence[Device], lanes: int = LARGEST_TILE
) -> tuple[Program, ...]:
    """The program of a measured quantity of a case, for each device.

    Each is compiled once, whichever thread asks first.

    Each device has a program of its own: XLA may round otherwise in a program that is for several devices.
    """
    sampling = Form.of(case.sampling) if isinstance(measure, FromWeakData) else None
    form, precision = Form.of(case), jnp.zeros(()).dtype.name

    def built(device: Device) -> Program:
        return _build_program(measure, form, sampling, device, lanes, precision)

    if len(devices) == 1:
        return (built(devices[0]),)
    x64 = bool(jax.config.read("jax_enable_x64"))

    def built_in_thread(device: Device) -> Program:
        # A precision set by a context manager is local to its thread.
        with jax.enable_x64(x64):
            return built(device)

    with ThreadPoolExecutor(min(len(devices), num_cores())) as threads:
        return tuple(threads.map(built_in_thread, devices))


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
    measure: Measure, form: Form, sampling: Form | None, device: Device, lanes: int, precision: str
) -> Program:
    """One program of (key, case), or two where the weak data are drawn by one of their own."""
    tile_bytes = TILE_BYTES_ON_CPU if device.platform == "cpu" else TILE_BYTES
    while True:
        first = _tile(draw if sampling else measure, sampling or form, lanes, device, precision)
        second = _evaluate_tile(measure, form, first.out_info, device) if sampling else first
        largest = max(first.largest_array_bytes, second.largest_array_bytes)
        if LIVE_ARRAYS * largest <= tile_bytes or lanes == 1:
            break
        lanes //= 2
    last = second.compiled()
    if sampling is None:
        return Program(lanes, _bytes(last), device, lambda key, indices, both: last(key, indices, both[0]))
    drawing = first.compiled()
    return Program(
        lanes,
        max(_bytes(drawing), _bytes(last)),
        device,
        lambda key, indices, both: last(drawing(key, indices, both[1]), both[0]),
    )


class _Tile:
    """A program of tiles: traced, and compiled when it is first asked for.

    The trace is then let go of. It takes many times the memory of the compiled program, because JAX keeps
    beside it what it was lowered to.

    Attributes:
        out_info: Shapes of what the program returns.
        largest_array_bytes: Size of the largest array in the program.
    """

    def __init__(self, function: Callable, *abstract: Any) -> None:
        traced = jax.jit(function).trace(*abstract)
        self.out_info = traced.out_info
        self.largest_array_bytes = _largest_array_bytes(traced.jaxpr.jaxpr)
        self._lock, self._traced, self._compiled = threading.Lock(), traced, None

    def compiled(self) -> Any:
        with self._lock:
            if self._traced is not None:
                self._compiled = self._traced.lower().compile(compiler_options=tile_options())
                self._traced = None
            return self._compiled


@once(MOST_PROGRAMS)
def _tile(function: Callable, form: Form, lanes: int, device: Device, precision: str) -> _Tile:
    """function(key_i, tree) for `lanes` replicates i."""

    def tile(key: Key[Array, ""], indices: Int[Array, " lanes"], arrays: Any) -> Any:
        tree = form.with_arrays(arrays)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(indices)
        return jax.vmap(lambda k: function(k, tree))(keys)

    place = SingleDeviceSharding(device)
    key, index = jax.eval_shape(lambda: (jax.random.key(0), jnp.asarray(0, int)))
    key = jax.ShapeDtypeStruct((), key.dtype, sharding=place)
    indices = jax.ShapeDtypeStruct((lanes,), index.dtype, sharding=place)
    return _Tile(tile, key, indices, form.abstract_arrays(device))


def _evaluate_tile(measure: Any, form: Form, drawn: Any, device: Device) -> _Tile:
    """The second step of a `FromWeakData`, for what the first has drawn."""

    def tile(drawn: tuple[Key[Array, " lanes"], WeakData], arrays: Any) -> Float[Array, "lanes *r"]:
        case = form.with_arrays(arrays)
        return jax.vmap(lambda key, data: measure.evaluate(key, data, case))(*drawn)

    place = SingleDeviceSharding(device)
    abstract = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place), drawn)
    return _Tile(tile, abstract, form.abstract_arrays(device))


def _bytes(compiled: Any) -> int:
    """Memory of a compiled program: what it is given, what it gives, and what it needs in between."""
    sizes = compiled.memory_analysis()
    if sizes is None:
        return 0
    return sizes.argument_size_in_bytes + sizes.output_size_in_bytes + sizes.temp_size_in_bytes


def _largest_array_bytes(jaxpr: Any) -> int:
    """Bytes of the largest array in a program, nested programs included."""
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
