"""Formulas in the pages that Sphinx writes."""

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator

from w2s_sim.book.formulas import mathml


def render_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def render_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own; a wide one scrolls."""
    translator.body.append(f'<div class="formula">{mathml(node.astext(), display=True)}</div>')
    raise nodes.SkipNode
