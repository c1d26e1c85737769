"""An extension of Sphinx: formulas as MathML, outputs of cells, gallery, map of theorems, public names.

Building the book needs the packages of the extra `book`; nothing else in the package imports this folder.
"""

import logging

from sphinx.application import Sphinx

from w2s_sim.book.extension.docstrings import as_restructured_text, with_short_types
from w2s_sim.book.extension.empirical_table import EmpiricalTable
from w2s_sim.book.extension.gallery import Gallery
from w2s_sim.book.extension.math_renderer import render_display, render_inline
from w2s_sim.book.extension.name_listing import PublicNames
from w2s_sim.book.extension.outputs import CellOutputs
from w2s_sim.book.extension.theorem_table import TheoremTable
from w2s_sim.engine.lowering_context import share_lowering_contexts
from w2s_sim.engine.programs import compile_cheaply, make_room_for_decompositions


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the parts with Sphinx."""
    # Before a cell starts XLA.
    make_room_for_decompositions()
    compile_cheaply()
    share_lowering_contexts()
    # Sphinx prints what libraries log; JAX logs every kind of device that it does not find.
    logging.getLogger("jax").setLevel(logging.WARNING)
    # The sources are part of the configuration: pages are read again when the package changes.
    app.add_config_value("package_sources", "", "env", str)
    app.add_config_value("kept_cells", "", "", str)
    app.add_html_math_renderer("mathml", (render_inline, None), (render_display, None))
    app.add_transform(CellOutputs)
    app.add_directive("empirical-statements", EmpiricalTable)
    app.add_directive("gallery", Gallery)
    app.add_directive("public-names", PublicNames)
    app.add_directive("theorem-map", TheoremTable)
    app.connect("source-read", _point_to_the_copy_in_the_book)
    # Before napoleon, whose priority is 500.
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)
    app.connect("autodoc-process-signature", with_short_types)
    return {"parallel_read_safe": False, "parallel_write_safe": True}


def _point_to_the_copy_in_the_book(app: Sphinx, page: str, source: list[str]) -> None:
    """Point links to CONTRIBUTING.md, outside of the folder, to the page of the book that includes it."""
    source[0] = source[0].replace("](../CONTRIBUTING.md", "](contributing.md")
