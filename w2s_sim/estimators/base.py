"""The interface of estimators."""

import abc
from collections.abc import Mapping
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
EstimatorT = TypeVar("EstimatorT", bound="Estimator")


class Estimator(eqx.Module, Generic[SourceT, StudentT]):
    """A learning rule that maps the strong model and weak data to a student.

    Attributes:
        concepts: The class of strong models that the estimator accepts.
    """

    concepts: ClassVar[type[StrongModel]] = RegressionModel

    @property
    @abc.abstractmethod
    def sample_size(self) -> int:
        """Total number of weak pairs that a fit consumes, demonstrations included."""

    @property
    def context_size(self) -> int:
        """Number of consecutive pairs in one context; in grouped data they share a concept.

        By default, all pairs form one context.
        """
        return max(1, self.sample_size)

    @property
    def sees_predictions_alone(self) -> bool:
        """Whether it sees an input x through the predictions beta_k^T x of regression concepts alone.

        The risk then has the same law on `task.reduced()`. False unless known.
        """
        return False

    @property
    def plotted_numbers(self) -> Mapping[str, int | float]:
        """Numbers of the rule that are no fields of it, by name, which tables and figures can use as axes."""
        return {}

    def told(self, task: Task) -> "Estimator":
        """Return the estimator with prior knowledge of the inputs of a task; most estimators need none."""
        return self

    def require_concepts(self, source: StrongModel, field: str = "estimator") -> None:
        """Raise if the estimator cannot learn from this class of strong models.

        Args:
            source: The strong model.
            field: Name of the estimator in the error message.

        Raises:
            InputError: If the strong model is of another class.
        """
        if not isinstance(source, self.concepts):
            given = f"{type(self).__name__}, which is for {self.concepts.kind}"
            expected = f"an estimator for {source.kind}, such as {source.estimator_example}"
            raise InputError(field, given, expected)

    def require_inputs(self, source: StrongModel, data: WeakData) -> None:
        """Check the arguments of `fit`.

        Raises:
            InputError: If `source` is not a strong model of the accepted class, or `data` is not weak data.
        """
        require_part("source", source, StrongModel, "the strong model: task.source")
        require_part("data", data, WeakData, "weak pairs, such as task.sample_weak(60, key=key)")
        self.require_concepts(source)

    @property
    def stays_in_hull(self) -> bool:
        """Whether every fitted student is a mixture of the strong model's concepts."""
        return False

    def ignores_data(self, source: SourceT) -> bool:
        """Whether the fitted student is the same for all data and keys, so that its risk is deterministic.

        True only if known; False by default. Needs concrete values.
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
