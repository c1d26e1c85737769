"""Case files: a user's own task and the numbers of one theorem, for `w2s verify ID --case FILE.toml`."""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from w2s_sim.errors import InputError, not_among
from w2s_sim.files.document import read_document
from w2s_sim.files.study_file import read_study
from w2s_sim.files.task_table import example_tasks, read_task, task_kind
from w2s_sim.files.toml_text import key_line
from w2s_sim.statements import Case, Statement
from w2s_sim.statements.contract.parameters import read_parameters, unknown_key

# The tables of a case file; a study of a single cell has its own.
TABLES = ("task", "case", "estimator")


def load_case(path: str | Path, statement: Statement) -> Case[Any]:
    """Read a case of a statement from a file.

    A file with the tables `[task]` and `[case]` holds the theorem's own numbers. A file with `[task]` and
    `[[estimator]]` is a study, of a single cell: the statement's assumptions then judge the estimator.

    Args:
        path: The TOML file.
        statement: The theorem that defines the keys of `[case]`.

    Raises:
        InputError: Naming the file and the key, if the file cannot be read or a value does not fit.
    """
    path = Path(path)
    document = read_document(path, "--case")
    try:
        if "estimator" in document:
            return dataclasses.replace(_only_cell(document, statement), name=path.stem)
        for key in document:
            if key not in TABLES:
                raise unknown_key(key, TABLES)
        for key in ("task", "case"):
            if not isinstance(document.get(key), dict):
                given = "nothing" if key not in document else repr(document[key])
                raise InputError(key, given, f"a table [{key}]")
        task = read_task(document["task"], _task_kinds(statement))
        return build_case(path.stem, statement, task, document["case"])
    except InputError as error:
        raise error.located(str(path)) from None


def _only_cell(document: dict[str, Any], statement: Statement) -> Case[Any]:
    """The case of a study of one cell. How often a study replicates its cells does not matter here."""
    cells = read_study({"replication": {"replicates": 2}, **document}).cells
    if len(cells) != 1:
        raise InputError("--case", f"a study of {len(cells):,} cells", "a single cell: no lists of values")
    kinds, kind = _task_kinds(statement), task_kind(cells[0].case.task)
    if kind not in kinds:
        raise not_among("task.kind", kind, kinds)
    return cells[0].case


def build_case(name: str, statement: Statement, task: Any, table: Mapping[str, Any]) -> Case[Any]:
    """Build the case of a statement on a task.

    Args:
        name: Name of the case.
        statement: The theorem that defines the keys of the table.
        task: The task.
        table: The `[case]` table.

    Raises:
        InputError: Naming the key ("case.num_weak"), if a value does not fit.
    """
    if statement.build_estimator is None:
        raise InputError("theorem", statement.id, "a theorem that takes cases from a file")
    try:
        numbers = read_parameters(statement.parameters, table)
        estimator = statement.build_estimator(numbers).told(task)
    except InputError as error:
        raise error.located("", "case.") from None
    return Case(name, task, estimator, bool(numbers.get("grouped", False)))


def _task_kinds(statement: Statement) -> tuple[str, ...]:
    """Return the kinds of tasks that a statement covers: those of its own cases in both presets."""
    cases = [*statement.cases("quick"), *statement.cases("full")]
    return tuple(dict.fromkeys(task_kind(case.task) for case in cases))


def example_case_file(statement: Statement) -> str:
    """Return the text of a file that `load_case` accepts for the statement, with every key explained.

    Its task is the first example of its kind for which the assumptions of the statement hold.
    """
    numbers = ["[case]", *map(key_line, statement.parameters)]
    tasks = example_tasks(_task_kinds(statement)[0])
    texts = ["\n".join([task, *numbers]) + "\n" for task in tasks]
    return next((text for text in texts if _fits(text, statement)), texts[0])


def _fits(text: str, statement: Statement) -> bool:
    """Return whether the case of a file fulfils the assumptions of the statement."""
    if statement.build_estimator is None:
        return True
    document = tomllib.loads(text)
    task = read_task(document["task"], _task_kinds(statement))
    try:
        return statement.broken_assumption(build_case("example", statement, task, document["case"])) is None
    except InputError:
        # The sizes of the example do not fit the task.
        return False
