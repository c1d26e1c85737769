"""Seeds, and the random number generators made from them: one rule for every function that takes a seed.

A seed is a whole number from 0 to 2^64 - 1. All of its bits matter: different seeds give different JAX keys.
"""

from typing import Any, SupportsIndex, TypeAlias

import jax
import numpy as np
from jaxtyping import Array, Key

from w2s_sim._checks import is_whole
from w2s_sim.errors import InputError, shown

# Whole numbers of Python and NumPy; `require_seed` checks the range.
Seed: TypeAlias = SupportsIndex

LARGEST_SEED = 2**64 - 1
# TOML files hold signed 64-bit integers.
LARGEST_SEED_OF_A_FILE = 2**63 - 1


def require_seed(value: Any, field: str = "seed") -> int:
    """Check a seed and return it as a Python int.

    Args:
        value: The seed, a whole number of Python or NumPy.
        field: Name of the seed in the error message.

    Raises:
        InputError: If the value is not a whole number from 0 to 2^64 - 1.
    """
    if not is_whole(value) or not 0 <= value <= LARGEST_SEED:
        raise InputError(field, shown(value), f"a whole number in [0, {LARGEST_SEED}] (64 bits)")
    return int(value)


def key_of(seed: Any, field: str = "seed") -> Key[Array, ""]:
    """Return the typed PRNG key of a seed.

    With JAX's default generator the key is the pair (high 32 bits, low 32 bits) of the seed. Therefore no two
    seeds share a key, and the key of a seed does not by design equal a key folded in or split from the key of
    another seed. `jax.random.key` alone drops the high bits unless float64 is enabled.

    Raises:
        InputError: If the value is not a seed.
    """
    seed = require_seed(seed, field)
    # Evaluate eagerly, also during tracing, because the traced program may not support 64-bit integers.
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        return jax.random.key(np.uint64(seed))


def generator_of(seed: Any, field: str = "seed") -> np.random.Generator:
    """Return the NumPy generator of a seed, for numbers that are drawn once, outside JAX.

    Raises:
        InputError: If the value is not a seed.
    """
    return np.random.default_rng(require_seed(seed, field))


def seed_of_stream(seed: int, stream: int) -> int:
    """Return the seed of one of many independent streams of random numbers.

    Args:
        seed: The seed of all streams.
        stream: Number of the stream, >= 0.
    """
    return int(np.random.SeedSequence((seed, stream)).generate_state(1, np.uint64)[0])


def next_seed(seed: int) -> int:
    """Return the next seed; the largest seed is followed by 0."""
    return (seed + 1) % (LARGEST_SEED + 1)


def seed_of_32_bits(seed: int) -> int:
    """Map a seed to a nonzero 32-bit seed: unchanged if it is one, otherwise a hash of all its bits."""
    if 0 < seed < 2**32:
        return seed
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) or 1
