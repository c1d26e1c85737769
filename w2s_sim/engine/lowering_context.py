"""One context of MLIR for many programs of a thread.

JAX makes a new context for each program that it lowers, single operations included, and loads all dialects of
MLIR into it. For a single operation that is a quarter of the time to compile it, half of the time to read it
from a folder of kept programs, and most of the memory that it takes.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

# Programs after which a thread gets a new context: a context never lets go of the constants of its programs.
PROGRAMS_OF_A_CONTEXT = 256


class SharedContext(threading.local):
    """Returns the context of the calling thread.

    Each thread has its own: two threads then never change the same context at once.

    Attributes:
        make: Makes a new context.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self._context: Any = None
        self._programs_left = 0

    def __call__(self) -> Any:
        if self._programs_left == 0:
            self._context, self._programs_left = self.make(), PROGRAMS_OF_A_CONTEXT
        self._programs_left -= 1
        return self._context


def share_lowering_contexts() -> None:
    """Let all programs that are lowered from now on share contexts. For whoever owns the process."""
    # JAX has no public function for this. In versions without this one, each program has its own context.
    with contextlib.suppress(ImportError, AttributeError):
        from jax._src.interpreters import mlir

        if not isinstance(mlir.make_ir_context, SharedContext):
            mlir.make_ir_context = SharedContext(mlir.make_ir_context)
