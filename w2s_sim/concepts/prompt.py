"""Prompts that a language model reads as one document: examples, with a delimiter between them."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from w2s_sim.concepts.conditioning import (
    context_log_likelihood,
    log_mixture,
    log_posterior,
    log_weights,
)
from w2s_sim.concepts.hidden_markov import HiddenMarkovModel
from w2s_sim.errors import InputError
from w2s_sim.fields import whole


class InPrompt(NamedTuple):
    """What a prompt says about the concept, and about the symbol that comes next.

    Attributes:
        log_posterior: log of the posterior over concepts, in nats, shape (K,).
        log_next: log p(next symbol | prompt), the concept averaged over that posterior, shape (V,).
    """

    log_posterior: Float[Array, " K"]
    log_next: Float[Array, " V"]


class PromptModel(HiddenMarkovModel):
    """Hidden Markov concepts whose demonstrations continue one another: O_1 / O_2 / ... / O_n /.

    The hidden state is carried across delimiters, so that demonstrations are not independent given the
    concept: the model takes the prompt for one document, although whoever wrote it began every example anew.
    This is the mismatch under which Xie et al. 2022, arXiv 2111.02080, study in-context learning.

    One demonstration by itself, and the law of outcomes, are those of `HiddenMarkovModel`. A posterior as a
    prior (`read`) forgets the hidden state; `predict_next` predicts with it.

    Attributes:
        delimiter: The symbol that ends an example, 0 <= delimiter < V.

    Raises:
        InputError: As for `HiddenMarkovModel`, or if the delimiter is no symbol.
    """

    delimiter: int = eqx.field(static=True, converter=whole("delimiter", 0), default=0)

    def __check_init__(self) -> None:
        if self.delimiter >= self.num_symbols:
            raise InputError("delimiter", self.delimiter, f"one of the symbols 0 to {self.num_symbols - 1}")

    @property
    def reads_independently(self) -> bool:
        return False

    def log_context(
        self, inputs: Int[Array, "n 0"], labels: Int[Array, "n L"]
    ) -> tuple[Float[Array, " K"], Float[Array, ""]]:
        if labels.shape[0] == 0:
            return jnp.zeros_like(self.prior), jnp.zeros(())
        return context_log_likelihood(self._forward(self.document(labels)[None]).log_likelihood)

    def document(self, labels: Int[Array, "n L"]) -> Int[Array, " symbols"]:
        """The examples as one sequence of n (L + 1) symbols; a delimiter ends each of them."""
        return jnp.pad(labels, ((0, 0), (0, 1)), constant_values=self.delimiter).ravel()

    def predict_next(self, labels: Int[Array, "n L"], query: Int[Array, " T"]) -> InPrompt:
        """The exact Bayes predictor of the symbol after n examples and the T >= 1 symbols of a query.

        A prompt that no concept can produce leaves the posterior at the prior; the log probabilities of what
        follows it are -inf.
        """
        prompt = jnp.concatenate([self.document(labels), query])[None]
        ahead = self._forward(prompt)
        posterior = log_posterior(log_weights(self.prior), ahead.log_likelihood[0])
        return InPrompt(posterior, log_mixture(posterior, ahead.log_next[0].T))
