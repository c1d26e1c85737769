"""The replication engine: many replicates of a pure function of (key, case).

Replicates are computed in tiles of a fixed number of lanes, and replicate i always sits in lane
i mod L of tile i div L. The compiled programs and the place in them are then the same however a run is
cut, so that a replicate's value is the same to the bit. L depends on the case, and on the
most lanes that whoever measures allows.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Float, Int, Shaped

from w2s_sim._checks import described, require_count
from w2s_sim._forks import require_threads
from w2s_sim.engine.measured import Measure
from w2s_sim.engine.programs import LARGEST_TILE, Program, arrays_of, program_of, usable_devices
from w2s_sim.errors import InputError
from w2s_sim.precision import in_precision
from w2s_sim.purity import JAX_ERRORS, impure
from w2s_sim.randomness import Seed, key_of, require_seed

# Bytes that tiles may take unless something else is said.
MEMORY = 2**30


@runtime_checkable
class Named(Protocol):
    """A case with a name. The name is static, and would make every case a program of its own."""

    def unnamed(self) -> Any:
        """The same case without its name."""
        ...


class RoomError(InputError):
    """One tile does not fit in the memory.

    Attributes:
        needed: Bytes that it takes.
    """

    def __init__(self, memory: int, needed: int) -> None:
        self.needed = needed
        super().__init__("memory", f"{memory:,} bytes", f">= {needed:,} bytes for one tile of this case")


@dataclasses.dataclass(frozen=True)
class Tiles:
    """The tiles of one measured quantity of a case, for a runner that cuts the work itself.

    Attributes:
        program: Compiled for the devices that it runs on.
        arrays: The numbers of the case, placed on them.
    """

    program: Program
    arrays: Any

    @property
    def lanes(self) -> int:
        """Replicates of a tile: tile t holds the replicates t lanes .. (t + 1) lanes - 1."""
        return self.program.lanes

    @property
    def num_bytes(self) -> int:
        """Memory that one tile takes while it is computed."""
        return self.program.num_bytes

    @property
    def num_devices(self) -> int:
        """Tiles that are computed at once."""
        return self.program.mesh.size

    def run(self, seed: Seed, tiles: Sequence[int]) -> Shaped[np.ndarray, "tiles_lanes *r"]:
        """The values of some tiles, in the precision of the computation, one tile after the other."""
        lanes = np.arange(self.lanes)
        values = []
        for start in range(0, len(tiles), self.num_devices):
            together = list(tiles[start : start + self.num_devices])
            # Where tiles are fewer than devices, the rest compute the last one too.
            filled = together + together[-1:] * (self.num_devices - len(together))
            indices = np.concatenate([tile * self.lanes + lanes for tile in filled])
            values.append(self._values(seed, indices)[: len(together) * self.lanes])
        return np.concatenate(values) if values else np.zeros(0)

    def run_alone(self, seed: Seed, replicate: int) -> Shaped[np.ndarray, "*r"]:
        """One replicate, in its own lane and in all others."""
        indices = np.full(self.lanes * self.num_devices, replicate)
        return np.asarray(self._values(seed, indices)[replicate % self.lanes])

    def _values(self, seed: Seed, indices: Int[np.ndarray, " lanes"]) -> Shaped[np.ndarray, "lanes *r"]:
        key = self.program.place(key_of(seed))
        split = self.program.place(indices.astype(jax.dtypes.canonicalize_dtype(int)), split=True)
        values = self.program.run(key, split, self.arrays)
        if not isinstance(values, jax.Array) or values.ndim > 2:
            given = f"shape {values.shape[1:]}" if isinstance(values, jax.Array) else type(values).__name__
            raise InputError("measure", f"{given} for a replicate", "one number, or a vector (r,) of numbers")
        return np.asarray(values)


def tiles_of(measure: Measure, case: Any, *, memory: int = MEMORY, lanes: int = LARGEST_TILE) -> Tiles:
    """The tiles of a measured quantity of a case, compiled.

    Args:
        measure: Pure function of (key, case) to a scalar or a vector (r,).
        case: A pytree.
        memory: Bytes that tiles may take: all of them where devices share the machine's memory, those of each
            device elsewhere.
        lanes: Most replicates of a tile: fewer for a measured quantity of which few replicates are asked for.

    Raises:
        RoomError: If one tile does not fit in the memory.
    """
    require_threads()
    case = in_precision(case.unnamed() if isinstance(case, Named) else case)
    devices = usable_devices()
    try:
        program = program_of(measure, case, devices, lanes)
    except JAX_ERRORS as error:
        raise impure(error, "measure") from error
    if program.num_bytes > memory:
        raise RoomError(memory, program.num_bytes)
    if devices[0].platform == "cpu" and program.num_bytes * len(devices) > memory:
        program = program_of(measure, case, devices[: memory // program.num_bytes], lanes)
    return Tiles(program, program.place(arrays_of(measure, case)))


def replicate(
    measure: Measure,
    case: Any,
    *,
    seed: Seed,
    start: int,
    stop: int,
    memory: int = MEMORY,
    lanes: int = LARGEST_TILE,
) -> Float[np.ndarray, "replicates *r"]:
    """Replicates start..stop-1 of a measured quantity.

    Args:
        measure: Pure function of (key, case) to a scalar or a vector (r,).
        case: A pytree.
        seed: In [0, 2^64). Replicate i gets the key fold_in(key_of(seed), i).
        start: First replicate, >= 0.
        stop: One past the last.
        memory: Bytes that tiles may take.
        lanes: Most replicates of a tile, which is computed whole: fewer where few replicates are asked for
            and each takes long. Let it depend on the measured quantity alone: last bits depend on it.

    Returns:
        float64 values, the same to the bit whichever range they were asked for in, on any number of devices.

    Raises:
        RoomError: If one tile does not fit in the memory.
    """
    if not callable(measure):
        raise InputError("measure", described(measure), "a function of key and case")
    require_seed(seed)
    require_count("start", start, 0)
    require_count("stop", stop, int(start))
    require_count("memory", memory, 1)
    require_count("lanes", lanes, 1)
    tiles = tiles_of(measure, case, memory=memory, lanes=lanes)
    first_tile, last_tile = start // tiles.lanes, -(-stop // tiles.lanes)
    values = tiles.run(seed, range(first_tile, last_tile))
    offset = first_tile * tiles.lanes
    return values[start - offset : stop - offset].astype(np.float64)


def prepare(measure: Measure, case: Any, *, memory: int = MEMORY) -> None:
    """Compile what `replicate` will run, so that another thread can do it ahead of time."""
    tiles_of(measure, case, memory=memory)
