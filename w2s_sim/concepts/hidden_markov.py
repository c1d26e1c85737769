"""Hidden Markov concepts: each concept is a language of short sequences."""

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
    """Concept k is a hidden Markov model; a demonstration is one sequence of `length` symbols.

    Sequences are independent given their concepts. The whole sequence is the label; inputs are empty, of
    shape (n, 0). After Xie et al. 2022, arXiv 2111.02080, whose concepts are hidden Markov models too.

    Attributes:
        initial: Law of the first hidden state, shape (K, S).
        transition: transition[k, i, j] is the probability of state j after state i, shape (K, S, S).
        emission: emission[k, i, v] is the probability of symbol v in state i, shape (K, S, V).
        length: L >= 1, symbols of a sequence.

    Raises:
        InputError: If shapes do not fit, rows are no probability vectors, or the length is no count.
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
        """In lexicographic order."""
        place_values = self.num_symbols ** jnp.arange(self.length - 1, -1, -1)
        sequences = jnp.arange(self.num_outcomes)[:, None] // place_values % self.num_symbols
        return jnp.zeros((self.num_outcomes, 0), dtype=int), sequences

    def log_likelihood(self, inputs: Int[Array, "n 0"], labels: Int[Array, "n L"]) -> Float[Array, "n K"]:
        if labels.shape[0] == 0:
            # The forward algorithm has no program for no sequence at all.
            return jnp.zeros((0, self.num_concepts))
        return self._forward(labels).log_likelihood

    def _forward(self, labels: Int[Array, "n L"]) -> Forward:
        return forward(self.initial, self.transition, self.emission, labels)

    def log_next_symbol(self, prefixes: Int[Array, "n T"]) -> Float[Array, "n K V"]:
        """log p(next symbol | prefix, k) in nats, after T >= 1 symbols of any number.

        A prefix that concept k cannot produce gives -inf for every symbol.
        """
        return self._forward(prefixes).log_next

    def log_input_probabilities(self, inputs: Int[Array, "n 0"]) -> Float[Array, " n"]:
        return jnp.zeros(inputs.shape[0])

    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num} 0"]:
        """Empty: there is one input."""
        return jnp.zeros((num, 0), dtype=int)

    def sample_labels(
        self, inputs: Int[Array, "n 0"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Int[Array, "n L"]:
        # All random numbers at once: programs that draw in a loop take long to compile.
        for_states, for_symbols = jax.random.uniform(key, (2, self.length, concepts.shape[0]))

        def step(states: Int[Array, " n"], uniforms: Float[Array, " n"]) -> tuple[Array, Array]:
            return draw_from_rows(self.transition[concepts, states], uniforms), states

        first = draw_from_rows(self.initial[concepts], for_states[0])
        last, states = jax.lax.scan(step, first, for_states[1:])
        states = jnp.concatenate([states, last[None]])
        return jax.vmap(draw_from_rows)(self.emission[concepts, states], for_symbols).T

    def through(self: HiddenMarkovModelT, channel: Float[Array, "V V"]) -> HiddenMarkovModelT:
        return eqx.tree_at(lambda model: model.emission, self, self.emission @ channel)


def forgetful(model: HiddenMarkovModel, share: float) -> HiddenMarkovModel:
    """The weak version of hidden Markov concepts that, with probability `share`, goes on in any state.

    Its symbols are as frequent in a state as the strong model's, but it loses track of what came before.

    Args:
        model: The strong model.
        share: In [0, 1], of the steps of the hidden chain.

    Raises:
        InputError: If the share is no probability.
    """
    require_between("weak.share", share, 0.0, 1.0)
    lost = (1.0 - share) * model.transition + share / model.transition.shape[-1]
    return eqx.tree_at(lambda m: m.transition, model, lost)
