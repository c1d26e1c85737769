"""Modules that are made of a file, wherever the file lies."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def executed(name: str, path: Path) -> ModuleType:
    """Run a Python file as a module, and return the module.

    Args:
        name: Name of the module in `sys.modules`. Classes and measures are told apart by module and name, so
            that no two files may share a name.
        path: The file.

    Raises:
        Exception: Whatever the file raises; no module of the name is left then.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Before the file runs: `dataclasses` looks the module up while it creates a class.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
