"""A process forked after JAX had started has JAX's state without its threads, and would wait for ever."""

import os
import sys

from w2s_sim.errors import InputError

_waits_for_ever = False


def watch_forks() -> None:
    """From now on, forks are noticed in the child."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_note)


def require_threads() -> None:
    """Refuse to compute in a process whose computations would never end.

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
    # Where JAX does not say whether it has started, having been imported is as good as it.
    started = getattr(bridge, "backends_are_initialized", lambda: True)
    _waits_for_ever = _waits_for_ever or (bridge is not None and started())
