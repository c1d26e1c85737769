"""What plugins add to `w2s list`; where there are none, nothing of them is imported, and no jax."""

import importlib.metadata
from collections.abc import Sequence
from typing import Any

# As in `w2s_sim.plugins.loading`, which takes a second to import.
GROUP = "w2s_sim.plugins"


def plugin_contents(places: Sequence[str] = ()) -> dict[str, list[Any]]:
    """The theorems and ready studies of plugins, in the form of our own list, and the plugins themselves.

    Args:
        places: Files and modules to bring in, beside the plugins that are installed.

    Returns:
        `theorems` and `studies` as in `Contents`, and `plugins` as `what_plugins_bring` has them.

    Raises:
        InputError: If a place holds no plugin.
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
