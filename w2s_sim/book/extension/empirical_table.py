"""The directive `{empirical-statements}`: a table of all empirical statements, made from their registry."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from w2s_sim.book.empirical_list import empirical_list
from w2s_sim.empirical import empirical_statements


class EmpiricalTable(SphinxDirective):
    """Shows the claim, the quantity, the range, the control and the source of every empirical statement."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(empirical_list(empirical_statements().values())))
