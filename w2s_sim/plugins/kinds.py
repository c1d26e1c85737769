"""Kinds of tasks and of estimators: how a table of a file becomes a task or an estimator."""

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
# By kind of weak model, the keys that it needs, and those that it may have. Keys of no kind are for all.
WeakKeys = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
Tables = tuple[dict[str, Any], dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class TaskKind:
    """A kind of `[task]` table, with the `[task.weak]` table inside.

    Attributes:
        name: The `kind` of the table.
        build: The task, from the checked values of `[task]` and of `[task.weak]`.
        parameters: The keys of `[task]`, `kind` left out.
        task: The class of the tasks.
        source: The class of their strong models.
        weak_parameters: The keys of `[task.weak]`; without any, files have no such table.
        weak_keys: The keys of each kind of weak model, where there are several kinds; `weak_parameters` then
            has a key `kind`.
        example: A ready `[task]` with its `[task.weak]`; made of the parameters' examples when left out.
        tables: From a task its two tables, so that files can be written; None if they cannot.
        limits: By key ("weak." before those of the weak table), fields of its `Parameter` in studies.
        require_size: Refuses a `[task]` table, in an InputError, whose task takes too much memory.
        pair_size: How many numbers one weak pair takes, from a `[task]` table.

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
        """Whether a task is of this kind."""
        return isinstance(task, self.task) and isinstance(task.source, self.source)


@dataclasses.dataclass(frozen=True)
class EstimatorKind:
    """A kind of `[[estimator]]` table.

    Attributes:
        name: The `kind` of the table.
        build: The estimator, from the task and the checked values of the table.
        parameters: The keys of the table, `kind` and `label` left out.
        tasks: Classes of the tasks that the estimator is for; all by default.
        sources: Classes of the strong models that the estimator is for; all by default.
        needs: Keys that mean nothing without another key.
        of_task: Whether the estimator is made of the task, and is another estimator for each.

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
        """Whether the estimator can learn in tasks of a kind."""
        return issubclass(kind.task, self.tasks) and issubclass(kind.source, self.sources)


def require_name(field: str, name: Any) -> None:
    """Refuse a name that does not fit in a file or on the command line.

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
    """Refuse anything but a class of a contract.

    Raises:
        InputError: About `field`.
    """
    if not isinstance(given, type) or not issubclass(given, base):
        raise InputError(field, described(given), f"a subclass of {base.__name__}", f"kind {kind}")
