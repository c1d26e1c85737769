"""Writer of case files, the TOML files that `w2s verify ID --case` reads."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import numpy as np

from w2s_sim.concepts import CategoricalModel, HiddenMarkovModel, StyleContentModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import ConjugateRefinement, LeastSquares, Refinement
from w2s_sim.files.feature_keys import feature_keys
from w2s_sim.files.noise_keys import noise_keys
from w2s_sim.files.toml_text import table_text
from w2s_sim.plugins import registry
from w2s_sim.plugins.kinds import Tables
from w2s_sim.statements import Case, Statement
from w2s_sim.statements.contract.parameters import read_parameters
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import Task

# For each family of finite concepts: its kind, the keys of each model, and the keys that both models share.
FINITE_FIELDS = {
    CategoricalModel: ("categorical", ("tables", "contexts"), ()),
    # Written as the joint tables of all pairs, because the weak model's tables need not be products.
    StyleContentModel: ("categorical", ("tables", "contexts"), ()),
    HiddenMarkovModel: ("hmm", ("initial", "transition", "emission"), ("length",)),
}


def case_file(statement: Statement, case: Case[Any]) -> str:
    """Return the text of a case file that `load_case` reads back as the same case.

    Args:
        statement: The theorem that defines the keys of the `[case]` table.
        case: A case of the statement.

    Raises:
        InputError: If case files cannot describe the case.
    """
    task, weak = task_tables(case.task)
    tables = {"task": task, **({"task.weak": weak} if weak else {}), "case": case_numbers(statement, case)}
    return "\n".join(table_text(name, table) for name, table in tables.items())


def task_tables(task: Task[Any, Any]) -> Tables:
    """Return the `[task]` and `[task.weak]` tables of a task.

    Raises:
        InputError: If case files cannot describe tasks of this kind.
    """
    kind = registry().kind_of(task)
    if kind.tables is None:
        raise InputError("task", type(task).__name__, "a task that case files can describe")
    return kind.tables(task)


def regression_tables(task: TransferTask) -> Tables:
    """Return the `[task]` and `[task.weak]` tables of a regression task.

    Raises:
        InputError: If case files cannot describe the task.
    """
    if type(task) is not TransferTask:
        raise InputError("task", type(task).__name__, "a task that case files can describe")
    if type(task.supervisor) is not RegressionSupervisor:
        raise InputError("weak", type(task.supervisor).__name__, "a weak model that case files can describe")
    table = {
        "kind": "regression",
        "dim": task.dim,
        "num_concepts": task.num_concepts,
        "noise": task.source.noise,
        **noise_keys(task.source.law),
        "source_prior": task.source.prior,
        "target_prior": task.target_prior,
        **feature_keys(task.features),
        "concepts": task.source.vectors,
    }
    weak = {
        "kind": "general",
        "noise": task.supervisor.noise,
        **noise_keys(task.supervisor.law),
        "concepts": task.supervisor.vectors,
    }
    return table, weak


def finite_tables(task: FiniteTask) -> Tables:
    """Return the `[task]` and `[task.weak]` tables of a finite task.

    The weak model is written as kind "general", with its own numbers, however it was made.

    Raises:
        InputError: If case files cannot describe the task.
    """
    if type(task) is not FiniteTask:
        raise InputError("task", type(task).__name__, "a task that case files can describe")
    kind, own, shared = next(
        (words for family, words in FINITE_FIELDS.items() if type(task.source) is family), (None, (), ())
    )
    if kind is None or type(task.supervisor) is not type(task.source):
        given = f"{type(task.source).__name__}, {type(task.supervisor).__name__}"
        raise InputError("task", given, "two models of one kind that case files can describe")
    table = {
        "kind": kind,
        "source_prior": task.source.prior,
        "target_prior": task.target_prior,
        **{key: getattr(task.source, key) for key in own + shared},
    }
    return table, {"kind": "general", **{key: getattr(task.supervisor, key) for key in own}}


def case_numbers(statement: Statement, case: Case[Any]) -> dict[str, Any]:
    """Return the `[case]` table, after checking that it describes the case's estimator.

    Raises:
        InputError: If no table describes the case's estimator.
    """
    known = {"grouped": case.grouped} | _numbers_of(case.estimator)
    names = [parameter.name for parameter in statement.parameters]
    numbers = {name: known[name] for name in names if known.get(name) is not None}
    kind = type(case.estimator).__name__
    refusal = InputError("estimator", kind, f"an estimator that a [case] table of {statement.id} describes")
    if statement.build_estimator is None:
        raise refusal
    plain = {name: np.asarray(value).tolist() for name, value in numbers.items()}
    try:
        again = statement.build_estimator(read_parameters(statement.parameters, plain)).told(case.task)
    except InputError:
        raise refusal from None
    # Compare the arrays too: one that no key holds, such as the matrix of a norm, is missing when rebuilt.
    alike = type(again) is type(case.estimator) and len(jax.tree.leaves(again)) == len(
        jax.tree.leaves(case.estimator)
    )
    same_size = again.sample_size == case.estimator.sample_size
    if not (alike or isinstance(case.estimator, LeastSquares)) or not same_size:
        raise refusal
    return numbers


def _numbers_of(estimator: Any) -> dict[str, Any]:
    """Return the fields of an estimator by name, including the fields of nested estimators."""
    numbers = {}
    for field in dataclasses.fields(estimator):
        value = getattr(estimator, field.name)
        numbers |= _numbers_of(value) if isinstance(value, eqx.Module) else {field.name: value}
    if isinstance(estimator, LeastSquares):
        # Fine-tuning theorems describe least squares as ridge with penalty 0.
        numbers["ridge"] = 0.0
    if isinstance(estimator, Refinement | ConjugateRefinement):
        # Without queries no student is fitted, and the key is left out.
        numbers["num_queries"] = estimator.num_queries or None
    return numbers
