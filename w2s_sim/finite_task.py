"""Transfer tasks whose demonstrations have finitely many outcomes: laws of weak data are vectors."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import as_float, require_count, require_prior, require_shape
from w2s_sim.concepts.finite import FiniteModel
from w2s_sim.errors import InputError
from w2s_sim.task import WeakData, sample_concepts


class FiniteTask(eqx.Module):
    """One weak-to-strong problem with categorical or hidden Markov concepts.

    Attributes:
        source: The strong model, with the source prior alpha^P.
        target_prior: alpha^Q, shape (K,).
        supervisor: The weak model: its version q'_k of every concept, on the same outcomes. Its prior is
            not used.

    Raises:
        InputError: If the target prior is no probability vector, or the two models do not fit.
    """

    source: FiniteModel
    target_prior: Float[Array, " K"] = eqx.field(converter=as_float)
    supervisor: FiniteModel

    def __check_init__(self) -> None:
        require_shape("target_prior", self.target_prior, (self.num_concepts,), "one weight per concept")
        require_prior("target_prior", self.target_prior)
        given, expected = _described(self.supervisor), _described(self.source)
        if given != expected:
            raise InputError("weak", given, f"{expected}, as the strong model has")

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
        return bool(np.max(np.asarray(self.target_prior)) > 1 - 1e-6)

    @property
    def weak_law(self) -> Float[Array, " M"]:
        """q' = sum_j alpha^Q_j q'_j, the law of one ungrouped weak demonstration over the outcomes."""
        return self.target_prior @ jnp.exp(self.supervisor.log_outcome_probabilities())

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
        require_count("num_weak", num_weak, 0)
        require_count("context_size", context_size, 1)
        input_key, concept_key, label_key = jax.random.split(key, 3)
        inputs = self.supervisor.sample_inputs(num_weak, key=input_key)
        concepts = sample_concepts(self.target_prior, num_weak, context_size, key=concept_key)
        return WeakData(inputs, self.supervisor.sample_labels(inputs, concepts, key=label_key))


def _described(model: FiniteModel) -> str:
    sizes = {"concepts": model.num_concepts, **model.outcome_space}
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())
