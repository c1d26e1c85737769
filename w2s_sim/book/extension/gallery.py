"""The directive `{gallery} FOLDER`: every figure of a folder, with its caption and its files."""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class Gallery(SphinxDirective):
    """Shows every NAME.png of a folder, with the caption in NAME.txt and links to its other files."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        _, absolute = self.env.relfn2path(self.arguments[0])
        # The page is made again when a file changes, comes or goes.
        for path in (Path(absolute), *Path(absolute).iterdir()):
            self.env.note_dependency(str(path))
        lines: list[str] = []
        for picture in sorted(Path(absolute).glob("*.png")):
            lines += self._figure(picture)
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)

    def _figure(self, picture: Path) -> list[str]:
        """Return a section with the picture, in MyST Markdown."""
        folder, name = self.arguments[0], picture.stem
        caption = picture.with_suffix(".txt")
        text = caption.read_text(encoding="utf-8").strip() if caption.is_file() else ""
        others = sorted(file for file in picture.parent.glob(f"{name}.*") if file.suffix != ".txt")
        links = ", ".join(f"[{file.suffix[1:].upper()}]({folder}/{file.name})" for file in others)
        title = name.replace("_", " ").capitalize()
        return [
            f"## {title}",
            "",
            f"![{title}]({folder}/{picture.name})",
            "",
            text,
            "",
            f"Files: {links}.",
            "",
        ]
