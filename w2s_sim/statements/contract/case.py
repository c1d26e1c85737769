"""Cases: one task and one estimator each, for which a statement makes its claim."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, overload

import equinox as eqx
import jax
from jaxtyping import Array, Key

from w2s_sim._checks import require_key, require_part
from w2s_sim.concepts import FiniteModel
from w2s_sim.engine.measured import draw
from w2s_sim.estimators import Estimator
from w2s_sim.fields import part
from w2s_sim.precision import in_precision
from w2s_sim.students import LinearPredictor
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.sampling import Sampling
from w2s_sim.tasks.task import Task, WeakData

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # A case has a regression task unless its annotation says otherwise.
    TaskT = TypeVar("TaskT", default=TransferTask)
else:
    # From Python 3.13 on, beartype takes the default of a type variable for its bound.
    from typing import TypeVar

    TaskT = TypeVar("TaskT")


# What complaints about something else ask for.
ESTIMATORS = "an estimator with its numbers, such as Ridge(0.3, num_weak=60)"
TASKS = "a task, such as canonical_task()"


class Case(eqx.Module, Generic[TaskT]):
    """One instance of a statement: a pytree, so that it passes through `jit` and `grad`.

    Attributes:
        name: What tells this case from the statement's others.
        task: The weak-to-strong problem.
        estimator: The learner the claim is about.
        grouped: Whether the demonstrations of one context share one draw of the concept.
    """

    name: str = eqx.field(static=True)
    task: TaskT
    estimator: Estimator = eqx.field(converter=part("estimator", Estimator, ESTIMATORS))
    grouped: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        require_part("name", self.name, str, "a text, as in Case('mine', task, estimator)")
        require_part("task", self.task, Task, TASKS)

    def unnamed(self) -> "Case[TaskT]":
        """The same case without its name: cases that differ in their names alone share compiled programs."""
        return Case("", self.task, self.estimator, self.grouped)

    def sample_weak(self, *, key: Key[Array, ""]) -> WeakData:
        """The weak data that the estimator consumes."""
        return self.sampling.draw(key=key)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics that its student has."""
        case: Any = self
        found = jax.eval_shape(lambda key: case.task.metrics(case.fit(key=key)), jax.random.key(0))
        return tuple(name for name in case.task.metric_labels if name in found)

    @property
    def sampling(self) -> Sampling:
        """How its weak data are drawn."""
        context_size = self.estimator.context_size if self.grouped else 1
        return Sampling(self.task, self.estimator.sample_size, context_size)

    @overload
    def fit(self: "Case[TransferTask]", *, key: Key[Array, ""]) -> LinearPredictor: ...
    @overload
    def fit(self: "Case[FiniteTask]", *, key: Key[Array, ""]) -> FiniteModel: ...
    @overload
    def fit(self: "Case[Any]", *, key: Key[Array, ""]) -> Any: ...
    def fit(self: "Case[Any]", *, key: Key[Array, ""]) -> Any:
        """Weak data, then the student that the estimator makes of it.

        Args:
            key: Typed PRNG key.

        Returns:
            A student that the task can score; for concepts with finitely many outcomes the strong model under
            the prior that is transferred.

        Raises:
            InputError: If the estimator is not for these concepts, or numbers are in another precision.
        """
        require_key("key", key)
        self.estimator.require_concepts(self.task.source)
        case = in_precision(self)
        own_key, data = draw(key, case.sampling)
        return case.estimator.fit(case.task.source, data, key=own_key)


@dataclasses.dataclass(frozen=True)
class Assumption:
    """An executable assumption of a statement.

    Attributes:
        name: Short, as it stands in reports: "isotropic features".
        holds: Whether a case satisfies it. Sees concrete values.
    """

    name: str
    holds: Callable[[Case[Any]], bool]


@dataclasses.dataclass(frozen=True)
class Control:
    """A case that breaks one assumption, where the statement must be refuted.

    Attributes:
        case: What is simulated.
        breaks: Name of the assumption that it breaks.
        believed: The case whose bound is claimed, for whoever overlooks the broken assumption; `case`
            itself when left out.
    """

    case: Case[Any]
    breaks: str
    believed: Case[Any] | None = None

    def __post_init__(self) -> None:
        require_part("case", self.case, Case, "a case, as in Control(case, 'what it breaks')")
        require_part("breaks", self.breaks, str, "the name of an assumption")
