"""The directive `{public-names} ROOM`: the docstrings of every public name of a room."""

import importlib
import inspect

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from w2s_sim.book.public_names import public_names


class PublicNames(SphinxDirective):
    """Documents each public name of a room by the directive of autodoc for its kind."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for path in public_names(self.arguments[0]).values():
            lines += [f".. {_directive(path)}:: {path}", ""]
        # The page is Markdown; autodoc writes reStructuredText.
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"]))


def _directive(path: str) -> str:
    module, _, name = path.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value):
        return "autoclass"
    return "autofunction" if inspect.isroutine(value) else "autodata"
