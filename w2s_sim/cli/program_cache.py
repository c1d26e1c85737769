"""Keeps the compiled programs of a command for the next one.

JAX writes and reads the programs. Whatever is wrong with their folder makes the command slower and prints at
most one line: JAX then compiles the program.
"""

import contextlib
import os
import re
import sys
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
from jax.experimental.compilation_cache.compilation_cache import reset_cache

from w2s_sim.cli.program_folder import OFF, VARIABLE, files_of, make_ready, program_folder

# Every program is kept: one that compiles in a few milliseconds is as fast to read, and there are many.
SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}
ENABLED, FOLDER = "jax_enable_compilation_cache", "jax_compilation_cache_dir"
# How JAX warns: with the name of the program, with which the name of its file begins.
PROBLEM = re.compile(
    r"Error (reading|writing) persistent compilation cache entry for '(.*?)': (.*)", re.DOTALL
)
ZSTANDARD = b"\x28\xb5\x2f\xfd"


@contextlib.contextmanager
def kept_programs(wanted: bool = True) -> Iterator[None]:
    """Keep what is compiled within the block, and use what earlier commands have kept.

    Args:
        wanted: If false, nothing is kept or used, whatever the variables of the environment say.
    """
    if not wanted or os.environ.get(VARIABLE) == OFF:
        with _configured({ENABLED: False}):
            yield
        return
    folder = program_folder()
    problem = "" if folder is None else make_ready(folder)
    if folder is None or problem:
        if problem:
            _complain(
                f"compiled programs are not kept: {folder}: {problem} ({VARIABLE} names another folder)"
            )
        yield
        return
    with _configured({ENABLED: True, FOLDER: str(folder), **SETTINGS}), _one_line_of_problems(folder):
        yield


@contextlib.contextmanager
def _configured(values: dict[str, Any]) -> Iterator[None]:
    before = {name: getattr(jax.config, name) for name in values}
    _configure(values)
    try:
        yield
    finally:
        # For programs that call `main` more than once.
        _configure(before)


def _configure(values: dict[str, Any]) -> None:
    for name, value in values.items():
        jax.config.update(name, value)
    # JAX reads these settings only when it compiles for the first time.
    reset_cache()


@contextlib.contextmanager
def _one_line_of_problems(folder: Path) -> Iterator[None]:
    """Collect JAX's warnings about programs in the folder, and delete damaged files, which JAX would keep."""
    problems: list[re.Match[str]] = []
    show = warnings.showwarning

    def listen(message: Any, *origin: Any, **more: Any) -> None:
        problem = PROBLEM.match(str(message))
        if problem:
            problems.append(problem)
        else:
            show(message, *origin, **more)

    warnings.showwarning = listen
    try:
        yield
    finally:
        warnings.showwarning = show
        # A full disk damages what is written.
        deleted = sum(_delete_damaged(folder, name) for name in {problem[2] for problem in problems})
        unwritten = [problem[3] for problem in problems if problem[1] == "writing"]
        # What could not be read but is whole was being written by another process.
        if unwritten:
            _complain(f"{len(unwritten):,} compiled programs are not kept: {folder}: {unwritten[0]}")
        elif deleted:
            some = "1 damaged program" if deleted == 1 else f"{deleted:,} damaged programs"
            _complain(f"{folder}: {some} deleted, and compiled again")


def _delete_damaged(folder: Path, name: str) -> int:
    """Delete the damaged files of the programs of a name; return their number."""
    damaged = [file for _, _, file in files_of(folder, f"{name}-*") if _is_damaged(file)]
    for file in damaged:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
    return len(damaged)


def _is_damaged(file: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        packed = file.read_bytes()
        # JAX packs by Zstandard where it is installed, and Python cannot check that before 3.14.
        if packed.startswith(ZSTANDARD):
            return True
        try:
            zlib.decompress(packed)
        except zlib.error:
            return True
    return False


def _complain(text: str) -> None:
    print(f"w2s: {text}", file=sys.stderr)
