"""A case as the TOML file that `w2s verify ID --case` reads."""

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

# Kinds of finite concepts: the keys that each model has of its own, and those that the two share.
FINITE_KEYS = {
    CategoricalModel: ("categorical", ("tables", "contexts"), ()),
    # As the tables of its pairs, for a weak model's need not be products.
    StyleContentModel: ("categorical", ("tables", "contexts"), ()),
    HiddenMarkovModel: ("hmm", ("initial", "transition", "emission"), ("length",)),
}


def case_file(statement: Statement, case: Case[Any]) -> str:
    """The text of a case file, from which `load_case` makes the case again.

    Args:
        statement: The theorem whose numbers the `[case]` table holds.
        case: One of its cases.

    Raises:
        InputError: If a file cannot say what the case is.
    """
    task, weak = task_tables(case.task)
    tables = {"task": task, **({"task.weak": weak} if weak else {}), "case": case_numbers(statement, case)}
    return "\n".join(table_text(name, table) for name, table in tables.items())


def task_tables(task: Task[Any, Any]) -> Tables:
    """The `[task]` and `[task.weak]` tables of a task.

    Raises:
        InputError: If it is of a kind that no file describes.
    """
    kind = registry().kind_of(task)
    if kind.tables is None:
        raise InputError("task", type(task).__name__, "a task that case files can describe")
    return kind.tables(task)


def regression_tables(task: TransferTask) -> Tables:
    """The two tables of a regression task.

    Raises:
        InputError: If a file cannot say what the task is.
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
    """The two tables of a finite task: the weak model in numbers of its own, whatever it was made from.

    Raises:
        InputError: If a file cannot say what the task is.
    """
    if type(task) is not FiniteTask:
        raise InputError("task", type(task).__name__, "a task that case files can describe")
    kind, own, shared = next(
        (words for family, words in FINITE_KEYS.items() if type(task.source) is family), (None, (), ())
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
    """The `[case]` table, tried out.

    Raises:
        InputError: If no table gives the case's estimator back.
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
    # An array that no key holds, such as the matrix of a norm, is missing in the other one.
    alike = type(again) is type(case.estimator) and len(jax.tree.leaves(again)) == len(
        jax.tree.leaves(case.estimator)
    )
    same_size = again.sample_size == case.estimator.sample_size
    if not (alike or isinstance(case.estimator, LeastSquares)) or not same_size:
        raise refusal
    return numbers


def _numbers_of(estimator: Any) -> dict[str, Any]:
    """Fields by name, those of a nested estimator and the number of queries included."""
    numbers = {}
    for field in dataclasses.fields(estimator):
        value = getattr(estimator, field.name)
        numbers |= _numbers_of(value) if isinstance(value, eqx.Module) else {field.name: value}
    if isinstance(estimator, LeastSquares):
        # The same student under the name that fine-tuning theorems have for it.
        numbers["ridge"] = 0.0
    if isinstance(estimator, Refinement | ConjugateRefinement):
        # Without queries there is no student, and no key.
        numbers["num_queries"] = estimator.num_queries or None
    return numbers
