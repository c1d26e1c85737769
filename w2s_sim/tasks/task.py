"""The contract of a task, and tasks whose source and target differ in the prior over concepts alone."""

import abc
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from w2s_sim._checks import require_count, require_key
from w2s_sim.concepts import LatentConceptModel
from w2s_sim.metrics import kl_divergence, total_variation
from w2s_sim.weak_data import WeakData as WeakData

SourceT = TypeVar("SourceT")
StudentT = TypeVar("StudentT")
ModelT = TypeVar("ModelT", bound=LatentConceptModel)
SupervisorT = TypeVar("SupervisorT", bound="Labeller")

PRIOR_LABELS: Mapping[str, str] = {
    "prior_kl": "KL(target prior || learned prior) (nats)",
    "prior_tv": "total variation from the target prior (probability)",
}


@partial(jax.jit, static_argnums=(1, 2))
def sample_concepts(
    prior: Float[Array, " K"], num_weak: int, context_size: int, *, key: Key[Array, ""]
) -> Int[Array, " num_weak"]:
    """The concept that each weak pair shows: one draw for every `context_size` consecutive pairs."""
    num_contexts = -(-num_weak // context_size)
    draws = jax.random.choice(key, prior.shape[0], (num_contexts,), p=prior)
    return jnp.repeat(draws, context_size)[:num_weak]


@runtime_checkable
class Labeller(Protocol):
    """Whatever labels inputs with its own version of each concept: a weak supervisor, or a weak model."""

    def sample_labels(self, inputs: Any, concepts: Any, *, key: Any) -> Any:
        """Labels y'_i of inputs x_i, each with its own concept."""
        ...


class Task(eqx.Module, Generic[SourceT, StudentT]):
    """One weak-to-strong problem: a strong model, weak data, and how good a student is.

    Attributes:
        source: The strong model.
    """

    if TYPE_CHECKING:
        # A field of the subclasses, which order their fields as they like.
        @property
        def source(self) -> SourceT: ...

    @property
    @abc.abstractmethod
    def metric_labels(self) -> Mapping[str, str]:
        """The metrics by name, `risk` first: how figures label each, with its unit."""

    @abc.abstractmethod
    def metrics(self, student: StudentT) -> dict[str, Float[Array, ""]]:
        """The exact metrics of a student by name, `risk` first; those that it has not are left out."""

    @property
    @abc.abstractmethod
    def weak_student(self) -> StudentT:
        """The weak model's own predictor, which a student is to improve on."""

    @abc.abstractmethod
    def sample_weak(self, num_weak: int, *, context_size: int = 1, key: Key[Array, ""]) -> WeakData:
        """Weak data of the target.

        Args:
            num_weak: Number of demonstrations n >= 0.
            context_size: Consecutive demonstrations that share one draw of the concept: 1 draws a concept
                for each (ungrouped), n one for all of them (grouped).
            key: Typed PRNG key.

        Raises:
            InputError: If a size is no whole number in its range.
        """

    @property
    def weak_risk(self) -> Float[Array, ""]:
        """Risk of the weak model's own predictor."""
        return self.metrics(self.weak_student)["risk"]

    @property
    def plotted_numbers(self) -> Mapping[str, int | float | str]:
        """Numbers and words of the task, by name, that tables and figures of verdicts can use as axes."""
        return {}

    @property
    def label_length(self) -> float:
        """Length of the longest vector behind the labels, in label units; 0 where labels have no unit."""
        return 0.0

    def unresolved(self, num_weak: int) -> str:
        """Why the precision at hand is too coarse for what weak data say; "" where it is fine enough.

        Args:
            num_weak: Weak pairs that are read.
        """
        return ""


class ConceptTask(Task[ModelT, StudentT], Generic[ModelT, SupervisorT, StudentT]):
    """A task whose source and target share the concepts; only the prior over them shifts.

    Attributes:
        source: The strong model, with the source prior alpha^P.
        target_prior: alpha^Q, shape (K,).
        supervisor: The weak model: its own version of every concept.
        risk_label: How figures label the risk, with its unit.
    """

    risk_label: ClassVar[str]

    if TYPE_CHECKING:
        # Fields of the subclasses.
        @property
        def target_prior(self) -> Float[Array, " K"]: ...
        @property
        def supervisor(self) -> SupervisorT: ...

    @abc.abstractmethod
    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Shaped[Array, "{num} ..."]:
        """Inputs as the weak model meets them, independent, stacked."""

    @abc.abstractmethod
    def excess_risk(self, student: StudentT) -> Float[Array, ""]:
        """Exact excess risk of a student over the target's own predictor."""

    @property
    def metric_labels(self) -> Mapping[str, str]:
        return {"risk": self.risk_label, **PRIOR_LABELS, **self.source.prior_error_labels}

    def metrics(self, student: StudentT) -> dict[str, Float[Array, ""]]:
        """Excess risk; of a student that is the strong model under a prior, also the errors of that prior.

        `prior_kl` is KL(alpha^Q || prior) in nats, infinite where the prior excludes a wanted concept;
        `prior_tv` is the total variation of the two.
        """
        metrics = {"risk": self.excess_risk(student)}
        if not isinstance(student, LatentConceptModel):
            return metrics
        return {
            **metrics,
            "prior_kl": kl_divergence(self.target_prior, student.prior),
            "prior_tv": total_variation(self.target_prior, student.prior),
            **self.source.prior_errors(student.prior, self.target_prior),
        }

    @property
    def num_concepts(self) -> int:
        """K."""
        return self.source.num_concepts

    @property
    def target_concept(self) -> Int[Array, ""]:
        """k*, the intended concept: the one of largest target weight."""
        return jnp.argmax(self.target_prior)

    @property
    def has_point_mass_target(self) -> bool:
        """Whether alpha^Q puts all its weight on one concept. Needs concrete values."""
        return bool(np.count_nonzero(np.asarray(self.target_prior)) == 1)

    @property
    def plotted_numbers(self) -> Mapping[str, int | float | str]:
        return {"num_concepts": self.num_concepts}

    def sample_weak(self, num_weak: int, *, context_size: int = 1, key: Key[Array, ""]) -> WeakData:
        require_count("num_weak", num_weak, 0)
        require_count("context_size", context_size, 1)
        require_key("key", key)
        input_key, concept_key, label_key = jax.random.split(key, 3)
        inputs = self.sample_inputs(num_weak, key=input_key)
        concepts = sample_concepts(self.target_prior, num_weak, context_size, key=concept_key)
        return WeakData(inputs, self.supervisor.sample_labels(inputs, concepts, key=label_key))
