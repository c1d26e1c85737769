"""The manifest of a run: versions, devices and configuration, so that the run can be repeated."""

import datetime
import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

PACKAGES = (
    "w2s-sim",
    "jax",
    "jaxlib",
    "equinox",
    "jaxtyping",
    "numpyro",
    "optax",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "matplotlib",
)


def build_manifest(configuration: dict[str, Any]) -> dict[str, Any]:
    """Collect versions, devices, configuration and git revision of this run.

    Args:
        configuration: The settings of the run, including its seed; must be JSON-serialisable.
    """
    import jax
    import jax.numpy as jnp

    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "configuration": configuration,
        "versions": package_versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "devices": [str(device) for device in jax.devices()],
        "backend": jax.default_backend(),
        "precision": jnp.zeros(()).dtype.name,
        "git_revision": git_revision(),
    }


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that results depend on; "missing" for absent packages."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "missing"
    return versions


def git_revision() -> str | None:
    """Git revision of the checkout that this package runs from, with "+changes" if it is not clean.

    None if the package does not run from a git checkout, or git is not available.
    """
    folder = Path(__file__).resolve().parent.parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        # If site-packages lies in the checkout of another project, its revision is not ours.
        if Path(git("rev-parse", "--show-toplevel")) != folder:
            return None
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None
