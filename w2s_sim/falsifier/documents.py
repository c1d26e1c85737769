"""Cases as the tables of case files, so that the search covers exactly what case files can describe."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.files.case_file import build_case
from w2s_sim.files.case_writer import case_numbers, task_tables
from w2s_sim.files.task_table import read_task
from w2s_sim.statements import Case, Statement
from w2s_sim.statements.contract.parameters import read_parameters

Table = Mapping[str, Any]
# For each kind of concepts, the keys of a `[task]` table whose rows are probabilities, except the priors.
ROWS = {"regression": (), "categorical": ("tables",), "hmm": ("initial", "transition", "emission")}


@dataclasses.dataclass(frozen=True)
class Document:
    """The tables of a case file, with NumPy arrays in float64.

    Attributes:
        task: The `[task]` table.
        weak: The `[task.weak]` table, of kind "general".
        case: The `[case]` table.
    """

    task: Table
    weak: Table
    case: Table

    @classmethod
    def of(cls, statement: Statement, case: Case[Any]) -> "Document | None":
        """Return the tables of a case; None if case files cannot describe it."""
        try:
            task, weak = task_tables(case.task)
            if task["kind"] not in ROWS:
                # There are no corners for kinds of concepts outside `ROWS`, such as those of plugins.
                return None
            return cls(*(_plain(table) for table in (task, weak, case_numbers(statement, case))))
        except InputError:
            return None

    def build(self, statement: Statement, name: str) -> Case[Any] | None:
        """Build the case that the tables describe; None if the reader of case files refuses them."""
        try:
            task = read_task({**_listed(self.task), "weak": _listed(self.weak)})
            return build_case(name, statement, task, _listed(self.case))
        except InputError:
            return None

    def names_an_estimator(self, statement: Statement) -> bool:
        """Return whether the reader of case files accepts the `[case]` table, for any task."""
        assert statement.build_estimator is not None
        try:
            statement.build_estimator(read_parameters(statement.parameters, _listed(self.case)))
        except InputError:
            return False
        return True

    def with_task(self, **changes: Any) -> "Document":
        """Return the document with other values in its `[task]` table; None removes a key."""
        return dataclasses.replace(self, task=_changed(self.task, changes))

    def with_weak(self, **changes: Any) -> "Document":
        """Return the document with other values in its `[task.weak]` table; None removes a key."""
        return dataclasses.replace(self, weak=_changed(self.weak, changes))

    def with_case(self, **changes: Any) -> "Document":
        """Return the document with other values in its `[case]` table; None removes a key."""
        return dataclasses.replace(self, case=_changed(self.case, changes))

    @property
    def kind(self) -> str:
        """Kind of the concepts: a key of `ROWS`."""
        return self.task["kind"]

    @property
    def rows(self) -> tuple[str, ...]:
        """Keys of the probabilities of a finite task, in both tables."""
        return ROWS[self.kind]

    @property
    def source_prior(self) -> Float[np.ndarray, " K"]:
        """The source prior alpha^P."""
        return self.task["source_prior"]

    @property
    def target_prior(self) -> Float[np.ndarray, " K"]:
        """The target prior alpha^Q."""
        return self.task["target_prior"]

    @property
    def num_concepts(self) -> int:
        """Number of concepts K."""
        return len(self.source_prior)

    @property
    def star(self) -> int:
        """Index of k*, the intended concept."""
        return int(np.argmax(self.target_prior))

    @property
    def rival(self) -> int:
        """Index of the concept other than k* with the largest source weight; k* if it is the only one."""
        others = np.where(np.arange(self.num_concepts) == self.star, -1.0, self.source_prior)
        return int(np.argmax(others)) if self.num_concepts > 1 else self.star


def _plain(table: Table) -> Table:
    """Convert JAX arrays to NumPy, and zero-dimensional arrays to numbers."""
    plain = {}
    for key, value in table.items():
        if isinstance(value, bool | int | str):
            plain[key] = value
        else:
            array = np.asarray(value, dtype=np.float64)
            plain[key] = float(array) if array.ndim == 0 else array
    return plain


def _listed(table: Table) -> dict[str, Any]:
    """Convert values to lists and Python numbers, as a reader of TOML returns them."""
    return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in table.items()}


def _changed(table: Table, changes: Table) -> Table:
    return {key: value for key, value in {**table, **changes}.items() if value is not None}
