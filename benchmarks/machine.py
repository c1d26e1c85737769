"""What a result was measured on: processor, device, versions, precision and revision."""

import datetime
import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import psutil

from w2s_sim.engine.programs import num_cores

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "scikit-learn", "hmmlearn", "joblib", "blackjax", "numpyro")


def machine() -> dict[str, Any]:
    """Describe this machine and this process."""
    devices = jax.devices()
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        "revision": _git("rev-parse", "--short", "HEAD"),
        "changed_files": len(_git("status", "--porcelain", "--", "w2s_sim", "benchmarks").splitlines()),
        "processor": processor(),
        "cores": num_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "device": f"{len(devices)} x {devices[0].device_kind} ({devices[0].platform})",
        "precision": jnp.zeros(()).dtype.name,
        "system": platform.platform(),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
