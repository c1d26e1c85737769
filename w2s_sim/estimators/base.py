"""The interface of every estimator."""

import abc
from typing import ClassVar, Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Key

from w2s_sim._checks import require_part
from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import Task
from w2s_sim.weak_data import WeakData

SourceT = TypeVar("SourceT")
StudentT = TypeVar("StudentT")


class Estimator(eqx.Module, Generic[SourceT, StudentT]):
    """A rule from the source model and weak data to a student.

    Attributes:
        concepts: The kind of strong model that the rule can learn from.
    """

    concepts: ClassVar[type[StrongModel]] = RegressionModel

    @property
    @abc.abstractmethod
    def sample_size(self) -> int:
        """Number of weak pairs consumed, all counted, demonstrations included."""

    @property
    def context_size(self) -> int:
        """Consecutive pairs read as one context; where contexts are grouped they share a concept.

        By default all pairs that it reads.
        """
        return max(1, self.sample_size)

    def told(self, task: Task) -> "Estimator":
        """The same rule with what it may know beforehand of the inputs of a task; most rules need nothing."""
        return self

    def require_concepts(self, source: StrongModel, field: str = "estimator") -> None:
        """Refuse a strong model whose concepts the rule cannot learn from.

        Args:
            source: The strong model.
            field: How the complaint names the rule.

        Raises:
            InputError: If the concepts are of another kind.
        """
        if not isinstance(source, self.concepts):
            given = f"{type(self).__name__}, which is for {self.concepts.kind}"
            expected = f"an estimator for {source.kind}, such as {source.estimator_example}"
            raise InputError(field, given, expected)

    def require_inputs(self, source: StrongModel, data: WeakData) -> None:
        """Refuse to fit on what is no strong model with weak data, or one with concepts of another kind.

        Raises:
            InputError: If so.
        """
        require_part("source", source, StrongModel, "the strong model: task.source")
        require_part("data", data, WeakData, "weak pairs, such as task.sample_weak(60, key=key)")
        self.require_concepts(source)

    @property
    def stays_in_hull(self) -> bool:
        """Whether every student it makes is a mean of the strong model's concepts."""
        return False

    def ignores_data(self, source: SourceT) -> bool:
        """Whether whatever it is given makes the same student, so that its risk is one number.

        By default it does not say so. Needs concrete values.
        """
        return False

    @abc.abstractmethod
    def fit(self, source: SourceT, data: WeakData, *, key: Key[Array, ""]) -> StudentT:
        """Fit a student.

        Args:
            source: The strong model under its source prior alpha^P.
            data: `sample_size` weak pairs.
            key: Typed PRNG key, for estimators that draw.
        """
