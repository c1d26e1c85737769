"""Asking a language model: what it answers after demonstrations, and how likely it finds given answers."""

from collections.abc import Callable, Iterable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from w2s_sim.language_models.conversation_format import ConversationFormat
from w2s_sim.language_models.generation import generate
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import TokenRows, token_rows

# Rows are padded to a multiple of this many slots, so that few programs are compiled.
MULTIPLE = 32

# Wraps the batches of a loop to report progress, as `w2s_sim.cli.progress.track` does.
Progress = Callable[[Sequence[int]], Iterable[int]]


def greedy_answers(
    model: LanguageModel,
    prompts: Sequence[str],
    written: ConversationFormat,
    *,
    num_tokens: int = 16,
    batch: int = 16,
    progress: Progress = iter,
) -> list[str]:
    """Return the likeliest continuation of each prompt, token by token, up to the end token.

    Args:
        model: The model.
        prompts: Texts as from `ConversationFormat.prompt`.
        written: The format of the prompts, which says how an answer ends.
        num_tokens: Largest number of tokens of an answer.
        batch: Number of prompts that are continued together.
        progress: Wraps the loop over batches.
    """
    encoded = [model.tokenizer.encode(prompt) for prompt in prompts]
    end = written.end_token(model.tokenizer)
    answers: list[str] = []
    for rows, count in _batches(encoded, batch, progress):
        for tokens in np.asarray(_generate(model.network, rows, num_tokens, end))[:count]:
            kept = tokens[: int(np.argmax(tokens == end))] if end in tokens else tokens
            answers.append(model.tokenizer.decode(kept.tolist()).strip())
    return answers


def answer_scores(
    model: LanguageModel,
    prompts: Sequence[str],
    answers: Sequence[Sequence[str]],
    written: ConversationFormat,
    *,
    batch: int = 16,
    progress: Progress = iter,
) -> Float[np.ndarray, "N K"]:
    """Return the log probability, in nats, of each of K whole answers to each prompt, its end token included.

    Args:
        model: The model.
        prompts: N texts as from `ConversationFormat.prompt`.
        answers: The K answers to each prompt.
        written: The format of the prompts, which says how an answer begins and ends.
        batch: Number of prompts that are scored together.
        progress: Wraps the loop over batches.
    """
    encoded = [model.tokenizer.encode(prompt) for prompt in prompts]
    end = written.end_token(model.tokenizer)
    ended = [[[*model.tokenizer.encode(written.opening + answer), end] for answer in own] for own in answers]
    slots = max(len(answer) for own in ended for answer in own)
    scores = []
    first = 0
    for rows, count in _batches(encoded, batch, progress):
        own = ended[first : first + count]
        own += [own[0]] * (rows.tokens.shape[0] - count)
        each = [token_rows(row, slots=slots) for row in own]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)
        scores.append(np.asarray(_score(model.network, rows, stacked))[:count])
        first += count
    return np.concatenate(scores)


def _batches(
    encoded: Sequence[Sequence[int]], batch: int, progress: Progress
) -> Iterable[tuple[TokenRows, int]]:
    """Yield full batches of rows and how many of them are asked for: the last batch is filled up."""
    longest = max(map(len, encoded))
    for first in progress(range(0, len(encoded), batch)):
        own = list(encoded[first : first + batch])
        yield token_rows(own + [own[0]] * (batch - len(own)), MULTIPLE, longest), len(own)


_generate = eqx.filter_jit(generate)
_score = eqx.filter_jit(score_answers)
