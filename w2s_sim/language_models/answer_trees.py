"""Several answers to a prompt as one tree of tokens: beginnings that answers share are read once."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from w2s_sim.language_models.token_rows import TokenRows, token_rows

# The slots of trees and of answers are a multiple of this, so that few programs are compiled.
MULTIPLE = 8


class AnswerTrees(eqx.Module):
    """K answers to each of B prompts, as trees of M slots; the tokens that end an answer need no slot.

    Attributes:
        nodes: The tokens that are read: those after which an answer goes on.
        sees: Which slots the token of a slot sees: its own, and the tokens before it in its answer.
        places: The place of each slot's token in its answer, from 0.
        answers: The tokens of the answers, arrays of shape (B, K, A).
        after: For each of these tokens the one before it: 0 is the prompt's last, 1 + i is that of slot i.
    """

    nodes: TokenRows
    sees: Bool[Array, "B M M"]
    places: Int[Array, "B M"]
    answers: TokenRows
    after: Int[Array, "B K A"]


def answer_trees(answers: Sequence[Sequence[Sequence[int]]]) -> AnswerTrees:
    """Build the trees of the answers to each prompt.

    Args:
        answers: Token ids of the answers to each prompt, as many answers to all prompts.
    """
    slots = [_slots(own) for own in answers]
    nodes = token_rows([[beginning[-1] for beginning in slot_of] for slot_of in slots], MULTIPLE)
    leaves = token_rows([ids for own in answers for ids in own], MULTIPLE)
    shape = (len(answers), len(answers[0]), leaves.tokens.shape[1])
    num_slots = nodes.tokens.shape[1]
    sees = np.zeros((len(answers), num_slots, num_slots), dtype=bool)
    places, after = np.zeros((len(answers), num_slots), dtype=int), np.zeros(shape, dtype=int)
    for row, (own, slot_of) in enumerate(zip(answers, slots, strict=True)):
        for beginning, slot in slot_of.items():
            places[row, slot] = len(beginning) - 1
            sees[row, slot, [slot_of[beginning[:end]] for end in range(1, len(beginning) + 1)]] = True
        for number, ids in enumerate(own):
            after[row, number, 1 : len(ids)] = [1 + slot_of[tuple(ids[:end])] for end in range(1, len(ids))]
    answer_rows = TokenRows(leaves.tokens.reshape(shape), leaves.real.reshape(shape))
    return AnswerTrees(nodes, jnp.asarray(sees), jnp.asarray(places), answer_rows, jnp.asarray(after))


def _slots(answers: Sequence[Sequence[int]]) -> dict[tuple[int, ...], int]:
    """Number the beginnings of answers, whole answers left out, in the order in which they appear."""
    slots: dict[tuple[int, ...], int] = {}
    for ids in answers:
        for end in range(1, len(ids)):
            slots.setdefault(tuple(ids[:end]), len(slots))
    return slots
