"""Latent-concept models whose demonstrations have finitely many outcomes, so that means are sums."""

import abc
from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_between
from w2s_sim.concepts.model import LatentConceptModel, cumulative
from w2s_sim.errors import InputError

# More outcomes than this are not enumerated.
LARGEST_ENUMERATION = 2**16

FiniteModelT = TypeVar("FiniteModelT", bound="FiniteModel")


class FiniteModel(LatentConceptModel):
    """A latent-concept model in which one demonstration has M possible outcomes.

    Inputs are drawn by a law that all concepts share; labels are symbols 0..V-1.
    """

    kind: ClassVar[str] = "concepts with finitely many outcomes"

    @property
    @abc.abstractmethod
    def outcome_space(self) -> dict[str, int]:
        """The sizes, by name, that say which outcomes there are: models that agree on them share outcomes."""

    @property
    @abc.abstractmethod
    def num_symbols(self) -> int:
        """V."""

    @property
    @abc.abstractmethod
    def num_outcomes(self) -> int:
        """M."""

    @abc.abstractmethod
    def _enumerated(self) -> tuple[Int[Array, "M ..."], Int[Array, "M ..."]]:
        """All outcomes in a fixed order: inputs and labels."""

    @abc.abstractmethod
    def log_input_probabilities(self, inputs: Int[Array, "n ..."]) -> Float[Array, " n"]:
        """log p(x_i) in nats."""

    @abc.abstractmethod
    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num} ..."]:
        """Independent inputs, stacked."""

    @abc.abstractmethod
    def through(self: FiniteModelT, channel: Float[Array, "V V"]) -> FiniteModelT:
        """The same model with every symbol v shown as w with probability channel[v, w]."""

    @property
    def outcomes(self) -> tuple[Int[Array, "M ..."], Int[Array, "M ..."]]:
        """All outcomes (x, y) in a fixed order, stacked.

        Raises:
            InputError: If there are more than 65,536.
        """
        if self.num_outcomes > LARGEST_ENUMERATION:
            given = f"{self.num_outcomes:,} outcomes of one demonstration"
            raise InputError("task", given, f"at most {LARGEST_ENUMERATION:,}, to enumerate them")
        return self._enumerated()

    @eqx.filter_jit
    def log_outcome_probabilities(self) -> Float[Array, "K M"]:
        """log p_k(x, y) of every outcome in nats; rows sum to 1 in the precision at hand.

        Raises:
            InputError: If there are too many outcomes to enumerate.
        """
        inputs, labels = self.outcomes
        log_joint = self.log_likelihood(inputs, labels) + self.log_input_probabilities(inputs)[:, None]
        return jax.nn.log_softmax(log_joint.T, axis=1)


def smoothed(model: FiniteModelT, share: float | Float[Array, ""]) -> FiniteModelT:
    """The weak version of a model that shows, with probability `share`, a symbol drawn evenly instead.

    The finite counterpart of a noisy supervisor: no symbol is favoured over another.

    Args:
        model: The strong model.
        share: In [0, 1], the same for every symbol of a sequence, drawn anew for each.

    Raises:
        InputError: If the share is no probability.
    """
    require_between("weak.share", share, 0.0, 1.0)
    size = model.num_symbols
    return model.through((1.0 - share) * jnp.eye(size) + share / size)


def shifted(model: FiniteModelT, share: float) -> FiniteModelT:
    """The weak version of a model that shows, with probability `share`, the next symbol instead.

    The finite counterpart of a biased supervisor: the last symbol is followed by the first.

    Args:
        model: The strong model.
        share: In [0, 1].

    Raises:
        InputError: If the share is no probability.
    """
    require_between("weak.share", share, 0.0, 1.0)
    size = model.num_symbols
    return model.through((1.0 - share) * jnp.eye(size) + share * jnp.roll(jnp.eye(size), 1, axis=1))


def log_rows(probabilities: Float[Array, "*rows m"]) -> Float[Array, "*rows m"]:
    """log of probability vectors, made to sum to 1; -inf for zeros, whose gradient is 0."""
    positive = probabilities > 0
    logs = jnp.log(jnp.where(positive, probabilities, 1.0))
    return jnp.where(positive, logs - jnp.log(jnp.sum(probabilities, axis=-1, keepdims=True)), -jnp.inf)


def draw_from_rows(rows: Float[Array, "n m"], uniforms: Float[Array, " n"]) -> Int[Array, " n"]:
    """One index a row, with its probabilities, from draws that are uniform on [0, 1).

    An index of probability zero is never drawn.
    """
    steps = cumulative(rows)
    # Strictly below the last step, also in floating point.
    return jnp.sum((uniforms * steps[:, -1])[:, None] >= steps[:, :-1], axis=-1)
