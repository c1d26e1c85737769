"""The packages of the extra `w2s-sim[lm]`, which are imported where they are used and nowhere else."""

import importlib
from typing import Any

from w2s_sim.errors import InputError


def require_package(name: str) -> Any:
    """Import a package of the extra.

    Args:
        name: Name of the package.

    Raises:
        InputError: If it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise InputError(name, "not installed", "the packages of pip install 'w2s-sim[lm]'") from None
