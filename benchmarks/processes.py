"""Starts the measurements that need a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def clocked(
    *arguments: str, tree: Path = ROOT, one_thread: bool = False, cache: str = "off"
) -> dict[str, Any]:
    """Run `clocked_process.py`, and return what it prints.

    Args:
        arguments: The kind of work and what it takes.
        tree: Folder of the revision of the package that does the work.
        cache: Folder of kept programs; "off" without any.
        one_thread: Whether BLAS gets one thread, so that decompositions grow as their algorithm does.

    Raises:
        RuntimeError: With the last line of its errors, if the process fails.
    """
    script = str(Path(__file__).with_name("clocked_process.py"))
    # Programs that others have kept would hide what compiling takes.
    hidden = ("JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"PYTHONPATH": str(tree), "W2S_CACHE": cache}
    if one_thread:
        environment["OPENBLAS_NUM_THREADS"] = "1"
    command = [sys.executable, script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.splitlines() or [f"exit status {done.returncode}"])[-1])
    return json.loads(done.stdout.splitlines()[-1])
