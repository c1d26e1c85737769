"""Finding plugins: in a file, in a module, or among the entry points of installed packages."""

import contextlib
import dataclasses
import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from w2s_sim._checks import described
from w2s_sim.errors import InputError
from w2s_sim.plugins.executed_files import executed
from w2s_sim.plugins.kinds import EstimatorKind, TaskKind
from w2s_sim.plugins.plugin import Plugin
from w2s_sim.statements.contract.statement import Statement
from w2s_sim.statements.registry import THEOREMS, find_statement

GROUP = "w2s_sim.plugins"
EXPECTED = "FILE.py or MODULE:NAME, which holds a Plugin or Statements"
# Longest name of a plugin that is named after a file or a module.
LONGEST_NAME = 50
PARTS = (Statement, TaskKind, EstimatorKind)


class PluginWarning(UserWarning):
    """Warning that an installed plugin cannot be used, and is left out."""


@dataclasses.dataclass(frozen=True)
class Brought:
    """A plugin with its origin and version.

    Attributes:
        plugin: The plugin.
        origin: The file, the module or the entry point that holds it.
        version: The version of its distribution, or the SHA-256 of its file; "" if neither is known.
        is_loose: Whether the plugin was built from statements and kinds of a module, and is named after it.
    """

    plugin: Plugin
    origin: str
    version: str = ""
    is_loose: bool = False

    @property
    def label(self) -> str:
        """The name of the plugin in messages."""
        return f"{self.plugin.name} ({self.origin})" if self.origin else self.plugin.name

    @property
    def record(self) -> dict[str, str]:
        """The entry of the plugin in a manifest."""
        return {"name": self.plugin.name, "version": self.version, "origin": self.origin}


def is_place(text: str) -> bool:
    """Return whether an argument of a command is FILE.py or MODULE:NAME, and not the id of a theorem."""
    return ":" in text or "/" in text or text.endswith(".py")


def load_place(text: str) -> tuple[Brought, ...]:
    """Load the plugins in a file or a module.

    Args:
        text: FILE.py or MODULE:NAME.

    Raises:
        InputError: In one line, if the file, module or name does not exist, cannot be imported, or contains
            no
            plugin, statement or kind.
    """
    path = Path(text)
    if path.suffix == ".py":
        return _load_file(path)
    module_name, colon, name = text.partition(":")
    if not colon or not name or not all(part.isidentifier() for part in module_name.split(".")):
        raise InputError("plugin", repr(text), EXPECTED)
    module = _module(text, module_name)
    if name not in vars(module):
        known = [key for key, value in vars(module).items() if isinstance(value, (Plugin, *PARTS))]
        expected = "a name among " + ", ".join(known) if known else EXPECTED
        raise InputError("plugin", f"{text!r}, where {module_name} has no {name!r}", expected)
    found = vars(module)[name]
    objects = list(found) if isinstance(found, tuple | list) else [found]
    if not objects or not all(isinstance(each, (Plugin, *PARTS)) for each in objects):
        given = f"{text!r}, which is {described(found)}"
        raise InputError("plugin", given, "a Plugin, a Statement, or a list of them")
    return _gathered(objects, module_name.rpartition(".")[2], text, _version_of(module))


def load_named(text: str, argument: str) -> tuple[Any, str]:
    """Load one object of a module.

    Args:
        text: FILE.py:NAME or MODULE:NAME.
        argument: What names the place, for complaints.

    Returns:
        The object, and the version of its distribution or the SHA-256 of its file.

    Raises:
        InputError: In one line, if the file, module or name does not exist or cannot be imported.
    """
    place, _, name = text.rpartition(":")
    try:
        if place.endswith(".py"):
            module, version = _module_of_file(Path(place))
        elif place and all(part.isidentifier() for part in place.split(".")):
            module = _module(text, place)
            version = _version_of(module)
        else:
            raise InputError(argument, repr(text), "FILE.py:NAME or MODULE:NAME")
    except InputError as error:
        raise InputError(argument, error.given, error.expected) from error
    if name not in vars(module):
        raise InputError(argument, f"{text!r}, where {place} has no {name!r}", "a name of the module")
    return vars(module)[name], version


