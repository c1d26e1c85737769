"""Writing figures as PDF, SVG and PNG: the same bytes from the same table, with the fonts embedded."""

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from w2s_sim.files.picture_keys import FORMATS
from w2s_sim.plotting.embedded_fonts import embed_fonts
from w2s_sim.plotting.style import figure_style

# Without dates and versions of programs.
_METADATA: dict[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}
# Under which name a format keeps an identifier.
_IDENTIFIER = {"pdf": "Keywords", "svg": "Identifier", "png": "Identifier"}


def figure_bytes(figure: Figure, form: str, mark: str = "") -> bytes:
    """Return a figure as the content of a file.

    Args:
        figure: The figure.
        form: One of `FORMATS`.
        mark: Identifier in the metadata of the file; none by default.
    """
    metadata = {**_METADATA[form], **({_IDENTIFIER[form]: mark} if mark else {})}
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format=form, metadata=metadata)
    content = buffer.getvalue()
    return embed_fonts(content) if form == "svg" else content


def write_figure(
    figure: Figure, folder: Path, name: str, formats: Sequence[str] = FORMATS, mark: str = ""
) -> list[Path]:
    """Write a figure as NAME.FORMAT for each format; return the paths.

    Args:
        figure: The figure.
        folder: Folder of the files; created if it does not exist.
        name: Name of the files, without extension.
        formats: Some of `FORMATS`.
        mark: Identifier in the metadata of the files; none by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{form}" for form in formats]
    # All of them are made before the first is written.
    contents = [figure_bytes(figure, form, mark) for form in formats]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths
