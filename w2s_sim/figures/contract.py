"""The contract of a figure's script: how its data are computed, how they are drawn, what is said of them."""

import ast
import dataclasses
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.files.picture_keys import WIDTHS
from w2s_sim.plotting.paper_page import Page

Tables = Mapping[str, pd.DataFrame]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperFigure:
    """A figure: functions that compute its tables and draw them.

    Attributes:
        name: Name of the figure's files.
        compute: `compute(fast, seed)` returns the tables. All sampling happens here, with progress. If
            `fast`, a draft with far fewer replicates suffices.
        draw: `draw(tables, page)` returns a figure `page.width` inches wide. It only reads the tables, so
            that a figure can be drawn again without computing.
        caption: The caption, or a function of the tables that returns it: text to be pasted into LaTeX, which
            says what the error bars are, the number of replicates, the seed and the task.
        default_width: Width if the user asks for none: "single" or "double" column.
        seed: Seed of the sampling.
        configuration: Settings to be kept beside the data, as JSON values, with the constants that `compute`
            uses.
    """

    name: str
    compute: Callable[[bool, int], Tables]
    draw: Callable[[Tables, Page], Figure]
    caption: str | Callable[[Tables], str]
    default_width: Literal["single", "double"] = "double"
    seed: int = 0
    configuration: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def title(self) -> str:
        """The question that the figure answers: the first paragraph of the script's docstring."""
        text = ast.get_docstring(ast.parse(self.script.read_text(encoding="utf-8"))) or ""
        return " ".join(text.partition("\n\n")[0].split())

    @property
    def page(self) -> Page:
        """The page of the default width."""
        return Page(WIDTHS[self.default_width])

    @property
    def script(self) -> Path:
        """The file in which `compute` is defined."""
        return Path(inspect.getfile(self.compute)).resolve()

    def caption_of(self, tables: Tables) -> str:
        """Return the caption for these tables, on one line."""
        text = self.caption if isinstance(self.caption, str) else self.caption(tables)
        return " ".join(text.split())
