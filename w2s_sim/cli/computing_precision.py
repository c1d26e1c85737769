"""The floating-point precision of a command."""

import contextlib
from collections.abc import Iterator

import jax


@contextlib.contextmanager
def precision(x64: bool) -> Iterator[None]:
    """Compute in float64 within the block, if requested; afterwards, restore the setting.

    The setting applies to all threads, because a command compiles in several threads. It is restored for
    programs that call `main` more than once.

    Args:
        x64: Whether to compute in float64; if not, the precision is unchanged.
    """
    before = bool(jax.config.read("jax_enable_x64"))
    jax.config.update("jax_enable_x64", x64 or before)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
