"""The versions with which replicates were computed, and the warning if they differ."""

import importlib.metadata
import platform
import warnings
from collections.abc import Mapping, Sequence

import jax

# The last digits of a replicate, or all of them, may depend on the versions of these packages.
PACKAGES = ("w2s-sim", "jax", "jaxlib", "numpy")

Versions = Mapping[str, str]


class VersionsWarning(UserWarning):
    """Warning: the replicates of a study were not all computed with the current versions."""


def versions_at_hand(precision: str, plugins: Sequence[Mapping[str, str]] = ()) -> dict[str, str]:
    """Return the current versions, as a part records them.

    Args:
        precision: "float32" or "float64".
        plugins: The plugins that the study needs, as a manifest records them.
    """
    return {
        **{f"plugin {record['name']}": record["version"] for record in plugins},
        **{package: importlib.metadata.version(package) for package in PACKAGES},
        "python": platform.python_version(),
        "precision": precision,
        "platform": f"{platform.system()} {platform.machine()}",
        "backend": jax.default_backend(),
    }


def warn_of_versions(recorded: Sequence[Versions], now: Versions, folder: object) -> None:
    """Warn in one line of the versions of a folder's parts that differ from the current versions.

    Warns:
        VersionsWarning: If a version differs, or a part records no versions.
    """
    others = {
        key: sorted({versions[key] for versions in recorded if key in versions} - {value})
        for key, value in now.items()
    }
    differing = [f"{key} {', '.join(values)} (now {now[key]})" for key, values in others.items() if values]
    if any(not versions for versions in recorded):
        differing.append("versions that they do not record")
    if differing:
        text = f"{folder}: parts were computed with {'; '.join(differing)}"
        warnings.warn(f"{text}: their last digits may differ", VersionsWarning, stacklevel=3)
