"""The replication engine: many replicates of a pure function of (key, case).

Replicates are computed in tiles of a fixed number L of lanes, and replicate i always sits in lane i mod L of
tile i div L. The compiled programs, and the place of a replicate in them, are then the same however a run is
divided, so that the value of a replicate is always the same to the bit. L depends on the case and on the
largest number of lanes that the caller allows.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from w2s_sim._checks import described, require_count
from w2s_sim._forks import require_threads
from w2s_sim.engine.measured import Measure
from w2s_sim.engine.programs import LARGEST_TILE, Program, arrays_of, programs_of, usable_devices
from w2s_sim.errors import InputError
from w2s_sim.precision import in_precision
from w2s_sim.purity import JAX_ERRORS, impure
from w2s_sim.randomness import Seed, key_of, require_seed

# Default limit on the memory of tiles, in bytes.
MEMORY = 2**30


@runtime_checkable
class Named(Protocol):
    """A case with a name. The name is static, so that every named case would be compiled anew."""

    def unnamed(self) -> Any:
        """Return the same case without its name."""
        ...


class RoomError(InputError):
    """One tile does not fit in the memory.

    Attributes:
        needed: Bytes that one tile takes.
    """

    def __init__(self, memory: int, needed: int) -> None:
        self.needed = needed
        super().__init__("memory", f"{memory:,} bytes", f">= {needed:,} bytes for one tile of this case")


@dataclasses.dataclass(frozen=True)
class Tiles:
    """Compiled tiles of one measured quantity of a case, for a runner that divides the work itself.

    Attributes:
        programs: The program, compiled for each device on which it runs.
        arrays: The arrays of the case, placed on each of these devices.
    """

    programs: tuple[Program, ...]
    arrays: tuple[Any, ...]

    @property
    def lanes(self) -> int:
        """Number L of replicates in a tile: tile t holds the replicates t L, ..., (t + 1) L - 1."""
        return self.programs[0].lanes

    @property
    def num_bytes(self) -> int:
        """Memory that one tile takes while it is computed, in bytes."""
        return self.programs[0].num_bytes

    @property
    def num_devices(self) -> int:
        """Number of tiles that are computed at once."""
        return len(self.programs)

    def run(self, seed: Seed, tiles: Sequence[int]) -> Shaped[np.ndarray, "tiles_lanes *r"]:
        """Return the values of some tiles, tile by tile, in the precision of the computation."""
        lanes, values, keys = np.arange(self.lanes), [], self._keys(seed)
        for start in range(0, len(tiles), self.num_devices):
            # The devices compute at the same time: fetch no tile before all devices have theirs.
            together = [
                self._start(keys[number], number, tile * self.lanes + lanes)
                for number, tile in enumerate(tiles[start : start + self.num_devices])
            ]
            values += [np.asarray(tile) for tile in together]
        return np.concatenate(values) if values else np.zeros(0)

    def run_alone(self, seed: Seed, replicate: int) -> Shaped[np.ndarray, "*r"]:
        """Return one replicate, computed in every lane, so that its own lane is among them."""
        values = self._start(self._keys(seed)[0], 0, np.full(self.lanes, replicate))
        return np.asarray(values)[replicate % self.lanes]

    def _keys(self, seed: Seed) -> list[Key[Array, ""]]:
        """The key of a seed on each device, placed once for many tiles."""
        key = key_of(seed)
        return [jax.device_put(key, program.device) for program in self.programs]

    def _start(
        self, key: Key[Array, ""], number: int, indices: Int[np.ndarray, " lanes"]
    ) -> Shaped[Array, "lanes *r"]:
        """Start the computation of a tile on the device of this number."""
        indices = indices.astype(jax.dtypes.canonicalize_dtype(int))
        values = self.programs[number].run(key, indices, self.arrays[number])
        if not isinstance(values, jax.Array) or values.ndim > 2:
            given = f"shape {values.shape[1:]}" if isinstance(values, jax.Array) else type(values).__name__
            raise InputError("measure", f"{given} for a replicate", "one number, or a vector (r,) of numbers")
        return values


def tiles_of(
    measure: Measure,
    case: Any,
    *,
    memory: int = MEMORY,
    lanes: int = LARGEST_TILE,
) -> Tiles:
    """Compile the tiles of a measured quantity of a case.

    Args:
        measure: Pure function of (key, case) to a scalar or a vector (r,).
        case: A pytree.
        memory: Limit on the memory of tiles, in bytes: of all tiles together if the devices share the
            machine's memory (CPU), of one tile per device otherwise.
        lanes: Largest number of replicates in a tile; choose a small number if few replicates are needed.

    Raises:
        RoomError: If one tile does not fit in the memory.
    """
    require_threads()
    case = in_precision(case.unnamed() if isinstance(case, Named) else case)
    devices = usable_devices()
    try:
        (first,) = programs_of(measure, case, devices[:1], lanes)
    except JAX_ERRORS as error:
        raise impure(error, "measure") from error
    if first.num_bytes > memory:
        raise RoomError(memory, first.num_bytes)
    if devices[0].platform == "cpu" and first.num_bytes > 0:
        devices = devices[: memory // first.num_bytes]
    programs = programs_of(measure, case, devices, lanes)
    arrays = arrays_of(measure, case)
    return Tiles(programs, tuple(jax.device_put(arrays, program.device) for program in programs))


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
    """Compute the replicates start..stop-1 of a measured quantity.

    Args:
        measure: Pure function of (key, case) to a scalar or a vector (r,).
        case: A pytree.
        seed: In [0, 2^64). Replicate i gets the key fold_in(key_of(seed), i).
        start: First replicate, >= 0.
        stop: One past the last replicate.
        memory: Limit on the memory of tiles, in bytes; see `tiles_of`.
        lanes: Largest number of replicates in a tile, which is always computed as a whole: choose a small
            number if few replicates are needed and each takes long. Let it depend on the measured quantity
            alone, since the last bits of the values depend on it.

    Returns:
        float64 values, the same to the bit for every range that contains the replicate and any number of
        devices.

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
    """Compile what `replicate` runs, so that another thread can compile ahead of time."""
    tiles_of(measure, case, memory=memory)
