"""What the cells of a page print, shown below each cell."""

from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

from w2s_sim.book.cells import CellError, cells_of, outputs_of


class CellOutputs(SphinxTransform):
    """Runs the cells of a page, or takes their kept outputs. A cell that fails ends the build."""

    default_priority = 800

    def apply(self, **given: object) -> None:
        page = Path(self.env.doc2path(self.env.docname))
        try:
            outputs = outputs_of(page, Path(self.config.kept_cells))
        except CellError as error:
            raise ExtensionError(str(error)) from error
        blocks = [block for block in self.document.findall(nodes.literal_block) if _is_python(block)]
        # In the order of the page, which may also show Python that is no cell of it, included from elsewhere.
        for cell, output in zip(cells_of(page), outputs, strict=True):
            while blocks[0].astext().strip("\n") != cell.source.strip("\n"):
                blocks.pop(0)
            block = blocks.pop(0)
            if output:
                block.parent.insert(block.parent.index(block) + 1, _output_block(output))


def _is_python(block: nodes.literal_block) -> bool:
    return block.get("language") == "python"


def _output_block(output: str) -> nodes.literal_block:
    text = output.rstrip("\n")
    return nodes.literal_block(text, text, language="text", classes=["cell-output"])