def _module(text: str, name: str) -> ModuleType:
    """Import a module by its name, also from the current folder."""
    with _importable(Path.cwd()):
        return _imported(text, functools.partial(importlib.import_module, name))


def _load_file(path: Path) -> tuple[Brought, ...]:
    module, digest = _module_of_file(path)
    plugins: list[Any] = [value for value in vars(module).values() if isinstance(value, Plugin)]
    parts = [value for value in vars(module).values() if isinstance(value, PARTS)]
    objects = plugins or _own_parts(parts)
    if not objects:
        raise InputError("plugin", f"{path}, which holds no Plugin and no Statement", EXPECTED)
    different = list({id(each): each for each in objects}.values())
    return _gathered(different, path.stem, str(path), digest)


def _module_of_file(path: Path) -> tuple[ModuleType, str]:
    """Run a file as a module; return the module and the digest of the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("plugin", f"{path} ({error.strerror})", "a Python file that can be read") from None
    digest = _digest(content)
    # Import a file once: the same content at the same place must give the same module, with the same classes.
    name = "w2s_sim_plugin_" + _digest(f"{path.resolve()} {digest}".encode()).partition(":")[2]
    if name not in sys.modules:
        with _importable(path.resolve().parent):
            _imported(str(path), lambda: executed(name, path))
    return sys.modules[name], digest


def _own_parts(parts: Sequence[Any]) -> list[Any]:
    """Leave out lemmas of other statements, and theorems of the book that the file imports."""
    lemmas = {id(lemma) for part in parts if isinstance(part, Statement) for lemma in part.lemmas}
    return [part for part in parts if id(part) not in lemmas and not _is_of_the_book(part)]


def _is_of_the_book(part: Any) -> bool:
    return isinstance(part, Statement) and part.id in THEOREMS and find_statement(part.id) is part


def _imported(text: str, load: Any) -> ModuleType:
    """Call `load` to import a module, and turn any exception of its code into an error of one line."""
    try:
        return load()
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        given = f"{text} ({reason[:200]})"
        raise InputError("plugin", given, "a Python module that can be imported") from error


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Make the modules of a folder importable, as they are for a script in that folder."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(entry)


def _gathered(objects: Sequence[Any], name: str, origin: str, version: str) -> tuple[Brought, ...]:
    """Collect plugins, and put loose statements and kinds into a plugin named after their module."""
    plugins = [each for each in objects if isinstance(each, Plugin)]
    if len(plugins) < len(objects):
        loose = Plugin(
            re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_NAME] or "plugin",
            statements=tuple(each for each in objects if isinstance(each, Statement)),
            tasks=tuple(each for each in objects if isinstance(each, TaskKind)),
            estimators=tuple(each for each in objects if isinstance(each, EstimatorKind)),
        )
        plugins.append(loose)
    return tuple(
        Brought(plugin, origin, version, is_loose=not any(plugin is each for each in objects))
        for plugin in plugins
    )


def _version_of(module: ModuleType) -> str:
    """Return the version of a module's distribution, or else the digest of its file."""
    owners = importlib.metadata.packages_distributions().get(module.__name__.partition(".")[0], [])
    if owners:
        return importlib.metadata.version(owners[0])
    if not module.__file__:
        return ""
    path = Path(module.__file__)
    # For a package: the digest of all of its modules.
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    return _digest(b"".join(file.read_bytes() for file in files))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()[:16]}"


def installed_plugins() -> list[Brought]:
    """Load the plugins that installed packages name in entry points, ordered by name.

    Warns:
        PluginWarning: One line for every entry point that cannot be used and is left out.
    """
    found = []
    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name):
        package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        try:
            plugin = point.load()
            if not isinstance(plugin, Plugin):
                raise InputError("entry point", described(plugin), "a Plugin")
        except (Exception, SystemExit) as error:
            warn_of_plugin(f"{point.name} ({package})", error)
            continue
        found.append(Brought(plugin, package, point.dist.version if point.dist else ""))
    return found


def warn_of_plugin(label: str, error: BaseException) -> None:
    """Warn in one line that an installed plugin is left out, and why.

    Warns:
        PluginWarning: Always.
    """
    reason = " ".join(str(error).split())[:300]
    kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
    warnings.warn(f"plugin {label} is left out: {kind}{reason}", PluginWarning, stacklevel=2)
