"""The `[baseline]` table of a study: the estimator with which the others are compared."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from w2s_sim.errors import InputError, shown
from w2s_sim.files.cell_keys import resolve_key
from w2s_sim.files.grid import Cell

FIELD = "baseline"
HELP = "values that fit one estimator of every task: each cell is compared with it, on the same draws"


def read_baselines(table: Any, cells: Sequence[Cell]) -> dict[int, int]:
    """Return, for each cell, the cell of the same task with which it is compared.

    Args:
        table: The table: keys of an estimator and their values, as in `kind = "finetune"`, `ridge = 0.3`.
        cells: The cells of the study.

    Raises:
        InputError: If the table is none, a key is unknown, or not exactly one estimator of a task has these
            values.
    """
    if not isinstance(table, dict) or not table:
        raise InputError(FIELD, shown(table), "a table [baseline] with values of one estimator")
    keys = list(
        dict.fromkeys(key for cell in cells for key in cell.parameters if key.startswith("estimator."))
    )
    wanted = {resolve_key(f"{FIELD}.{name}", name, keys): value for name, value in table.items()}
    alike: dict[Hashable, list[Cell]] = defaultdict(list)
    for cell in cells:
        alike[_task_of(cell)].append(cell)
    baselines = {}
    for same_task in alike.values():
        fitting = [cell for cell in same_task if _fits(cell, wanted)]
        if len(fitting) != 1:
            numbers = ", ".join(str(cell.index) for cell in fitting[:5])
            given = f"{shown(table)}, which fits {f'cells {numbers}' if fitting else 'no cell'} of a task"
            raise InputError(FIELD, given, "values that fit exactly one cell of every task")
        baselines |= {cell.index: fitting[0].index for cell in same_task}
    return baselines


def _task_of(cell: Cell) -> Hashable:
    return repr({key: value for key, value in cell.parameters.items() if key.startswith("task.")})


def _fits(cell: Cell, wanted: Mapping[str, Any]) -> bool:
    return all(key in cell.parameters and cell.parameters[key] == value for key, value in wanted.items())
