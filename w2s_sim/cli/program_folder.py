"""Where the commands keep compiled programs: one folder for each version of JAX and each kind of processor.

A program compiled for another processor may crash, or compute other last bits. Folders that nothing uses any
more are deleted, and a folder that has grown too large loses its oldest programs.
"""

import contextlib
import hashlib
import importlib.metadata
import os
import platform
import shutil
import time
from pathlib import Path

from w2s_sim.cache_folder import OFF, VARIABLE, cache_folder

# JAX's own variable: whoever has set it has chosen a folder, and all that goes with it.
JAX_VARIABLE = "JAX_COMPILATION_CACHE_DIR"
# A folder above the first size is cut to the second one.
MOST_BYTES, KEPT_BYTES = 500 * 10**6, 300 * 10**6
# Folders of other versions and processors are deleted after so long without use.
UNUSED_SECONDS = 60 * 24 * 3600
# How /proc/cpuinfo names the kind of a processor and its instructions, on x86 and on ARM.
PROCESSOR_LINES = (
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "stepping",
    "flags",
    "CPU implementer",
    "CPU part",
    "Features",
)


def program_folder() -> Path | None:
    """Return the folder of this version and processor; None if it is turned off, or JAX was told another.

    Raises:
        InputError: If the variable is a relative path: the folder would depend on where a command is started.
    """
    if not os.environ.get(VARIABLE) and os.environ.get(JAX_VARIABLE):
        return None
    root = cache_folder()
    return None if root is None else root / "programs" / _key()


def describe_folder() -> str:
    """Return where compiled programs are kept and how large they are."""
    folder = program_folder()
    if folder is None:
        is_off = os.environ.get(VARIABLE) == OFF
        return f"not kept: {VARIABLE}={OFF}" if is_off else f"{os.environ[JAX_VARIABLE]} ({JAX_VARIABLE})"
    sizes = [size for _, size, _ in files_of(folder)]
    others = sum(size for _, size, _ in files_of(folder.parent, "*/*")) - sum(sizes)
    beside = f", and {others / 1e6:,.1f} MB for other versions or processors" if others else ""
    return f"{folder}: {len(sizes):,} programs, {sum(sizes) / 1e6:,.1f} MB{beside}"


def make_ready(folder: Path) -> str:
    """Make the folder and room in it; return why it cannot be used, or ""."""
    probe = folder / f"probe-{os.getpid()}"
    try:
        # Whoever may write into it can make its owner run any code.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        os.utime(folder)
    except OSError as error:
        return error.strerror or type(error).__name__
    # Another process may be deleting the same files.
    with contextlib.suppress(OSError):
        _make_room(folder)
    return ""


def files_of(folder: Path, pattern: str = "*") -> list[tuple[float, int, Path]]:
    """Return the time, the size and the path of each file, without those that vanish meanwhile."""
    found = []
    for file in folder.glob(pattern):
        with contextlib.suppress(OSError):
            about = file.stat()
            found.append((about.st_mtime, about.st_size, file))
    return found


def _make_room(folder: Path) -> None:
    for other in folder.parent.iterdir():
        if other != folder and time.time() - other.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(other, ignore_errors=True)
    files = sorted(files_of(folder))
    total = sum(size for _, size, _ in files)
    wanted = KEPT_BYTES if total > MOST_BYTES else total
    for _, size, file in files:
        if total <= wanted:
            return
        file.unlink(missing_ok=True)
        total -= size


def _key() -> str:
    """Return the name of the folder: the compiler's version, and a digest of all that programs depend on."""
    jax, jaxlib = (importlib.metadata.version(name) for name in ("jax", "jaxlib"))
    depends_on = "\n".join([jax, jaxlib, platform.system(), platform.machine(), *_processor()])
    return f"jaxlib-{jaxlib}-{hashlib.sha256(depends_on.encode()).hexdigest()[:12]}"


def _processor() -> list[str]:
    """Return what the operating system says of the first processor: its kind and its instructions."""
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return [platform.processor(), platform.version()]
    return [line for line in first.splitlines() if line.split(":")[0].strip() in PROCESSOR_LINES]
