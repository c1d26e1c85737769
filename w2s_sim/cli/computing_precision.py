"""The precision in which a command computes."""

import contextlib
from collections.abc import Iterator

import jax


@contextlib.contextmanager
def precision(x64: bool) -> Iterator[None]:
    """Compute in float64 while the command runs, if asked to; then restore the setting.

    The setting holds for all threads: a command compiles in several. A program that calls `main` more than
    once finds its own precision again after each call.

    Args:
        x64: Whether to compute in float64; without it the precision stays as it is.
    """
    before = bool(jax.config.read("jax_enable_x64"))
    jax.config.update("jax_enable_x64", x64 or before)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
