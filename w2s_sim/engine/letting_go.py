"""Lets go of the memory that JAX holds for programs that will hardly be used again.

JAX keeps every program that it has traced and lowered, those of single operations included. A command that
runs thousands of them would fill the memory, of which their numbers need little.
"""

import ctypes
import gc

import jax
import psutil

# Growth of the process, in bytes, after which JAX's programs are let go of.
GROWTH_BYTES = 450 * 10**6


class Room:
    """Keeps a process small. For whoever owns it: programs of others have to be traced again, too."""

    def __init__(self) -> None:
        self._least = _resident_bytes()

    def keep(self) -> None:
        """Let go of JAX's programs if the process has grown; those that `engine.programs` holds stay."""
        if _resident_bytes() - self._least > GROWTH_BYTES:
            jax.clear_caches()
            gc.collect()
            _return_freed_memory()
            self._least = _resident_bytes()


def _resident_bytes() -> int:
    return psutil.Process().memory_info().rss


def _return_freed_memory() -> None:
    """Give memory that is free within the process back to the operating system, where the C library can."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        # Only the C library of GNU has it; others return memory by themselves.
        return
