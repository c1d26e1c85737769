"""Settings of the book. `make book` builds it; the pages of this folder are its sources."""

from pathlib import Path

from sphinx.application import Sphinx

import w2s_sim
from w2s_sim.book.cells import sources_hash
from w2s_sim.teaching.static_pages import write_lessons

ROOT = Path(__file__).parents[1]

project = "w2s-sim"
author = "The w2s-sim developers"
copyright = "The w2s-sim developers, Apache License 2.0"
release = version = w2s_sim.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxcontrib.bibtex",
    "w2s_sim.book.extension",
]
root_doc = "index"
exclude_patterns = ["_build"]

# The package, with the outputs of its cells.
package_sources = sources_hash()
kept_cells = str(ROOT / "build" / "cells")

# Pages are written for GitHub too: dollars around formulas, anchors by GitHub's rules.
myst_enable_extensions = ["dollarmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 4
myst_update_mathjax = False

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

html_theme = "furo"
html_title = f"w2s-sim {release}"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
copybutton_selector = "div.highlight-python pre, div.highlight-toml pre, div.highlight-shell pre"


def setup(app: Sphinx) -> None:
    """Make the pages of the lessons, before pages are looked for; not for a part of the book."""
    if Path(app.srcdir) == ROOT / "theory":
        write_lessons(ROOT / "theory" / "lessons", version=package_sources)
