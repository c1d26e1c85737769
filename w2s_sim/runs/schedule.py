"""What a study computes, in which order, and which share of it belongs to whom."""

import dataclasses
from collections.abc import Iterator

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Cell, Study

# Replicates that are shared out as one piece: whole tiles of the replication engine.
CHUNK = 4096
# A cell with a target of precision is looked at here first, then after every doubling. The schedule is fixed,
# so that where sampling stops depends on the replicates alone.
FIRST_LOOK = 1024


@dataclasses.dataclass(frozen=True)
class Shard:
    """The I-th of N shares of a study."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """I and N of "I/N".

        Raises:
            InputError: If it is none, or not 1 <= I <= N.
        """
        parts = text.split("/")
        if len(parts) != 2 or not all(part.isdecimal() and len(part) < 10 for part in parts):
            raise InputError("--shard", repr(text), "I/N, such as 2/8")
        index, count = map(int, parts)
        if not 1 <= index <= count:
            raise InputError("--shard", repr(text), "I/N with 1 <= I <= N")
        return cls(index, count)

    def has(self, position: int) -> bool:
        """Whether the piece in this position is of this share."""
        return position % self.count == self.index - 1


def looks(study: Study) -> Iterator[int]:
    """Numbers of replicates after which a cell may be done."""
    if study.target_relative_se is not None:
        look = FIRST_LOOK
        while look < study.replicates:
            yield look
            look *= 2
    yield study.replicates


def pieces(study: Study, cell: Cell, shard: Shard, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The replicates of a cell from `start` to `stop` that are of a share, in pieces.

    Where sampling stops at a target, a share has whole cells: whoever decides has to see all replicates.
    """
    chunks_per_cell = -(-study.replicates // CHUNK)
    for first in range(start - start % CHUNK, stop, CHUNK):
        if study.target_relative_se is None:
            mine = shard.has(cell.index * chunks_per_cell + first // CHUNK)
        else:
            mine = shard.has(cell.index)
        if mine:
            yield max(first, start), min(first + CHUNK, stop)
