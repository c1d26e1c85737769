"""Embedding fonts in SVG files: the text stays text, and looks the same on a machine without the font."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, findfont, get_font

_FAMILIES = re.compile(r"font-family: ([^;\"]+)")


def embed_fonts(svg: bytes) -> bytes:
    """Return an SVG file of matplotlib with the letters that it shows embedded as fonts.

    Each font is cut down to the letters of the figure.

    Args:
        svg: A file written with `svg.fonttype = "none"`.
    """
    letters: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for font, text in _texts(ElementTree.fromstring(svg)):
        face = (font["font-family"], font.get("font-style", "normal"), font.get("font-weight", "400"))
        letters[face] |= set(text)
    rules = "".join(_rule(_path(*face), *face[1:], shown) for face, shown in sorted(letters.items()))
    # The family that was found is the only name left: another of the list may exist on the reader's machine.
    text = _FAMILIES.sub(lambda match: f"font-family: '{_family(_path(match[1]))}'", svg.decode("utf-8"))
    return text.replace("</style>", f"{rules}</style>", 1).encode("utf-8")


def _texts(root: ElementTree.Element) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the declarations of style and the letters of each piece of text."""
    for element in root.iter():
        style = dict(
            part.strip().split(": ", 1) for part in element.get("style", "").split(";") if ":" in part
        )
        if element.text and "font-family" in style:
            yield style, element.text


def _path(families: str, style: str = "normal", weight: str = "400") -> str:
    """Return the file of the first family that exists."""
    names = [family.strip(" '") for family in families.split(",")]
    number = int(weight) if weight.isdigit() else weight
    return str(findfont(FontProperties(family=names, style=style, weight=number)))  # pyright: ignore


def _family(path: str) -> str:
    return get_font(path).family_name


def _rule(path: str, style: str, weight: str, letters: set[str]) -> str:
    """Return the CSS that brings the letters of a font."""
    font = TTFont(path, recalcTimestamp=False, fontNumber=0)
    # Letters are placed one word at a time, so that kerning and ligatures are not needed.
    options = Options(layout_features=[], hinting=False)
    options.drop_tables += ["FFTM"]
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(letters))
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return (
        f"@font-face {{ font-family: '{_family(path)}'; font-style: {style}; font-weight: {weight}; "
        f"src: url(data:font/woff;base64,{data}) format('woff'); }}\n"
    )
