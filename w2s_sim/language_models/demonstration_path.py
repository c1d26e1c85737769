"""One pass over a path of demonstrations: how likely answers are after 0, 1, 2, ... of them.

The demonstrations stand in one row, one after the other. The candidate answers to a demonstration's question
branch off where its answer begins, so that they see the question and the demonstrations before it.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from w2s_sim.language_models.conversation_format import ConversationFormat, Demonstration
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import read_seeing
from w2s_sim.language_models.token_rows import TokenRows

# Rows and candidates are padded to multiples of these, so that few programs are compiled.
ROW_MULTIPLE, CANDIDATE_MULTIPLE = 128, 64


def scores_along(
    model: LanguageModel,
    demonstrations: Sequence[Demonstration],
    candidates: Sequence[Sequence[str]],
    written: ConversationFormat,
) -> list[list[Float[np.ndarray, " A"]]]:
    """Score answers to the question of every demonstration, after the demonstrations before it.

    Args:
        model: The language model.
        demonstrations: The path of N demonstrations.
        candidates: The answers that are scored, a sequence for each demonstration.
        written: How demonstrations are written.

    Returns:
        For each demonstration and each of its candidates, the log probability, in nats, of every token of the
        answer, its end included, given the tokens before.
    """
    encode, end = model.tokenizer.encode, written.end_token(model.tokenizer)
    row = _Row()
    branches = []
    for number, (shown, answers) in enumerate(zip(demonstrations, candidates, strict=True)):
        opening = written.next if number else written.first
        row.extend_trunk([*encode(opening + written.opening + shown.question + written.middle)])
        branches.append([row.branch([*encode(written.opening + text), end]) for text in answers])
        row.extend_trunk(encode(written.opening + shown.answer))
    lengths = [len(slots) for own in branches for slots in own]
    slots = np.concatenate([slots for own in branches for slots in own])
    read, scored = row.arrays(ROW_MULTIPLE), row.scored(slots, CANDIDATE_MULTIPLE)
    values = np.asarray(_score(model.network, *read, *scored))[: len(slots)]
    parts = iter(np.split(values, np.cumsum(lengths)))
    return [[next(parts) for _ in own] for own in branches]


class _Row:
    """A row of tokens that grows along its trunk, and has branches off the trunk's last token."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.previous: list[int] = []
        self.trunk: list[int] = []

    def extend_trunk(self, tokens: Sequence[int]) -> None:
        last = self.trunk[-1] if self.trunk else -1
        self.trunk += self._add(tokens, last).tolist()

    def branch(self, tokens: Sequence[int]) -> Int[np.ndarray, " A"]:
        """Add a branch, and return its slots."""
        return self._add(tokens, self.trunk[-1])

    def _add(self, tokens: Sequence[int], last: int) -> Int[np.ndarray, " A"]:
        first = len(self.tokens)
        self.tokens += tokens
        slots = np.arange(first, first + len(tokens))
        self.previous += [last, *slots[:-1].tolist()]
        return slots

    def arrays(self, multiple: int) -> tuple[TokenRows, Bool[Array, "T T"], Int[Array, "1 T"]]:
        """Return the padded row, which slots each of its tokens sees, and the tokens' places."""
        number = len(self.tokens)
        width = -(-number // multiple) * multiple
        sees = np.eye(width, dtype=bool)
        places = np.zeros((1, width), dtype=int)
        for slot, last in enumerate(self.previous):
            if last >= 0:
                sees[slot] |= sees[last]
                places[0, slot] = places[0, last] + 1
        tokens = np.zeros((1, width), dtype=int)
        tokens[0, :number] = self.tokens
        real = np.arange(width)[None] < number
        return TokenRows(jnp.asarray(tokens), jnp.asarray(real)), jnp.asarray(sees), jnp.asarray(places)

    def scored(
        self, slots: Int[np.ndarray, " S"], multiple: int
    ) -> tuple[Int[Array, " padded"], Int[Array, " padded"]]:
        """Return the tokens of slots and the slots before them, padded."""
        filled = np.resize(slots, -(-len(slots) // multiple) * multiple)
        return jnp.asarray(np.array(self.tokens)[filled]), jnp.asarray(np.array(self.previous)[filled])


@eqx.filter_jit
def _score(
    network: Llama,
    row: TokenRows,
    sees: Bool[Array, "T T"],
    places: Int[Array, "1 T"],
    tokens: Int[Array, " S"],
    previous: Int[Array, " S"],
) -> Float[Array, " S"]:
    hidden, _ = read_seeing(network, row, sees, places)
    # The law of a vocabulary is large: that of a few tokens is held at a time.
    return jax.lax.map(
        lambda place: network.token_log_probabilities(hidden[0, place[0]], place[1]),
        (previous, tokens),
        batch_size=CANDIDATE_MULTIPLE,
    )
