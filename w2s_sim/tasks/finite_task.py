"""Transfer tasks with finitely many outcomes, where the law of a weak demonstration is a vector."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int, Key

from w2s_sim._checks import as_numbers, require_shape
from w2s_sim.concepts.finite import FiniteModel
from w2s_sim.errors import InputError
from w2s_sim.fields import part, probability
from w2s_sim.metrics import kl_divergence
from w2s_sim.tasks.task import ConceptTask

FINITE_MODELS = "a CategoricalModel, HiddenMarkovModel or StyleContentModel"

STUDENTS = "the strong model under a prior over its concepts, or the prior"


class FiniteTask(ConceptTask[FiniteModel, FiniteModel, Any]):
    """One weak-to-strong problem with categorical or hidden Markov concepts.

    Attributes:
        source: The strong model under the source prior alpha^P.
        target_prior: Target prior alpha^Q, shape (K,).
        supervisor: The weak model, with its own law q'_k of every concept on the same outcomes. Its prior
            is not used.

    Raises:
        InputError: If the target prior is not a probability vector, or the two models have different sizes.
    """

    risk_label: ClassVar[str] = "excess log loss (nats)"
    source: FiniteModel = eqx.field(converter=part("source", FiniteModel, FINITE_MODELS))
    target_prior: Float[Array, " K"] = eqx.field(converter=probability("target_prior"))
    supervisor: FiniteModel = eqx.field(converter=part("supervisor", FiniteModel, FINITE_MODELS))

    def __check_init__(self) -> None:
        require_shape("target_prior", self.target_prior, (self.num_concepts,), "one weight per concept")
        given, expected = _described(self.supervisor), _described(self.source)
        if given != expected:
            raise InputError("weak", given, f"{expected}, as the strong model has")

    @property
    def weak_law(self) -> Float[Array, " M"]:
        """Law q' = sum_j alpha^Q_j q'_j of one ungrouped weak demonstration over the outcomes."""
        return self.target_prior @ jnp.exp(self.supervisor.log_outcome_probabilities())

    def excess_risk(self, student: FiniteModel | Float[ArrayLike, " K"]) -> Float[Array, ""]:
        """Exact excess log loss of the predictions of a student, in nats.

        The excess loss is KL(q || p) from the target's law q of one demonstration to the predicted law p. All
        concepts share the law of inputs, so it is the mean over inputs of the divergence of the label laws.

        Args:
            student: A model with the same outcomes, such as the strong model under the prior that
                `PriorTransfer.fit` estimates; or a prior over the strong model's concepts, shape (K,).
        """
        model, weights = (
            (student, student.prior) if isinstance(student, FiniteModel) else (self.source, student)
        )
        prior = as_numbers("student", weights, STUDENTS)
        require_shape("student", prior, (model.num_concepts,), "one weight per concept")
        if model.outcome_space != self.source.outcome_space:
            raise InputError(
                "student", _described(model), f"{_described(self.source)}, as the strong model has"
            )
        laws = jnp.exp(self.source.log_outcome_probabilities())
        own_laws = laws if model is self.source else jnp.exp(model.log_outcome_probabilities())
        return kl_divergence(self.target_prior @ laws, prior @ own_laws)

    @property
    def weak_student(self) -> FiniteModel:
        """The weak model under the target prior, the baseline that a student should beat."""
        return self.supervisor.with_prior(self.target_prior)

    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num} ..."]:
        return self.supervisor.sample_inputs(num, key=key)


def _described(model: FiniteModel) -> str:
    sizes = {"concepts": model.num_concepts, **model.outcome_space}
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())
