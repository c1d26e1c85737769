"""Statements and kinds by name: the package's own, and those that plugins bring in.

with brought_in("my_theorem.py"):      # for a while
    find_statement("my-theorem")
bring_in("my_package:PLUGIN")          # for the rest of the process
"""

import contextlib
import dataclasses
import importlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from w2s_sim._checks import described, require_part
from w2s_sim.errors import InputError
from w2s_sim.plugins.kinds import EstimatorKind, TaskKind
from w2s_sim.plugins.loading import Brought, installed_plugins, load_place, warn_of_plugin
from w2s_sim.plugins.plugin import Plugin
from w2s_sim.statements import registry as book
from w2s_sim.statements.contract.statement import Statement
from w2s_sim.tasks.task import Task

# The package's own kinds are registered like those of plugins, by module and name.
OWN_KINDS = "w2s_sim.files.own_kinds:OWN_KINDS"
OWN_NAME = "w2s-sim"


class Registry:
    """Statements, kinds and laws by name.

    Attributes:
        own: The package's own kinds and laws; the theorems of the book are in `statements.registry`.
        brought: The plugins that have been added, in that order.
    """

    def __init__(self, own: Plugin) -> None:
        self.own = own
        self.brought: tuple[Brought, ...] = ()
        # Kinds are looked up for every cell of a study, so they are computed once for each set of plugins.
        self._tasks: tuple[tuple[Brought, ...], dict[str, TaskKind]] | None = None

    def add(self, brought: Brought) -> None:
        """Add a plugin; it replaces an earlier plugin with the same name and origin.

        Raises:
            InputError: If the plugin uses a name that the package or another plugin has taken.
        """
        own = (brought.plugin.name, brought.origin)
        others = tuple(each for each in self.brought if (each.plugin.name, each.origin) != own)
        if brought.is_loose:
            brought = _with_free_name(brought, {each.plugin.name for each in others})
        taken: dict[tuple[str, str], str] = dict.fromkeys(self.own.names(), OWN_NAME)
        taken |= {("statement", name): OWN_NAME for name in book.THEOREMS}
        taken |= {pair: each.label for each in others for pair in each.plugin.names()}
        taken |= {("plugin", each.plugin.name): each.label for each in others}
        for noun, name in [("plugin", brought.plugin.name), *brought.plugin.names()]:
            if (noun, name) in taken:
                given = f"{noun} {name!r} of {brought.label}, which {taken[noun, name]} has as well"
                raise InputError("plugin", given, "a name that is not taken")
            taken[noun, name] = brought.label
        self.brought = (*others, brought)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """The plugins that have been added."""
        return tuple(each.plugin for each in self.brought)

    @property
    def records(self) -> list[dict[str, str]]:
        """The entries of the plugins in a manifest."""
        return [each.record for each in self.brought]

    @property
    def statements(self) -> dict[str, Statement]:
        """All statements by id: the theorems in the order of the book, then those of plugins."""
        brought = (statement for plugin in self.plugins for statement in plugin.statements)
        return {**book.all_statements(), **{statement.id: statement for statement in brought}}

    @property
    def tasks(self) -> dict[str, TaskKind]:
        """All kinds of tasks by name."""
        if self._tasks is None or self._tasks[0] is not self.brought:
            kinds = [kind for each in (self.own, *self.plugins) for kind in each.tasks]
            self._tasks = self.brought, {kind.name: self._opened(kind) for kind in kinds}
        return self._tasks[1]

    @property
    def estimators(self) -> dict[str, EstimatorKind]:
        """All kinds of estimators by name."""
        return {kind.name: kind for each in (self.own, *self.plugins) for kind in each.estimators}

    @property
    def feature_laws(self) -> dict[str, Any]:
        """All laws of features that files may name."""
        return {name: law for each in (self.own, *self.plugins) for name, law in each.feature_laws.items()}

    @property
    def noise_laws(self) -> dict[str, Any]:
        """All laws of label noise that files may name, except laws with parameters."""
        return {name: law for each in (self.own, *self.plugins) for name, law in each.noise_laws.items()}

    @property
    def studies(self) -> dict[str, Path]:
        """The ready studies of plugins, by name."""
        return {path.stem: path for plugin in self.plugins for path in plugin.studies}

    def kind_of(self, task: Task[Any, Any]) -> TaskKind:
        """Return the kind of a task; if it is of several kinds, the kind with the most derived classes.

        Raises:
            InputError: If files cannot describe such a task.
        """
        kinds = [kind for kind in self.tasks.values() if kind.holds(task)]
        if not kinds:
            given = f"a {type(task).__name__} with a {type(task.source).__name__}"
            raise InputError("task", given, "a task of a kind that files describe")
        return max(kinds, key=lambda kind: len(kind.task.__mro__) + len(kind.source.__mro__))

    def used_by(self, kinds: Iterable[str]) -> list[dict[str, str]]:
        """Return the manifest entries of the plugins that define any of the named kinds or laws."""
        names = set(kinds)
        return [
            each.record
            for each in self.brought
            if names & {kind.name for kind in (*each.plugin.tasks, *each.plugin.estimators)}
            or each.plugin.feature_laws.keys() & names
            or each.plugin.noise_laws.keys() & names
        ]

    def _opened(self, kind: TaskKind) -> TaskKind:
        """Extend the choices of the keys that name a law by the laws of plugins."""
        laws = {
            table: tuple(name for plugin in self.plugins for name in getattr(plugin, table))
            for table in ("feature_laws", "noise_laws")
        }
        if not any(laws.values()):
            return kind
        wider = {
            field: tuple(
                dataclasses.replace(each, choices=(*each.choices, *laws.get(each.choices_of, ())))
                for each in getattr(kind, field)
            )
            for field in ("parameters", "weak_parameters")
        }
        return dataclasses.replace(kind, **wider)


