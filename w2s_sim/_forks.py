"""Detection of forks after JAX has started: the child lacks JAX's threads and would wait forever."""

import os
import sys

from w2s_sim.errors import InputError

_waits_for_ever = False


def watch_forks() -> None:
    """Register a hook that marks child processes that were forked after JAX had started."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_note)


def require_threads() -> None:
    """Raise if computations in this process would wait forever.

    Raises:
        InputError: If the process was forked after JAX had started.
    """
    if _waits_for_ever:
        raise InputError(
            "process",
            "a fork of a process in which JAX had started",
            "a process of its own: multiprocessing's start method 'spawn' or 'forkserver'",
        )


def _note() -> None:
    global _waits_for_ever
    bridge = sys.modules.get("jax._src.xla_bridge")
    # If this version of JAX does not report whether it has started, an import counts as a start.
    started = getattr(bridge, "backends_are_initialized", lambda: True)
    _waits_for_ever = _waits_for_ever or (bridge is not None and started())
