"""Scoring: the log probability that a network gives to each of several answers to a prompt.

All answers to a prompt stand in one row behind it. A token of an answer sees the prompt and the earlier
tokens of its own answer, a tree whose trunk is the prompt. One pass reads the prompt, and every beginning
that answers share, once.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from w2s_sim.language_models.answer_trees import AnswerTrees
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import ReadText, last_hidden, read_seeing
from w2s_sim.language_models.token_rows import TokenRows

# Prompts whose laws of the next token are computed together.
PROMPTS_TOGETHER = 4


def score_answers(
    network: Llama, prompts: TokenRows, trees: AnswerTrees, before: Sequence[ReadText] = ()
) -> Float[Array, "B K"]:
    """Return the log probability, in nats, of each of K answers to each of B prompts.

    Args:
        network: The network.
        prompts: B prompts, each of at least one token.
        trees: The answers to each prompt.
        before: Texts that were read before the prompts, such as demonstrations.
    """
    trunk = prompts.tokens.shape[1]
    hidden, _ = read_seeing(
        network,
        prompts.followed_by(trees.nodes),
        _behind(trunk, trees.sees),
        jnp.concatenate([prompts.places, prompts.lengths[:, None] + trees.places], axis=1),
        before,
    )
    last = last_hidden(hidden[:, :trunk], prompts)
    predicting = jnp.concatenate([last[:, None], hidden[:, trunk:]], axis=1)

    def total(row: tuple[Array, AnswerTrees]) -> Float[Array, " K"]:
        """Return the scores of the answers to one prompt."""
        logits = network.logits(row[0])
        after, answers = row[1].after, row[1].answers
        scores = logits[after, answers.tokens] - jax.nn.logsumexp(logits, axis=-1)[after]
        return jnp.sum(jnp.where(answers.real, scores, 0.0), axis=-1)

    # The law of a vocabulary is large: that of a few prompts is held at a time, and a few numbers of it kept.
    return jax.lax.map(total, (predicting, trees), batch_size=PROMPTS_TOGETHER)


def _behind(trunk: int, sees: Bool[Array, "B M M"]) -> Bool[Array, "B T T"]:
    """Return which slots a token sees: earlier ones of the trunk, and those of the tree behind it."""
    of_trunk = jnp.tril(jnp.ones((trunk + sees.shape[1], trunk), dtype=bool))
    padded = jnp.pad(sees, ((0, 0), (trunk, 0), (0, 0)))
    return jnp.concatenate([jnp.broadcast_to(of_trunk, (sees.shape[0], *of_trunk.shape)), padded], axis=2)
