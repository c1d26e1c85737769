"""Groups of cells that share their draws, and are computed together by one program."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence

from w2s_sim.engine.shared_draw import SharedDraw, columns_of
from w2s_sim.files.study_file import Cell, Study
from w2s_sim.randomness import seed_of_stream

# Largest number of columns in a program: more take long to compile before the first replicate is stored.
MOST_COLUMNS = 16


@dataclasses.dataclass(frozen=True)
class DrawGroup:
    """Cells of one task that are computed together. The groups depend on the study alone.

    Attributes:
        index: Position of the group among those of the study.
        cells: The cells.
        seed: Seed of the group's replicates.
    """

    index: int
    cells: tuple[Cell, ...]
    seed: int

    @property
    def shared_draw(self) -> SharedDraw:
        """The estimators of the cells, on one draw."""
        first = self.cells[0].case
        return SharedDraw.of(
            first.task, [cell.case.estimator for cell in self.cells], first.sampling.context_size
        )

    def alone(self, cell: Cell) -> "DrawGroup":
        """Return one cell of the group as a group of its own, with the same draws."""
        return dataclasses.replace(self, cells=(cell,))


def draw_groups(study: Study) -> tuple[DrawGroup, ...]:
    """Return the groups of a study, in the order of their first cells.

    Cells with the same task share their draws, unless the study asks for independent draws. If sampling stops
    at a target precision, only cells that differ in numbers alone are computed together, so that a cell that
    needs many replicates does not keep all the others running.
    """
    if study.draws == "independent":
        return tuple(
            DrawGroup(cell.index, (cell,), seed_of_stream(study.seed, cell.index)) for cell in study.cells
        )
    alike: dict[tuple[int, int], list[Cell]] = defaultdict(list)
    for cell in study.cells:
        # Cells with equal tasks hold the same object.
        alike[id(cell.case.task), cell.case.sampling.context_size].append(cell)
    parts = [part for cells in alike.values() for part in _parts(study, cells)]
    parts.sort(key=lambda part: part[0].index)
    return tuple(DrawGroup(index, tuple(part), study.seed) for index, part in enumerate(parts))


def _parts(study: Study, cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Yield the cells of a task, a program's share at a time."""
    columns = list(columns_of(cells[0].case.task, [cell.case.estimator for cell in cells]))
    if study.target_relative_se is not None:
        for column in columns:
            yield from ([cells[i] for i in positions] for positions in column.positions)
        return
    for start in range(0, len(columns), MOST_COLUMNS):
        together = columns[start : start + MOST_COLUMNS]
        yield [cells[i] for i in sorted(i for column in together for each in column.positions for i in each)]
