"""Hidden Markov concepts: each concept is a hidden Markov model over sequences of symbols."""

from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_between, require_shape
from w2s_sim.concepts.finite import FiniteModel, draw_from_rows
from w2s_sim.concepts.forward import Forward, forward
from w2s_sim.errors import InputError
from w2s_sim.fields import probability, whole

HiddenMarkovModelT = TypeVar("HiddenMarkovModelT", bound="HiddenMarkovModel")


class HiddenMarkovModel(FiniteModel):
    """K hidden Markov models; a demonstration is one sequence of `length` symbols.

    Sequences are independent given their concepts. The whole sequence is the label; inputs are empty, of
    shape (n, 0). Xie et al. 2022, arXiv 2111.02080, also take hidden Markov models as concepts.

    Attributes:
        initial: Law of the first hidden state, shape (K, S).
        transition: transition[k, i, j] is the probability of state j after state i, shape (K, S, S).
        emission: emission[k, i, v] is the probability of symbol v in state i, shape (K, S, V).
        length: Number of symbols in a sequence, L >= 1.

    Raises:
        InputError: If shapes do not match, rows are not probability vectors, or the length is not a whole
            number >= 1.
    """

    kind: ClassVar[str] = "hidden Markov concepts"
    initial: Float[Array, "K S"] = eqx.field(converter=probability("initial"))
    transition: Float[Array, "K S S"] = eqx.field(converter=probability("transition"))
    emission: Float[Array, "K S V"] = eqx.field(converter=probability("emission"))
    length: int = eqx.field(static=True, converter=whole("length"))

    def __check_init__(self) -> None:
        if self.initial.ndim != 2 or self.initial.shape[0] != self.num_concepts or 0 in self.initial.shape:
            expected = f"shape ({self.num_concepts}, S): per concept, a probability for each hidden state"
            raise InputError("initial", f"shape {self.initial.shape}", expected)
        num_concepts, num_states = self.initial.shape
        shape = (num_concepts, num_states, num_states)
        require_shape("transition", self.transition, shape, "concepts x states x states")
        if self.emission.ndim != 3 or self.emission.shape[:2] != shape[:2] or 0 in self.emission.shape:
            expected = f"shape ({num_concepts}, {num_states}, V) (concepts x states x symbols)"
            raise InputError("emission", f"shape {self.emission.shape}", expected)

    @property
    def outcome_space(self) -> dict[str, int]:
        return {"symbols": self.num_symbols, "length": self.length}

    @property
    def num_symbols(self) -> int:
        return self.emission.shape[2]

    @property
    def num_outcomes(self) -> int:
        return self.num_symbols**self.length

    def _enumerated(self) -> tuple[Int[Array, "M 0"], Int[Array, "M L"]]:
        """All sequences in lexicographic order, with empty inputs."""
        sequences = jnp.arange(self.num_outcomes)[:, None] // self._place_values % self.num_symbols
        return jnp.zeros((self.num_outcomes, 0), dtype=int), sequences

    @property
    def _place_values(self) -> Int[Array, " L"]:
        """Step in the lexicographic order when one symbol of a sequence is raised by one."""
        return self.num_symbols ** jnp.arange(self.length - 1, -1, -1)

    def outcome_index(self, inputs: Int[Array, "n 0"], labels: Int[Array, "n L"]) -> Int[Array, " n"]:
        return labels @ self._place_values

    def log_likelihood(self, inputs: Int[Array, "n 0"], labels: Int[Array, "n L"]) -> Float[Array, "n K"]:
        if labels.shape[0] == 0:
            # The forward algorithm needs at least one sequence.
            return jnp.zeros((0, self.num_concepts))
        return self._forward(labels).log_likelihood

    def _forward(self, labels: Int[Array, "n L"]) -> Forward:
        return forward(self.initial, self.transition, self.emission, labels)

    def log_next_symbol(self, prefixes: Int[Array, "n T"]) -> Float[Array, "n K V"]:
        """Log law log p(next symbol | prefix, k) in nats, after prefixes of any length T >= 1.

        The value is -inf for every symbol if concept k cannot produce the prefix.
        """
        return self._forward(prefixes).log_next

    def log_input_probabilities(self, inputs: Int[Array, "n 0"]) -> Float[Array, " n"]:
        return jnp.zeros(inputs.shape[0])

    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num} 0"]:
        """Return empty inputs: there is only one possible input."""
        return jnp.zeros((num, 0), dtype=int)

    def sample_labels(
        self, inputs: Int[Array, "n 0"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Int[Array, "n L"]:
        # Draw all random numbers at once, because random draws inside a scan compile slowly; and sequence by
        # sequence, so that the first sequences of a larger draw are those of a smaller draw.
        uniforms = jax.random.uniform(key, (concepts.shape[0], 2, self.length))
        for_states, for_symbols = jnp.moveaxis(uniforms, 0, -1)

        def step(states: Int[Array, " n"], uniforms: Float[Array, " n"]) -> tuple[Array, Array]:
            return draw_from_rows(self.transition[concepts, states], uniforms), states

        first = draw_from_rows(self.initial[concepts], for_states[0])
        last, states = jax.lax.scan(step, first, for_states[1:])
        states = jnp.concatenate([states, last[None]])
        return jax.vmap(draw_from_rows)(self.emission[concepts, states], for_symbols).T

    def through(self: HiddenMarkovModelT, channel: Float[Array, "V V"]) -> HiddenMarkovModelT:
        return eqx.tree_at(lambda model: model.emission, self, self.emission @ channel)


def forgetful(model: HiddenMarkovModel, share: float) -> HiddenMarkovModel:
    """Weak version of hidden Markov concepts that jumps, with probability `share`, to a uniform state.

    It emits symbols as the strong model does, but forgets the previous hidden state.

    Args:
        model: The strong model.
        share: Probability in [0, 1] that a step of the hidden chain is uniform.

    Raises:
        InputError: If the share is not in [0, 1].
    """
    require_between("weak.share", share, 0.0, 1.0)
    lost = (1.0 - share) * model.transition + share / model.transition.shape[-1]
    return eqx.tree_at(lambda m: m.transition, model, lost)
