"""Interface of tasks, and tasks whose source and target differ only in the prior over concepts."""

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
    """Draw the concept of each weak pair: `context_size` consecutive pairs share one draw."""
    num_contexts = -(-num_weak // context_size)
    draws = jax.random.choice(key, prior.shape[0], (num_contexts,), p=prior)
    return jnp.repeat(draws, context_size)[:num_weak]


@runtime_checkable
class Labeller(Protocol):
    """A weak supervisor or weak model: labels inputs with its own version of each concept."""

    def sample_labels(self, inputs: Any, concepts: Any, *, key: Any) -> Any:
        """Draw labels y'_i of the inputs x_i, each under its own concept."""
        ...


class Task(eqx.Module, Generic[SourceT, StudentT]):
    """A weak-to-strong problem: a strong model, a law of weak data, and metrics of a student.

    Attributes:
        source: The strong model.
    """

    if TYPE_CHECKING:
        # Declared as a property so that subclasses can order their fields freely.
        @property
        def source(self) -> SourceT: ...

    @property
    @abc.abstractmethod
    def metric_labels(self) -> Mapping[str, str]:
        """Axis label, with its unit, of every metric by name, `risk` first."""

    @abc.abstractmethod
    def metrics(self, student: StudentT) -> dict[str, Float[Array, ""]]:
        """Exact metrics of a student by name, `risk` first, without metrics undefined for the student."""

    @property
    @abc.abstractmethod
    def weak_student(self) -> StudentT:
        """The weak model's own predictor, the baseline that a student should beat."""

    @abc.abstractmethod
    def sample_weak(self, num_weak: int, *, context_size: int = 1, key: Key[Array, ""]) -> WeakData:
        """Draw weak data of the target.

        Args:
            num_weak: Number of demonstrations n >= 0.
            context_size: Number of consecutive demonstrations that share one draw of the concept: 1 draws a
                concept per demonstration (ungrouped), n draws one concept for all (grouped).
            key: Typed PRNG key.

        Raises:
            InputError: If a size is not a whole number in its range.
        """

    @property
    def weak_risk(self) -> Float[Array, ""]:
        """Risk of the weak model's own predictor."""
        return self.metrics(self.weak_student)["risk"]

    @property
    def source_risk(self) -> Float[Array, ""]:
        """Risk of the strong model before alignment: its own labels, and no weak data."""
        # A strong model predicts, and so is a student that has not learned anything.
        student: Any = self.source
        return self.metrics(student)["risk"]

    @property
    def plotted_numbers(self) -> Mapping[str, int | float | str]:
        """Numbers and words of the task, by name, that tables and figures of verdicts can use as axes."""
        return {}

    @property
    def label_length(self) -> float:
        """Length of the longest vector behind the labels, in label units; 0 where labels have no unit."""
        return 0.0

    def unresolved(self, num_weak: int) -> str:
        """Return why the current float precision is too coarse for the weak data; "" if it is sufficient.

        Args:
            num_weak: Number of weak pairs n.
        """
        return ""


class ConceptTask(Task[ModelT, StudentT], Generic[ModelT, SupervisorT, StudentT]):
    """A task whose source and target have the same concepts and different priors over them.

    Attributes:
        source: The strong model under the source prior alpha^P.
        target_prior: Target prior alpha^Q, shape (K,).
        supervisor: The weak model, with its own version of every concept.
        risk_label: Axis label of the risk, with its unit.
    """

    risk_label: ClassVar[str]

    if TYPE_CHECKING:
        # Declared as properties so that subclasses can order their fields freely.
        @property
        def target_prior(self) -> Float[Array, " K"]: ...
        @property
        def supervisor(self) -> SupervisorT: ...

    @abc.abstractmethod
    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Shaped[Array, "{num} ..."]:
        """Draw `num` independent inputs of the weak data, stacked along the first axis."""

    @abc.abstractmethod
    def excess_risk(self, student: StudentT) -> Float[Array, ""]:
        """Exact excess risk of a student over the optimal predictor of the target."""

    @property
    def metric_labels(self) -> Mapping[str, str]:
        return {"risk": self.risk_label, **PRIOR_LABELS, **self.source.prior_error_labels}

    def metrics(self, student: StudentT) -> dict[str, Float[Array, ""]]:
        """Exact excess risk; for a student with as many concepts as the source, also the errors of its prior.

        `prior_kl` is KL(alpha^Q || prior) in nats, infinite if the prior excludes a concept of positive
        target weight; `prior_tv` is the total variation distance of the two priors.
        """
        metrics = {"risk": self.excess_risk(student)}
        if not isinstance(student, LatentConceptModel) or student.num_concepts != self.num_concepts:
            return metrics
        return {
            **metrics,
            "prior_kl": kl_divergence(self.target_prior, student.prior),
            "prior_tv": total_variation(self.target_prior, student.prior),
            **self.source.prior_errors(student.prior, self.target_prior),
        }

    @property
    def num_concepts(self) -> int:
        """Number of concepts K."""
        return self.source.num_concepts

    @property
    def target_concept(self) -> Int[Array, ""]:
        """Intended concept k*: the concept of largest target weight."""
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
        # XLA otherwise computes the inputs anew for each matrix product with them.
        inputs = jax.lax.optimization_barrier(self.sample_inputs(num_weak, key=input_key))
        concepts = sample_concepts(self.target_prior, num_weak, context_size, key=concept_key)
        return WeakData(inputs, self.supervisor.sample_labels(inputs, concepts, key=label_key))
