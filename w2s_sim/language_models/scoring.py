"""Scoring: the log probability that a network gives to each of several answers to a prompt.

All answers to a prompt stand in one row behind it. A token of an answer sees the prompt and the earlier
tokens of its own answer, a tree whose trunk is the prompt, so that one pass reads the prompt once for all
answers.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import ReadText, last_hidden, read_seeing
from w2s_sim.language_models.token_rows import TokenRows


def score_answers(
    network: Llama, prompts: TokenRows, answers: TokenRows, before: Sequence[ReadText] = ()
) -> Float[Array, "B K"]:
    """Return the log probability, in nats, of each of K answers to each of B prompts.

    Args:
        network: The network.
        prompts: B prompts, each of at least one token.
        answers: The answers, arrays of shape (K, A) if all prompts have the same ones, else (B, K, A).
        before: Texts that were read before the prompts, such as demonstrations.
    """
    num_prompts, trunk = prompts.tokens.shape
    shape = (num_prompts, *answers.tokens.shape[-2:])
    answers = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, shape), answers)
    packed = jax.tree.map(lambda leaf: leaf.reshape(num_prompts, -1), answers)
    places = prompts.lengths[:, None] + answers.places.reshape(num_prompts, -1)
    hidden, _ = read_seeing(
        network,
        prompts.followed_by(packed),
        tree(trunk, *shape[1:]),
        jnp.concatenate([prompts.places, places], axis=1),
        before,
    )
    first = last_hidden(hidden[:, :trunk], prompts)[:, None, None]
    later = hidden[:, trunk:].reshape(*shape, -1)[:, :, :-1]
    predicting = jnp.concatenate([jnp.broadcast_to(first, (*shape[:2], 1, first.shape[-1])), later], axis=2)
    scores = network.token_log_probabilities(predicting, answers.tokens)
    return jnp.sum(jnp.where(answers.real, scores, 0.0), axis=-1)


def tree(trunk: int, num_answers: int, length: int) -> Bool[Array, "T T"]:
    """Return which slots a token sees: earlier ones of the trunk and of its own answer.

    Args:
        trunk: Number of slots of the prompt.
        num_answers: Number of answers behind it.
        length: Number of slots of an answer.
    """
    slots = jnp.arange(trunk + num_answers * length)
    branch = jnp.where(slots < trunk, -1, (slots - trunk) // length)
    earlier = slots[None, :] <= slots[:, None]
    return earlier & ((branch[None, :] == -1) | (branch[None, :] == branch[:, None]))