def _with_free_name(brought: Brought, taken: set[str]) -> Brought:
    """Keep the plugin's name if it is free; otherwise append the first free number."""
    name = brought.plugin.name
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    free = next(each for each in itertools.chain([name], numbered) if each not in taken)
    return dataclasses.replace(brought, plugin=dataclasses.replace(brought.plugin, name=free))


# Created on first use, because that searches entry points; once per process.
_at_hand: list[Registry] = []


def registry() -> Registry:
    """Return the registry of this process: the package's own kinds, and all installed and added plugins.

    Warns:
        PluginWarning: On first use, for installed plugins that cannot be used.
    """
    if not _at_hand:
        module, _, name = OWN_KINDS.partition(":")
        made = Registry(getattr(importlib.import_module(module), name))
        _at_hand.append(made)
        for brought in installed_plugins():
            try:
                made.add(brought)
            except InputError as error:
                warn_of_plugin(brought.label, error)
    return _at_hand[0]


def bring_in(plugin: Plugin | str) -> tuple[Plugin, ...]:
    """Add a plugin for the rest of the process.

    Args:
        plugin: The plugin, or where to find plugins: "FILE.py" or "MODULE:NAME".

    Returns:
        The plugins that were found.

    Raises:
        InputError: If no plugin is found, or a name is already taken.
    """
    if isinstance(plugin, str):
        found = load_place(plugin)
    else:
        found = (Brought(require_part("plugin", plugin, Plugin, "a Plugin, FILE.py or MODULE:NAME"), ""),)
    known = registry()
    for each in found:
        known.add(each)
    return tuple(each.plugin for each in found)


@contextlib.contextmanager
def brought_in(*plugins: Plugin | str) -> Iterator[list[tuple[Plugin, ...]]]:
    """Add plugins like `bring_in`, but only within the `with` block.

    Args:
        *plugins: Plugins, or where to find plugins.

    Yields:
        For each argument, the plugins that were found.
    """
    known = registry()
    before = known.brought
    try:
        yield [bring_in(plugin) for plugin in plugins]
    finally:
        known.brought = before


def all_statements() -> dict[str, Statement]:
    """Return all statements by id: the theorems in the order of the book, then those of plugins."""
    return registry().statements


def find_statement(statement_id: str) -> Statement:
    """Return the statement with an id, from the book or a plugin.

    Raises:
        InputError: If there is no such statement, with the nearest id.
    """
    return book.find_among(all_statements(), statement_id)


Named = Statement | str | Iterable["Statement | str"]


def statements_of(*named: Named) -> list[Statement]:
    """Return the statements given as `Statement` objects, as ids, or as iterables of these.

    Raises:
        InputError: If there is no statement with a given id, or an argument is of another type.
    """
    found: list[Statement] = []
    for each in named:
        if isinstance(each, Statement):
            found.append(each)
        elif isinstance(each, str):
            found.append(find_statement(each))
        elif isinstance(each, Iterable) and not isinstance(each, np.ndarray | jax.Array):
            found += statements_of(*(each.values() if isinstance(each, Mapping) else each))
        else:
            raise InputError(
                "statements", described(each), "statements, or ids of theorems such as 'naive-floor'"
            )
    return found
