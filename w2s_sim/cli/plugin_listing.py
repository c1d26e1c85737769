"""Entries of plugins in `w2s list`; without plugins, neither the plugins' package nor jax is imported."""

import importlib.metadata
from collections.abc import Sequence
from typing import Any

# Copy of `w2s_sim.plugins.loading.GROUP`, because importing that module takes a second.
GROUP = "w2s_sim.plugins"


def plugin_contents(places: Sequence[str] = ()) -> dict[str, list[Any]]:
    """Return the theorems and ready studies of plugins, in the form of `Contents`, and the plugins.

    Args:
        places: Files and modules with plugins, in addition to the installed plugins.

    Returns:
        `theorems` and `studies` as in `Contents`, and `plugins` as from `what_plugins_bring`.

    Raises:
        InputError: If a place contains no plugin.
    """
    if not places and not importlib.metadata.entry_points(group=GROUP):
        return {"theorems": [], "studies": [], "plugins": []}
    from w2s_sim.files.ready_studies import study_title
    from w2s_sim.plugins import brought_in, registry, what_plugins_bring

    with brought_in(*places):
        plugins = what_plugins_bring()
        studies = [{"name": name, "question": study_title(path)} for name, path in registry().studies.items()]
    theorems = [statement for plugin in plugins for statement in plugin["statements"]]
    return {"theorems": theorems, "studies": studies, "plugins": plugins}
