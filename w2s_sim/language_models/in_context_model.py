"""A language model as a strong model: it reads questions with weak answers one after the other."""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from w2s_sim.fields import whole
from w2s_sim.language_models.conversation_format import LINES, ConversationFormat
from w2s_sim.language_models.generation import generate
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import ReadText, read_rows
from w2s_sim.language_models.token_rows import TokenRows, token_rows
from w2s_sim.language_models.tokenizer import Tokenizer
from w2s_sim.strong_model import StrongModel
from w2s_sim.weak_data import WeakData

# Stands in the slots of a question or an answer that hold no token.
EMPTY = -1


class InContextModel(StrongModel):
    """A language model that has read demonstrations, and answers questions after them.

    Inputs are questions and labels are answers, both as token ids in rows; empty slots hold -1 (`text_rows`).

    Attributes:
        network: The network.
        first: Tokens before the first question.
        middle: Tokens between a question and its answer.
        next: Tokens between an answer and the next question.
        end_tokens: Ids of the tokens that end an answer.
        num_tokens: Number of slots of the answers that it writes.
        temperature: 1 draws answers from the network's own law; 0 takes the likeliest token each time.
        before: The demonstrations that it has read, each as keys and values.
    """

    kind: ClassVar[str] = "language models"

    network: Llama
    first: tuple[int, ...] = eqx.field(static=True)
    middle: tuple[int, ...] = eqx.field(static=True)
    next: tuple[int, ...] = eqx.field(static=True)
    end_tokens: tuple[int, ...] = eqx.field(static=True)
    num_tokens: int = eqx.field(static=True, converter=whole("num_tokens"))
    temperature: float = eqx.field(static=True, default=1.0)
    before: tuple[ReadText, ...] = ()

    def read(self, context: WeakData) -> "InContextModel":
        """Return the model after it has read n >= 0 demonstrations one after the other."""
        if context.labels.shape[0] == 0:
            return self
        following = context.labels.shape[0] - 1
        asked = self._asked(context.inputs, [self._opening, *[self.next] * following])
        turns = asked.followed_by(_rows(context.labels))
        one_row = TokenRows(turns.tokens.reshape(1, -1), turns.real.reshape(1, -1))
        _, read = read_rows(self.network, one_row, self.before)
        return dataclasses.replace(self, before=(*self.before, read))

    def relabel(self, inputs: Int[Array, "n Q"], *, key: Key[Array, ""]) -> Int[Array, "n A"]:
        """Answer every question on its own, after the demonstrations."""
        asked = self._asked(inputs, [self._opening] * inputs.shape[0])
        tokens = generate(
            self.network,
            asked,
            self.num_tokens,
            self.end_tokens,
            self.before,
            temperature=self.temperature,
            key=key,
        )
        return jnp.where(tokens == self.end_tokens[0], EMPTY, tokens)

    @property
    def _opening(self) -> tuple[int, ...]:
        """Tokens before the next question."""
        return self.next if self.before else self.first

    def _asked(self, questions: Int[Array, "n Q"], openings: Sequence[Sequence[int]]) -> TokenRows:
        """Return the questions behind their openings, up to where their answers begin."""
        middle = token_rows([self.middle] * len(openings))
        return token_rows(openings).followed_by(_rows(questions)).followed_by(middle)


def in_context_model(
    model: LanguageModel,
    written: ConversationFormat = LINES,
    *,
    num_tokens: int = 16,
    temperature: float = 1.0,
) -> InContextModel:
    """Make a strong model of a language model.

    Args:
        model: The language model.
        written: How demonstrations are written.
        num_tokens: Largest number of tokens of an answer.
        temperature: 1 draws answers from the network's own law; 0 takes the likeliest token each time.

    Raises:
        InputError: If the format does not end answers with one token.
    """
    first, middle, following = (
        tuple(model.tokenizer.encode(text)) for text in (written.first, written.middle, written.next)
    )
    ends = written.end_tokens(model.tokenizer)
    return InContextModel(model.network, first, middle, following, ends, num_tokens, temperature)


def text_rows(
    tokenizer: Tokenizer, texts: Sequence[str], written: ConversationFormat = LINES, slots: int = 0
) -> Int[Array, "n T"]:
    """Return questions or answers as rows of token ids; empty slots, at the end, hold -1.

    Args:
        tokenizer: The tokenizer.
        texts: The questions or answers, without their end.
        written: The format, which says how they begin.
        slots: Smallest number of slots.
    """
    rows = token_rows([tokenizer.encode(written.opening + text) for text in texts], slots=slots)
    return jnp.where(rows.real, rows.tokens, EMPTY)


def row_texts(tokenizer: Tokenizer, rows: Int[Array, "n T"]) -> list[str]:
    """Return the texts of rows of token ids, without white space around them."""
    return [tokenizer.decode(row[row != EMPTY].tolist()).strip() for row in np.asarray(rows)]


def _rows(tokens: Int[Array, "n T"]) -> TokenRows:
    return TokenRows(jnp.maximum(tokens, 0), tokens != EMPTY)
