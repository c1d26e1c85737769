"""Case files: a user's own task and the numbers of one theorem, for `w2s verify ID --case FILE.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.files.task_table import example_task, read_task, task_kind
from w2s_sim.files.toml_text import key_line
from w2s_sim.statements import Case, Statement
from w2s_sim.statements.contract.parameters import read_parameters, unknown_key


def load_case(path: str | Path, statement: Statement) -> Case[Any]:
    """Read a case of a statement from a file.

    Args:
        path: A TOML file with the tables `[task]`, `[task.weak]` and `[case]`.
        statement: The theorem that defines the keys of `[case]`.

    Raises:
        InputError: Naming the file and the key, if the file cannot be read or a value does not fit.
    """
    path = Path(path)
    document = _read_toml(path)
    try:
        for key in document:
            if key not in ("task", "case"):
                raise unknown_key(key, ["task", "case"])
        for key in ("task", "case"):
            if not isinstance(document.get(key), dict):
                given = "nothing" if key not in document else repr(document[key])
                raise InputError(key, given, f"a table [{key}]")
        task = read_task(document["task"], _task_kinds(statement))
        return build_case(path.stem, statement, task, document["case"])
    except InputError as error:
        raise error.located(str(path)) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("--case", str(path), "a file that exists") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("--case", f"{path} ({error})", "a readable TOML file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError("--case", f"{path} ({error})", "a well-formed TOML file") from None


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
    """Return the text of a file that `load_case` accepts for the statement, with every key explained."""
    lines = [example_task(_task_kinds(statement)[0]), "[case]", *map(key_line, statement.parameters)]
    return "\n".join(lines) + "\n"
