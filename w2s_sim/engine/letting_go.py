"""Lets go of the memory that JAX holds for programs that will hardly be used again.

JAX keeps every program that it has compiled, and each takes more than a megabyte, those of single operations
included. A command that runs thousands of them would fill the memory, of which their numbers need little.
"""

import contextlib
import ctypes
import gc

import jax
import psutil

# Growth of the process, in bytes, after which JAX's programs are let go of.
GROWTH_BYTES = 300 * 10**6
# A parameter of GNU's C library: in how many places threads allocate memory, and its number.
ARENAS, MOST_ARENAS = -8, 2


class Room:
    """Keeps a process small. For whoever owns it: programs of others have to be traced again, too."""

    def __init__(self) -> None:
        self._least = _resident_bytes()

    def keep(self) -> None:
        """Let go of JAX's programs if the process has grown; those that `engine.programs` holds stay."""
        if _resident_bytes() - self._least > GROWTH_BYTES:
            jax.clear_caches()
            gc.collect()
            give_back_freed()
            self._least = _resident_bytes()


def _resident_bytes() -> int:
    return psutil.Process().memory_info().rss


def give_back_freed() -> None:
    """Return freed memory to the operating system: the C library keeps most of what compilations freed."""
    # The call takes a millisecond or two.
    _call_if_there("malloc_trim", 0)


def allocate_in_few_places() -> None:
    """Let threads share what they have freed. For whoever owns the process, before its threads start."""
    _call_if_there("mallopt", ARENAS, MOST_ARENAS)


def _call_if_there(name: str, *arguments: int) -> None:
    """Call a function that only GNU's C library has; others return freed memory by themselves."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        getattr(ctypes.CDLL(None), name)(*arguments)
