"""Prompts that a language model reads as one document: examples separated by a delimiter."""

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
    """Posterior over concepts and law of the next symbol, given a prompt.

    Attributes:
        log_posterior: Log posterior over concepts, in nats, shape (K,).
        log_next: log p(next symbol | prompt) in nats, averaged over this posterior, shape (V,).
    """

    log_posterior: Float[Array, " K"]
    log_next: Float[Array, " V"]


class PromptModel(HiddenMarkovModel):
    """Hidden Markov concepts that read demonstrations as one sequence O_1 / O_2 / ... / O_n /.

    The hidden state is carried across delimiters, so demonstrations are not independent given the concept:
    the model treats the prompt as one document, although every example was generated from a new initial
    state. Xie et al. 2022, arXiv 2111.02080, study in-context learning under this mismatch.

    A single demonstration and the law of outcomes are as in `HiddenMarkovModel`. `read` keeps the posterior
    over concepts but drops the hidden state; `predict_next` uses both.

    Attributes:
        delimiter: The symbol that ends an example, 0 <= delimiter < V.

    Raises:
        InputError: As for `HiddenMarkovModel`, or if the delimiter is not one of the V symbols.
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
        """Concatenate the examples, each followed by the delimiter, to one sequence of n (L + 1) symbols."""
        return jnp.pad(labels, ((0, 0), (0, 1)), constant_values=self.delimiter).ravel()

    def predict_next(self, labels: Int[Array, "n L"], query: Int[Array, " T"]) -> InPrompt:
        """Exact Bayes prediction of the symbol that follows n examples and a query of T >= 1 symbols.

        If no concept can produce the prompt, the posterior equals the prior and all next-symbol log
        probabilities are -inf.
        """
        prompt = jnp.concatenate([self.document(labels), query])[None]
        ahead = self._forward(prompt)
        posterior = log_posterior(log_weights(self.prior), ahead.log_likelihood[0])
        return InPrompt(posterior, log_mixture(posterior, ahead.log_next[0].T))
