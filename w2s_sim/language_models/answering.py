"""Asking a language model: what it answers after demonstrations, and how likely it finds given answers."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from w2s_sim.language_models.answer_trees import AnswerTrees, answer_trees
from w2s_sim.language_models.conversation_format import ConversationFormat
from w2s_sim.language_models.generation import generate
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.reading import ReadText, read_rows
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import TokenRows, token_rows

# Rows, and what is left of versions, are padded to multiples of these, so that few programs are compiled.
MULTIPLE, REST_MULTIPLE = 16, 8
# The beginning of all prompts is read apart if it has as many tokens.
SHORTEST_OPENING = 32
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
    for chosen, ((read, rest),) in _read_batches(model, [[text] for text in prompts], batch, progress):
        answers += _greedily(model, written, num_tokens, read, rest)[: len(chosen)]
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
    trees = _trees(model, answers, written)
    scores = []
    for chosen, ((read, rest),) in _read_batches(model, [[text] for text in prompts], batch, progress):
        scores.append(_scored(model, trees, chosen, read, rest))
    return np.concatenate(scores)


def ask(
    model: LanguageModel,
    prompts: Sequence[Sequence[str]],
    answers: Sequence[Sequence[str]],
    written: ConversationFormat,
    *,
    num_tokens: int = 16,
    batch: int = BATCH,
    progress: Progress = iter,
) -> tuple[list[list[str]], Float[np.ndarray, "V N K"]]:
    """Return what `greedy_answers` and `answer_scores` return, for V versions of every prompt.

    What versions share with the longest of them from the first token on is read once, for example
    the first of many demonstrations.

    Args:
        model: The model.
        prompts: N times V texts, the versions of every prompt.
        answers: The K answers to each prompt.
        written: The format of the prompts.
        num_tokens: Largest number of tokens of an answer.
        batch: Number of prompts that are read together.
        progress: Wraps the loop over batches.

    Returns:
        The greedy answers, a list for each version, and the scores.
    """
    trees = _trees(model, answers, written)
    texts: list[list[str]] = [[] for _ in prompts[0]]
    scores = []
    for chosen, versions in _read_batches(model, prompts, batch, progress):
        for own, (read, rest) in zip(texts, versions, strict=True):
            own += _greedily(model, written, num_tokens, read, rest)[: len(chosen)]
        scores.append([_scored(model, trees, chosen, read, rest) for read, rest in versions])
    return texts, np.concatenate(scores, axis=1)


def _read_batches(
    model: LanguageModel, prompts: Sequence[Sequence[str]], batch: int, progress: Progress
) -> Iterator[tuple[range, list[tuple[tuple[ReadText, ...], TokenRows]]]]:
    """Yield batches: which prompts, and for each version what was read of it and the rest of its tokens.

    A long beginning of all prompts is read once. The longest version of a prompt is read but for its last
    token, and the other versions see of it what they begin with. The last batch is filled up with its first
    prompt.
    """
    encoded = [[model.tokenizer.encode(text) for text in versions] for versions in prompts]
    opening = encoded[0][0][:-1]
    for ids in (ids for versions in encoded for ids in versions):
        opening = opening[: _num_shared(opening, ids[:-1])]
    if len(opening) < SHORTEST_OPENING:
        opening = []
    first_read = [_read(model.network, token_rows([opening], MULTIPLE), ())] if opening else []
    encoded = [[ids[len(opening) :] for ids in versions] for versions in encoded]
    longest = [max(versions, key=len)[:-1] for versions in encoded]
    shared = [
        [_num_shared(ids[:-1], whole) for ids in versions]
        for versions, whole in zip(encoded, longest, strict=True)
    ]
    rests = [
        [ids[start:] for ids, start in zip(versions, starts, strict=True)]
        for versions, starts in zip(encoded, shared, strict=True)
    ]
    slots = max(map(len, longest))
    rest_slots = max(len(ids) for versions in rests for ids in versions)
    rest_multiple = 1 if rest_slots == 1 else REST_MULTIPLE
    for first in progress(range(0, len(encoded), batch)):
        chosen = range(first, min(first + batch, len(encoded)))
        filled = [*chosen, *[first] * (batch - len(chosen))]
        rows = token_rows([longest[i] for i in filled], MULTIPLE, slots)
        read = _read(model.network, rows, tuple(first_read))
        places = np.arange(rows.tokens.shape[1])
        versions = []
        for version in range(len(prompts[0])):
            begins = jnp.asarray(places < np.array([[shared[i][version]] for i in filled]))
            rest = token_rows([rests[i][version] for i in filled], rest_multiple, rest_slots)
            versions.append(((*first_read, ReadText(read.cache, begins)), rest))
        yield chosen, versions


def _num_shared(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the number of tokens with which both texts begin."""
    differs = (one != other for one, other in zip(first, second, strict=False))
    return next((place for place, is_other in enumerate(differs) if is_other), min(len(first), len(second)))


def _trees(
    model: LanguageModel, answers: Sequence[Sequence[str]], written: ConversationFormat
) -> AnswerTrees:
    """Return the trees of whole answers, their ends included."""
    end = written.end_token(model.tokenizer)
    encode = model.tokenizer.encode
    return answer_trees([[[*encode(written.opening + text), end] for text in own] for own in answers])


def _scored(
    model: LanguageModel, trees: AnswerTrees, chosen: range, read: tuple[ReadText, ...], rest: TokenRows
) -> Float[np.ndarray, "n K"]:
    filled = np.array([*chosen, *[chosen[0]] * (rest.tokens.shape[0] - len(chosen))])
    own = jax.tree.map(lambda leaf: leaf[filled], trees)
    return np.asarray(_score(model.network, rest, own, read))[: len(chosen)]


def _greedily(
    model: LanguageModel,
    written: ConversationFormat,
    num_tokens: int,
    read: tuple[ReadText, ...],
    rest: TokenRows,
) -> list[str]:
    ends = written.end_tokens(model.tokenizer)
    rows = np.asarray(_generate(model.network, rest, num_tokens, ends, read))
    return [model.tokenizer.decode(tokens[tokens != ends[0]].tolist()).strip() for tokens in rows]


_generate = eqx.filter_jit(generate)
_score = eqx.filter_jit(score_answers)
_read = eqx.filter_jit(lambda network, rows, before: read_rows(network, rows, before)[1])
