"""Transfer tasks whose demonstrations have finitely many outcomes: laws of weak data are vectors."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int, Key

from w2s_sim._checks import as_numbers, require_shape
from w2s_sim.concepts.finite import FiniteModel
from w2s_sim.errors import InputError
from w2s_sim.fields import part, probability
from w2s_sim.metrics import kl_divergence
from w2s_sim.tasks.task import Task

FINITE_MODELS = "a CategoricalModel, HiddenMarkovModel or StyleContentModel"

STUDENTS = "the strong model under a prior over its concepts, or the prior"


class FiniteTask(Task):
    """One weak-to-strong problem with categorical or hidden Markov concepts.

    Attributes:
        source: The strong model, with the source prior alpha^P.
        target_prior: alpha^Q, shape (K,).
        supervisor: The weak model: its version q'_k of every concept, on the same outcomes. Its prior is
            not used.

    Raises:
        InputError: If the target prior is no probability vector, or the two models do not fit.
    """

    source: FiniteModel = eqx.field(converter=part("source", FiniteModel, FINITE_MODELS))  # pyright: ignore[reportIncompatibleMethodOverride]
    target_prior: Float[Array, " K"] = eqx.field(converter=probability("target_prior"))
    supervisor: FiniteModel = eqx.field(converter=part("supervisor", FiniteModel, FINITE_MODELS))  # pyright: ignore[reportIncompatibleMethodOverride]

    def __check_init__(self) -> None:
        require_shape("target_prior", self.target_prior, (self.num_concepts,), "one weight per concept")
        given, expected = _described(self.supervisor), _described(self.source)
        if given != expected:
            raise InputError("weak", given, f"{expected}, as the strong model has")

    @property
    def weak_law(self) -> Float[Array, " M"]:
        """q' = sum_j alpha^Q_j q'_j, the law of one ungrouped weak demonstration over the outcomes."""
        return self.target_prior @ jnp.exp(self.supervisor.log_outcome_probabilities())

    def excess_risk(self, student: FiniteModel | Float[ArrayLike, " K"]) -> Float[Array, ""]:
        """Excess log loss, in nats, of the strong model's predictions under a prior over its concepts.

        Args:
            student: The strong model under that prior, as `PriorTransfer.fit` makes it; or the prior itself.

        KL(q || p) of the target's law of one demonstration from the predicted one. Inputs have one law, so
        that it is the mean, over them, of the divergence of the labels' laws.
        """
        weights = student.prior if isinstance(student, FiniteModel) else student
        prior = as_numbers("student", weights, STUDENTS)
        require_shape("student", prior, (self.num_concepts,), "one weight per concept")
        laws = jnp.exp(self.source.log_outcome_probabilities())
        return kl_divergence(self.target_prior @ laws, prior @ laws)

    @property
    def weak_risk(self) -> Float[Array, ""]:
        """Excess log loss of the weak model's own law, in nats."""
        laws = jnp.exp(self.source.log_outcome_probabilities())
        return kl_divergence(self.target_prior @ laws, self.weak_law)

    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num} ..."]:
        return self.supervisor.sample_inputs(num, key=key)


def _described(model: FiniteModel) -> str:
    sizes = {"concepts": model.num_concepts, **model.outcome_space}
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())
