"""The schedule of a study: which replicates are computed, in which order, and by which shard."""

import dataclasses
from collections.abc import Iterator

from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.draw_groups import DrawGroup

# Number of replicates of a group that are computed as one piece: whole tiles of the replication engine.
CHUNK = 4096
# Number of replicates that are assigned to a shard as one piece. Shards share groups of cells, of which a
# study may have few.
SHARE = 512
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


def pieces(study: Study, group: DrawGroup, shard: Shard, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield the replicates of a group in start .. stop - 1 that belong to a shard, in pieces (first, end).

    If sampling stops at a target precision, whole groups are assigned to a shard: the decision to stop needs
    all replicates of a cell.
    """
    size = CHUNK if shard.count == 1 else min(CHUNK, SHARE)
    pieces_per_group = -(-study.replicates // size)
    for first in range(start - start % size, stop, size):
        if study.target_relative_se is None:
            mine = shard.has(group.index * pieces_per_group + first // size)
        else:
            mine = shard.has(group.index)
        if mine:
            yield max(first, start), min(first + size, stop)
