"""Kinds of tasks and of estimators: how a table of a file is read as a task or an estimator."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from w2s_sim._checks import described
from w2s_sim.errors import InputError
from w2s_sim.estimators import Estimator
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import require_function
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import Task

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
# For each kind of weak model, its required and its optional keys. Keys listed for no kind are valid for all.
WeakKeys = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
Tables = tuple[dict[str, Any], dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class TaskKind:
    """A kind of `[task]` table, with the `[task.weak]` table inside.

    Attributes:
        name: The `kind` of the table.
        build: Builds the task from the checked values of `[task]` and of `[task.weak]`.
        parameters: The keys of `[task]`, except `kind`.
        task: The class of the tasks.
        source: The class of their strong models.
        weak_parameters: The keys of `[task.weak]`; if empty, files have no such table.
        weak_keys: For each kind of weak model, its required and optional keys, if there are several kinds;
            `weak_parameters` then has a key `kind`.
        example: Example `[task]` with its `[task.weak]`; built from the parameters' examples when left out.
        further_examples: Examples for statements whose assumptions the first example breaks.
        tables: Returns the two tables that describe a task, so that files can be written; None if it cannot.
        limits: For each key ("weak." before keys of the weak table), fields of its `Parameter` to replace in
            studies.
        require_size: Raises InputError for a `[task]` table whose task takes too much memory.
        pair_size: Returns the numbers in memory per weak pair, for a `[task]` table.

    Raises:
        InputError: If a field is not of its type.
    """

    name: str
    build: Callable[[dict[str, Any], dict[str, Any]], Task[Any, Any]]
    parameters: tuple[Parameter, ...]
    task: type[Task[Any, Any]]
    source: type[StrongModel]
    weak_parameters: tuple[Parameter, ...] = ()
    weak_keys: WeakKeys = dataclasses.field(default_factory=dict)
    example: str = ""
    further_examples: tuple[str, ...] = ()
    tables: Callable[[Any], Tables] | None = None
    limits: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    require_size: Callable[[Mapping[str, Any]], None] = lambda table: None
    pair_size: Callable[[Mapping[str, Any]], int] = lambda table: 1

    def __post_init__(self) -> None:
        require_name("kind of task", self.name)
        require_function("build", self.build, ("values", "weak"), f"kind {self.name}")
        require_parameters("parameters", self.parameters, self.name)
        require_parameters("weak_parameters", self.weak_parameters, self.name)
        require_class("task", self.task, Task, self.name)
        require_class("source", self.source, StrongModel, self.name)

    def holds(self, task: Task[Any, Any]) -> bool:
        """Return whether a task is of this kind."""
        return isinstance(task, self.task) and isinstance(task.source, self.source)


@dataclasses.dataclass(frozen=True)
class EstimatorKind:
    """A kind of `[[estimator]]` table.

    Attributes:
        name: The `kind` of the table.
        build: Builds the estimator from the task and the checked values of the table.
        parameters: The keys of the table, except `kind` and `label`.
        tasks: Classes of the tasks that the estimator is for; all by default.
        sources: Classes of the strong models that the estimator is for; all by default.
        needs: Keys that have an effect only together with another key, each with that key.
        of_task: Whether the estimator depends on the task, and so must be built for every task anew.

    Raises:
        InputError: If a field is not of its type.
    """

    name: str
    build: Callable[[Any, dict[str, Any]], Estimator]
    parameters: tuple[Parameter, ...] = ()
    tasks: tuple[type[Task[Any, Any]], ...] = (Task,)
    sources: tuple[type[StrongModel], ...] = (StrongModel,)
    needs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    of_task: bool = False

    def __post_init__(self) -> None:
        require_name("kind of estimator", self.name)
        require_function("build", self.build, ("task", "numbers"), f"kind {self.name}")
        require_parameters("parameters", self.parameters, self.name)
        for field, classes, base in (("tasks", self.tasks, Task), ("sources", self.sources, StrongModel)):
            if not isinstance(classes, tuple) or not classes:
                expected = f"a tuple of classes of {base.kind if base is StrongModel else 'tasks'}"
                raise InputError(field, described(classes), expected, f"kind {self.name}")
            for given in classes:
                require_class(field, given, base, self.name)

    def is_for(self, kind: TaskKind) -> bool:
        """Return whether the estimator can learn in tasks of a kind."""
        return issubclass(kind.task, self.tasks) and issubclass(kind.source, self.sources)


def require_name(field: str, name: Any) -> None:
    """Refuse a name that cannot be used in files or on the command line.

    Raises:
        InputError: About `field`.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InputError(field, described(name), "a name of small letters, digits and -, such as 'my-kind'")


def require_parameters(field: str, parameters: Any, kind: str) -> None:
    """Refuse anything but a tuple of parameters.

    Raises:
        InputError: About `field`.
    """
    if not isinstance(parameters, tuple) or not all(isinstance(each, Parameter) for each in parameters):
        expected = "a tuple of Parameters: (Parameter('rate', float, 'what it is'),)"
        raise InputError(field, described(parameters), expected, f"kind {kind}")


def require_class(field: str, given: Any, base: type, kind: str) -> None:
    """Refuse anything but a subclass of a base class.

    Raises:
        InputError: About `field`.
    """
    if not isinstance(given, type) or not issubclass(given, base):
        raise InputError(field, described(given), f"a subclass of {base.__name__}", f"kind {kind}")
