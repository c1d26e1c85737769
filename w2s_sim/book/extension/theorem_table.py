"""The directive `{theorem-map} RECORD`: a table of all theorems, made from the registry and a record."""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from w2s_sim.book.theorem_map import theorem_map
from w2s_sim.statements import all_statements


class TheoremTable(SphinxDirective):
    """Shows the paper, the kind, the tightest case and the controls of every theorem of the registry."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        _, absolute = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(absolute)
        return self.parse_text_to_nodes("\n".join(theorem_map(all_statements(), Path(absolute))))
