"""Cases: pairs of a task and an estimator, for which a statement makes its claim."""

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
    # From Python 3.13 on, beartype treats the default of a type variable as its bound.
    from typing import TypeVar

    TaskT = TypeVar("TaskT")


# The expectations named in error messages about arguments of another type.
ESTIMATORS = "an estimator with its numbers, such as Ridge(0.3, num_weak=60)"
TASKS = "a task, such as canonical_task()"


class Case(eqx.Module, Generic[TaskT]):
    """One instance of a statement: a pytree, so that it passes through `jit` and `grad`.

    Attributes:
        name: Name that distinguishes the case from the statement's other cases.
        task: The weak-to-strong problem.
        estimator: The learner that the claim is about.
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
        """Return the case without its name, so that cases differing only in name share compiled programs."""
        return Case("", self.task, self.estimator, self.grouped)

    def sample_weak(self, *, key: Key[Array, ""]) -> WeakData:
        """Draw the weak data that the estimator consumes."""
        return self.sampling.draw(key=key)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics that are defined for the student of this case."""
        case: Any = self
        found = jax.eval_shape(lambda key: case.task.metrics(case.fit(key=key)), jax.random.key(0))
        return tuple(name for name in case.task.metric_labels if name in found)

    @property
    def sampling(self) -> Sampling:
        """The sampling scheme of the case's weak data."""
        context_size = self.estimator.context_size if self.grouped else 1
        return Sampling(self.task, self.estimator.sample_size, context_size)

    @overload
    def fit(self: "Case[TransferTask]", *, key: Key[Array, ""]) -> LinearPredictor: ...
    @overload
    def fit(self: "Case[FiniteTask]", *, key: Key[Array, ""]) -> FiniteModel: ...
    @overload
    def fit(self: "Case[Any]", *, key: Key[Array, ""]) -> Any: ...
    def fit(self: "Case[Any]", *, key: Key[Array, ""]) -> Any:
        """Draw weak data and return the student that the estimator fits to them.

        Args:
            key: Typed PRNG key.

        Returns:
            A student that the task can score; for concepts with finitely many outcomes, the strong model with
            the transferred prior.

        Raises:
            InputError: If the estimator does not suit the concepts of the task, or the numbers of the case
                are in another precision than the current one.
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
        name: Short name for reports, such as "isotropic features".
        holds: Predicate of a case with concrete (not traced) values.
    """

    name: str
    holds: Callable[[Case[Any]], bool]


@dataclasses.dataclass(frozen=True)
class Control:
    """A case that violates one assumption, where the statement must be refuted.

    Attributes:
        case: The case to simulate.
        breaks: Name of the violated assumption.
        believed: The case whose bound is claimed, as by somebody who overlooks the violation; by default
            `case` itself.
    """

    case: Case[Any]
    breaks: str
    believed: Case[Any] | None = None

    def __post_init__(self) -> None:
        require_part("case", self.case, Case, "a case, as in Control(case, 'what it breaks')")
        require_part("breaks", self.breaks, str, "the name of an assumption")
