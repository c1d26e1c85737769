"""The schedule of a study: which replicates are computed, in which order, and by which shard."""

import dataclasses
from collections.abc import Iterator

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Cell, Study

# Number of replicates that are assigned to a shard as one piece: whole tiles of the replication engine.
CHUNK = 4096
# The precision of a cell is first compared with the study's target after this many replicates, then after
# every doubling. The schedule is fixed, so that the stopping point depends only on the replicates.
FIRST_LOOK = 1024


@dataclasses.dataclass(frozen=True)
class Shard:
    """The I-th of N shares of a study: I is `index`, N is `count`."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Parse a shard from the text "I/N".

        Raises:
            InputError: If the text does not have this form, or not 1 <= I <= N.
        """
        parts = text.split("/")
        if len(parts) != 2 or not all(part.isdecimal() and len(part) < 10 for part in parts):
            raise InputError("--shard", repr(text), "I/N, such as 2/8")
        index, count = map(int, parts)
        if not 1 <= index <= count:
            raise InputError("--shard", repr(text), "I/N with 1 <= I <= N")
        return cls(index, count)

    def has(self, position: int) -> bool:
        """Return whether the piece in this position belongs to this shard."""
        return position % self.count == self.index - 1


def looks(study: Study) -> Iterator[int]:
    """Yield the numbers of replicates after which a cell may be done."""
    if study.target_relative_se is not None:
        look = FIRST_LOOK
        while look < study.replicates:
            yield look
            look *= 2
    yield study.replicates


def pieces(study: Study, cell: Cell, shard: Shard, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield the replicates of a cell in start .. stop - 1 that belong to a shard, in pieces (first, end).

    If sampling stops at a target precision, whole cells are assigned to a shard: the decision to stop needs
    all replicates of the cell.
    """
    chunks_per_cell = -(-study.replicates // CHUNK)
    for first in range(start - start % CHUNK, stop, CHUNK):
        if study.target_relative_se is None:
            mine = shard.has(cell.index * chunks_per_cell + first // CHUNK)
        else:
            mine = shard.has(cell.index)
        if mine:
            yield max(first, start), min(first + CHUNK, stop)
