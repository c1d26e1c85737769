"""Tables that print their first columns whole, where pandas would put dots in place of them."""

import shutil
from collections.abc import Sequence

import pandas as pd

# Lines on which a row is printed, at most.
MOST_BLOCKS = 2


class CompactFrame(pd.DataFrame):
    """A DataFrame that prints its first columns whole, as many as two terminals side by side would hold.

    In everything else it is a DataFrame, and what is selected from it prints likewise.
    """

    @property
    def _constructor(self) -> "type[CompactFrame]":
        return CompactFrame

    def __repr__(self) -> str:
        width = min(shutil.get_terminal_size().columns, pd.get_option("display.width") or 80)
        return compact(pd.DataFrame(self), width)


def compact(frame: pd.DataFrame, width: int) -> str:
    """The text of a table: its first columns whole, and below them the names of those that are left out.

    Args:
        frame: The table. Of many rows the first and the last are printed, as pandas does.
        width: Of the terminal, in characters. A column that is wider by itself is printed nevertheless.
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
    """The columns in their order, cut into blocks that are no wider than the terminal."""
    index = max(len(str(label)) for label in frame.index)
    blocks: list[list[str]] = []
    room = 0
    for column in frame.columns:
        lines = frame.to_string(columns=[column], index=False, max_colwidth=None).splitlines()
        # With the space that pandas puts before it.
        needed = max(map(len, lines)) + 2
        if not blocks or needed > room:
            blocks.append([])
            room = width - index
        blocks[-1].append(column)
        room -= needed
    return blocks
