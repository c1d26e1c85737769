"""Lets go of the memory that JAX holds for programs beyond what running them takes.

Beside each program that it has compiled, those of single operations included, JAX keeps the code that it was
compiled from: two megabytes, three quarters of the whole. A command that runs a thousand programs would fill
the memory, of which its numbers need little.
"""

import contextlib
import ctypes
import gc

import jax
import psutil

# Growth of the process, in bytes, after which the code that programs were compiled from is let go of.
CODE_GROWTH_BYTES = 60 * 10**6
# Growth of the process, in bytes, after which the programs are let go of as well.
GROWTH_BYTES = 600 * 10**6
# A parameter of GNU's C library: in how many places threads allocate memory, and its number.
ARENAS, MOST_ARENAS = -8, 2


class Room:
    """Keeps a process small. For whoever owns it: programs of others may have to be traced again, too."""

    def __init__(self) -> None:
        self._least = self._least_code = _resident_bytes()

    def keep(self) -> None:
        """Let go of what has made the process grow; programs that `engine.programs` holds stay."""
        held = _resident_bytes()
        if held - self._least_code > CODE_GROWTH_BYTES:
            _let_go_of_code()
            give_back_freed()
            held = self._least_code = _resident_bytes()
        if held - self._least > GROWTH_BYTES:
            jax.clear_caches()
            gc.collect()
            give_back_freed()
            self._least = self._least_code = _resident_bytes()


def _let_go_of_code() -> None:
    """Let go of what programs were compiled from. The programs stay, and are called as before."""
    # JAX has no public function for this. In versions without these caches, the code stays.
    with contextlib.suppress(ImportError, AttributeError):
        from jax._src.interpreters.pxla import _cached_lowering_to_hlo
        from jax._src.pjit import _pjit_lower

        _pjit_lower.cache_clear()
        _cached_lowering_to_hlo.cache_clear()


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
