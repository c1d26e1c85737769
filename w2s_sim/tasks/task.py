"""The contract of a task: a strong model, a weak supervisor, and which prior over concepts is wanted."""

import abc
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from w2s_sim._checks import require_count, require_key
from w2s_sim.concepts import LatentConceptModel
from w2s_sim.fields import stacked


class WeakData(eqx.Module):
    """Inputs with weak labels: all that a learner ever sees of the target.

    Attributes:
        inputs: x_1..x_n, stacked along the first axis; (n, d) for regression.
        labels: y'_1..y'_n, likewise; (n,) for regression.
    """

    inputs: Shaped[Array, "n ..."] = eqx.field(converter=stacked("inputs"))
    labels: Shaped[Array, "n ..."] = eqx.field(converter=stacked("labels"))

    def __getitem__(self, index: slice) -> "WeakData":
        return WeakData(self.inputs[index], self.labels[index])


@partial(jax.jit, static_argnums=(1, 2))
def sample_concepts(
    prior: Float[Array, " K"], num_weak: int, context_size: int, *, key: Key[Array, ""]
) -> Int[Array, " num_weak"]:
    """The concept that each weak pair shows: one draw for every `context_size` consecutive pairs."""
    num_contexts = -(-num_weak // context_size)
    draws = jax.random.choice(key, prior.shape[0], (num_contexts,), p=prior)
    return jnp.repeat(draws, context_size)[:num_weak]


class Labeller(Protocol):
    """Whatever labels inputs with its own version of each concept: a weak supervisor, or a weak model."""

    def sample_labels(self, inputs: Any, concepts: Any, *, key: Any) -> Any:
        """Labels y'_i of inputs x_i, each with its own concept."""
        ...


class Task(eqx.Module):
    """One weak-to-strong problem: source and target share the concepts, only the prior over them shifts.

    Every task has a `source` (the strong model, with the source prior alpha^P), a `target_prior` (alpha^Q,
    shape (K,)) and a `supervisor` (the weak model: its own version of every concept).
    """

    if TYPE_CHECKING:
        # Fields of the subclasses, each with a type of its own.
        @property
        def source(self) -> LatentConceptModel: ...
        @property
        def target_prior(self) -> Float[Array, " K"]: ...
        @property
        def supervisor(self) -> Labeller: ...

    @abc.abstractmethod
    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Shaped[Array, "{num} ..."]:
        """Inputs as the weak model meets them, independent, stacked."""

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
    def label_length(self) -> float:
        """Length of the longest concept of the two models, in label units; 0 where labels have no unit."""
        return 0.0

    def unresolved(self, num_weak: int) -> str:
        """Why the precision at hand is too coarse for what weak data say; "" where it is fine enough.

        Args:
            num_weak: Weak pairs that are read.
        """
        return ""

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
        require_key("key", key)
        input_key, concept_key, label_key = jax.random.split(key, 3)
        inputs = self.sample_inputs(num_weak, key=input_key)
        concepts = sample_concepts(self.target_prior, num_weak, context_size, key=concept_key)
        return WeakData(inputs, self.supervisor.sample_labels(inputs, concepts, key=label_key))
