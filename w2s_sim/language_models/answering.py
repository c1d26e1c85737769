"""Asking a language model: what it answers after demonstrations, and how likely it finds given answers."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from w2s_sim.language_models.conversation_format import ConversationFormat
from w2s_sim.language_models.generation import generate
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.reading import ReadText, read_rows
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import TokenRows, token_rows

# Rows are padded to a multiple of this many slots, so that few programs are compiled.
MULTIPLE = 32
# Prompts that are read together.
BATCH = 16

# Wraps the batches of a loop to report progress, as `w2s_sim.cli.progress.track` does.
Progress = Callable[[Sequence[int]], Iterable[int]]


def greedy_answers(
    model: LanguageModel,
    prompts: Sequence[str],
    written: ConversationFormat,
    *,
    num_tokens: int = 16,
    batch: int = BATCH,
    progress: Progress = iter,
) -> list[str]:
    """Return the likeliest continuation of each prompt, token by token, up to the end of an answer.

    Args:
        model: The model.
        prompts: Texts as from `ConversationFormat.prompt`.
        written: The format of the prompts, which says how an answer ends.
        num_tokens: Largest number of tokens of an answer.
        batch: Number of prompts that are continued together.
        progress: Wraps the loop over batches.
    """
    answers = []
    for chosen, read, last in _read_batches(model, prompts, batch, progress):
        answers += _greedily(model, written, num_tokens, read, last)[: len(chosen)]
    return answers


def answer_scores(
    model: LanguageModel,
    prompts: Sequence[str],
    answers: Sequence[Sequence[str]],
    written: ConversationFormat,
    *,
    batch: int = BATCH,
    progress: Progress = iter,
) -> Float[np.ndarray, "N K"]:
    """Return the log probability, in nats, of each of K whole answers to each prompt, its end included.

    Args:
        model: The model.
        prompts: N texts as from `ConversationFormat.prompt`.
        answers: The K answers to each prompt.
        written: The format of the prompts, which says how an answer begins and ends.
        batch: Number of prompts that are scored together.
        progress: Wraps the loop over batches.
    """
    whole = _ended(model, answers, written)
    scores = []
    for chosen, read, last in _read_batches(model, prompts, batch, progress):
        scores.append(_scored(model, [whole[i] for i in chosen], read, last))
    return np.concatenate(scores)


def ask(
    model: LanguageModel,
    prompts: Sequence[str],
    answers: Sequence[Sequence[str]],
    written: ConversationFormat,
    *,
    num_tokens: int = 16,
    batch: int = BATCH,
    progress: Progress = iter,
) -> tuple[list[str], Float[np.ndarray, "N K"]]:
    """Return what `greedy_answers` and `answer_scores` return, and read each prompt once for both."""
    whole = _ended(model, answers, written)
    texts, scores = [], []
    for chosen, read, last in _read_batches(model, prompts, batch, progress):
        texts += _greedily(model, written, num_tokens, read, last)[: len(chosen)]
        scores.append(_scored(model, [whole[i] for i in chosen], read, last))
    return texts, np.concatenate(scores)


def _read_batches(
    model: LanguageModel, prompts: Sequence[str], batch: int, progress: Progress
) -> Iterator[tuple[range, ReadText, TokenRows]]:
    """Yield batches: which prompts, what was read of them, and their last tokens, which are still to be read.

    The last batch is filled up with its first prompt.
    """
    encoded = [model.tokenizer.encode(prompt) for prompt in prompts]
    longest = max(map(len, encoded))
    for first in progress(range(0, len(encoded), batch)):
        chosen = range(first, min(first + batch, len(encoded)))
        own = [encoded[i] for i in chosen]
        own += [own[0]] * (batch - len(own))
        read = _read(model.network, token_rows([ids[:-1] for ids in own], MULTIPLE, longest - 1))
        yield chosen, read, token_rows([ids[-1:] for ids in own])


def _ended(
    model: LanguageModel, answers: Sequence[Sequence[str]], written: ConversationFormat
) -> list[TokenRows]:
    """Return the tokens of whole answers, those of all prompts in as many slots."""
    end = written.end_token(model.tokenizer)
    whole = [[[*model.tokenizer.encode(written.opening + text), end] for text in own] for own in answers]
    slots = max(len(ids) for own in whole for ids in own)
    return [token_rows(own, slots=slots) for own in whole]


def _scored(
    model: LanguageModel, answers: Sequence[TokenRows], read: ReadText, last: TokenRows
) -> Float[np.ndarray, "n K"]:
    filled = [*answers, *[answers[0]] * (last.tokens.shape[0] - len(answers))]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *filled)
    return np.asarray(_score(model.network, last, stacked, (read,)))[: len(answers)]


def _greedily(
    model: LanguageModel, written: ConversationFormat, num_tokens: int, read: ReadText, last: TokenRows
) -> list[str]:
    end = written.end_token(model.tokenizer)
    texts = []
    for tokens in np.asarray(_generate(model.network, last, num_tokens, end, (read,))):
        kept = tokens[: int(np.argmax(tokens == end))] if end in tokens else tokens
        texts.append(model.tokenizer.decode(kept.tolist()).strip())
    return texts


_generate = eqx.filter_jit(generate)
_score = eqx.filter_jit(score_answers)
_read = eqx.filter_jit(lambda network, rows: read_rows(network, rows)[1])
