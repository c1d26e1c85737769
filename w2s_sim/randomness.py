"""What a seed is, and the random numbers that follow from it: one rule, for everything that takes a seed.

A seed is a whole number from 0 to 2^64 - 1, and all of its bits count: two seeds never give one result.
"""

from typing import Any, SupportsIndex, TypeAlias

import jax
import numpy as np
from jaxtyping import Array, Key

from w2s_sim._checks import is_whole
from w2s_sim.errors import InputError, shown

# Python's and NumPy's whole numbers; `require_seed` says which of them are seeds.
Seed: TypeAlias = SupportsIndex

LARGEST_SEED = 2**64 - 1
# TOML files hold whole numbers of 64 bits with a sign.
LARGEST_SEED_OF_A_FILE = 2**63 - 1


def require_seed(value: Any, field: str = "seed") -> int:
    """The seed as a Python number.

    Args:
        value: What was given; NumPy's whole numbers are whole numbers too.
        field: How the complaint names it.

    Raises:
        InputError: If it is no whole number from 0 to 2^64 - 1.
    """
    if not is_whole(value) or not 0 <= value <= LARGEST_SEED:
        raise InputError(field, shown(value), f"a whole number in [0, {LARGEST_SEED}], which 64 bits hold")
    return int(value)


def key_of(seed: Any, field: str = "seed") -> Key[Array, ""]:
    """The typed PRNG key of a seed.

    With JAX's own generator it is the pair (high 32 bits, low 32 bits), so that no two seeds share a key, nor
    does one seed's key equal a key that is folded or split from another's by design. `jax.random.key` alone
    drops the high bits unless float64 is on.

    Raises:
        InputError: If it is no seed.
    """
    seed = require_seed(seed, field)
    # At once, also where a function is being traced: its program may be without whole numbers of 64 bits.
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        return jax.random.key(np.uint64(seed))


def generator_of(seed: Any, field: str = "seed") -> np.random.Generator:
    """NumPy's generator of a seed, for what is drawn once, outside JAX.

    Raises:
        InputError: If it is no seed.
    """
    return np.random.default_rng(require_seed(seed, field))


def next_seed(seed: int) -> int:
    """The seed after another; the first one after the last."""
    return (seed + 1) % (LARGEST_SEED + 1)


def seed_of_32_bits(seed: int) -> int:
    """A seed for libraries that take 32 bits, not all zero: the same if it is one, else mixed of all bits."""
    if 0 < seed < 2**32:
        return seed
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) or 1
