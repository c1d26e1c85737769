"""The directive `{public-names} ROOM`: the docstrings of every public name of a room."""

import importlib
import inspect

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from w2s_sim.book.public_names import public_names


class PublicNames(SphinxDirective):
    """Documents each public name of a room by the directive of autodoc for its kind."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for path in public_names(self.arguments[0]).values():
            lines += [f".. {_directive(path)}:: {path}", ""]
        return self._parsed(lines)

    def _parsed(self, lines: list[str]) -> list[nodes.Node]:
        """Parse reStructuredText, which autodoc writes, also on a page of Markdown."""
        text = StringList(["```{eval-rst}", *lines, "```"], source=self.get_location())
        return self.parse_content_to_nodes_of(text)

    def parse_content_to_nodes_of(self, text: StringList) -> list[nodes.Node]:
        holder = nodes.Element()
        self.state.nested_parse(text, 0, holder)
        return holder.children


def _directive(path: str) -> str:
    module, _, name = path.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value):
        return "autoclass"
    return "autofunction" if inspect.isroutine(value) else "autodata"
