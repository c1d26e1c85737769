"""Groups of cells that share their draws, and are computed together by one program."""

import dataclasses
from collections.abc import Hashable, Iterator, Sequence

from w2s_sim.engine.reductions import Draw, Reduction, draw_of, reduction_of, shares_draws_by
from w2s_sim.engine.shared_draw import columns_of
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
        reduction: How the weak data of the cells are drawn.
    """

    index: int
    cells: tuple[Cell, ...]
    seed: int
    reduction: Reduction

    @property
    def draw(self) -> Draw:
        """The estimators of the cells, on one draw."""
        first = self.cells[0].case
        estimators = [cell.case.estimator for cell in self.cells]
        return draw_of(self.reduction, first.task, estimators, first.sampling.context_size)

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
            DrawGroup(cell.index, (cell,), seed_of_stream(study.seed, cell.index), Reduction.NONE)
            for cell in study.cells
        )
    alike: dict[Hashable, tuple[Reduction, list[Cell]]] = {}
    for cell in study.cells:
        case, context_size = cell.case, cell.case.sampling.context_size
        reduction = Reduction.NONE
        if study.draws == "reduced":
            reduction = reduction_of(case.task, case.estimator, context_size)
        # Cells with equal tasks hold the same object.
        key = id(case.task), context_size, shares_draws_by(reduction, case.estimator)
        alike.setdefault(key, (reduction, []))[1].append(cell)
    parts = [(part, reduction) for reduction, cells in alike.values() for part in _parts(study, cells)]
    parts.sort(key=lambda part: part[0][0].index)
    return tuple(
        DrawGroup(index, tuple(part), study.seed, reduction) for index, (part, reduction) in enumerate(parts)
    )


def _parts(study: Study, cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Yield the cells of a task, a program's share at a time."""
    columns = list(columns_of(cells[0].case.task, [cell.case.estimator for cell in cells]))
    if study.target_relative_se is not None:
        for column in columns:
            yield from ([cells[i] for i in positions] for positions in column.positions)
        return
    for start in range(0, len(columns), MOST_COLUMNS):
        together = columns[start : start + MOST_COLUMNS]
        yield [cells[i] for i in sorted(i for column in together for i in column.flat)]
