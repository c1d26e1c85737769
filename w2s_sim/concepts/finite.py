"""Latent-concept models with finitely many outcomes, so that expectations are exact sums."""

import abc
from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_between
from w2s_sim.concepts.model import LatentConceptModel, cumulative
from w2s_sim.errors import InputError

# Largest number of outcomes that are enumerated.
LARGEST_ENUMERATION = 2**16

FiniteModelT = TypeVar("FiniteModelT", bound="FiniteModel")


class FiniteModel(LatentConceptModel):
    """A latent-concept model in which one demonstration has M possible outcomes.

    All concepts share the law of the inputs; labels are made of the symbols 0..V-1.
    """

    kind: ClassVar[str] = "concepts with finitely many outcomes"

    @property
    @abc.abstractmethod
    def outcome_space(self) -> dict[str, int]:
        """Named sizes that determine the set of outcomes: models with equal sizes have the same outcomes."""

    @property
    @abc.abstractmethod
    def num_symbols(self) -> int:
        """Number of symbols V."""

    @property
    @abc.abstractmethod
    def num_outcomes(self) -> int:
        """Number of outcomes M of one demonstration."""

    @abc.abstractmethod
    def _enumerated(self) -> tuple[Int[Array, "M ..."], Int[Array, "M ..."]]:
        """Inputs and labels of all outcomes, in a fixed order."""

    @abc.abstractmethod
    def outcome_index(self, inputs: Int[Array, "n ..."], labels: Int[Array, "n ..."]) -> Int[Array, " n"]:
        """Position of each demonstration in `outcomes`, from 0 to M - 1."""

    @abc.abstractmethod
    def log_input_probabilities(self, inputs: Int[Array, "n ..."]) -> Float[Array, " n"]:
        """Log probabilities log p(x_i) of the inputs, in nats."""

    @abc.abstractmethod
    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num} ..."]:
        """Draw `num` independent inputs, stacked along the first axis."""

    @abc.abstractmethod
    def through(self: FiniteModelT, channel: Float[Array, "V V"]) -> FiniteModelT:
        """The model whose symbols pass a noisy channel: v is replaced by w with probability channel[v, w]."""

    @property
    def outcomes(self) -> tuple[Int[Array, "M ..."], Int[Array, "M ..."]]:
        """All outcomes (x, y) in a fixed order, stacked.

        Raises:
            InputError: If there are more than 65,536 outcomes.
        """
        if self.num_outcomes > LARGEST_ENUMERATION:
            given = f"{self.num_outcomes:,} outcomes of one demonstration"
            raise InputError("task", given, f"at most {LARGEST_ENUMERATION:,}, to enumerate them")
        return self._enumerated()

    @eqx.filter_jit
    def log_outcome_probabilities(self) -> Float[Array, "K M"]:
        """Log probabilities log p_k(x, y) of every outcome, in nats.

        Every row of probabilities sums to 1 up to rounding in the default float type.

        Raises:
            InputError: If there are too many outcomes to enumerate.
        """
        inputs, labels = self.outcomes
        log_joint = self.log_likelihood(inputs, labels) + self.log_input_probabilities(inputs)[:, None]
        return jax.nn.log_softmax(log_joint.T, axis=1)

    def outcome_counts(self, inputs: Int[Array, "n ..."], labels: Int[Array, "n ..."]) -> Float[Array, " M"]:
        """How many of the demonstrations show each outcome."""
        return jnp.zeros(self.num_outcomes).at[self.outcome_index(inputs, labels)].add(1.0)


def smoothed(model: FiniteModelT, share: float | Float[Array, ""]) -> FiniteModelT:
    """Weak version of a model that replaces each symbol, with probability `share`, by a uniform symbol.

    The finite counterpart of a noisy supervisor: no symbol is favoured over another.

    Args:
        model: The strong model.
        share: Probability in [0, 1]; every symbol of a sequence is replaced independently.

    Raises:
        InputError: If the share is not in [0, 1].
    """
    require_between("weak.share", share, 0.0, 1.0)
    unchanged = _identity(model.num_symbols)
    return model.through(jnp.asarray((1.0 - share) * unchanged + share / model.num_symbols))


def shifted(model: FiniteModelT, share: float) -> FiniteModelT:
    """Weak version of a model that replaces each symbol, with probability `share`, by the next symbol.

    The finite counterpart of a biased supervisor. The last symbol is followed by the first.

    Args:
        model: The strong model.
        share: Probability in [0, 1].

    Raises:
        InputError: If the share is not in [0, 1].
    """
    require_between("weak.share", share, 0.0, 1.0)
    unchanged = _identity(model.num_symbols)
    return model.through(jnp.asarray((1.0 - share) * unchanged + share * np.roll(unchanged, 1, axis=1)))


def _identity(size: int) -> Float[np.ndarray, "V V"]:
    # NumPy needs no program for each size.
    return np.eye(size, dtype=jax.dtypes.canonicalize_dtype(float))


def log_rows(probabilities: Float[Array, "*rows m"]) -> Float[Array, "*rows m"]:
    """Logarithm of normalised probability vectors; a zero gives -inf, with gradient 0."""
    positive = probabilities > 0
    logs = jnp.log(jnp.where(positive, probabilities, 1.0))
    return jnp.where(positive, logs - jnp.log(jnp.sum(probabilities, axis=-1, keepdims=True)), -jnp.inf)


def draw_from_rows(rows: Float[Array, "n m"], uniforms: Float[Array, " n"]) -> Int[Array, " n"]:
    """Draw one index per row with the probabilities of that row, from uniform variables on [0, 1).

    An index of probability zero is never drawn.
    """
    steps = cumulative(rows)
    # The product stays strictly below the last step in floating point: trailing zeros are never drawn.
    return jnp.sum((uniforms * steps[:, -1])[:, None] >= steps[:, :-1], axis=-1)
