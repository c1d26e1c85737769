"""Data frames that print their first columns in full instead of abbreviating columns with dots."""

import shutil
from collections.abc import Sequence

import pandas as pd

# Largest number of column blocks in a printed table: a row takes at most this many lines.
MOST_BLOCKS = 2


class CompactFrame(pd.DataFrame):
    """A DataFrame that prints its first columns in full, as many as fit in two terminal widths.

    It behaves like a DataFrame in every other respect; selections of it are also compact frames.
    """

    @property
    def _constructor(self) -> "type[CompactFrame]":
        return CompactFrame

    def __repr__(self) -> str:
        width = min(shutil.get_terminal_size().columns, pd.get_option("display.width") or 80)
        return compact(pd.DataFrame(self), width)


def compact(frame: pd.DataFrame, width: int) -> str:
    """Format a table: its first columns in full, then the names of the omitted columns.

    Args:
        frame: The table. As in pandas, only the first and last rows of a long table are printed.
        width: Terminal width in characters. A single wider column is still printed in full.
    """
    if frame.empty or not frame.columns.is_unique:
        return repr(frame)
    rows = {"max_rows": pd.get_option("display.max_rows"), "min_rows": pd.get_option("display.min_rows")}
    blocks = _blocks(frame, width)[:MOST_BLOCKS]
    text = "\n\n".join(frame.to_string(columns=block, max_colwidth=None, **rows) for block in blocks)
    left_out = frame.columns[sum(map(len, blocks)) :]
    if not len(left_out):
        return text
    others = ", ".join(map(str, left_out))
    return f"{text}\n\n[{len(frame)} rows; further columns: {others}]"


def _blocks(frame: pd.DataFrame, width: int) -> Sequence[list[str]]:
    """Split the columns, in order, into blocks that fit the terminal width."""
    index = max(len(str(label)) for label in frame.index)
    blocks: list[list[str]] = []
    room = 0
    for column in frame.columns:
        lines = frame.to_string(columns=[column], index=False, max_colwidth=None).splitlines()
        # Pandas puts spaces before every column.
        needed = max(map(len, lines)) + 2
        if not blocks or needed > room:
            blocks.append([])
            room = width - index
        blocks[-1].append(column)
        room -= needed
    return blocks
