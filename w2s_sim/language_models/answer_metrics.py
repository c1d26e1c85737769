"""Scores of the answers of a language model: style and content, with standard errors."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.language_models.answering import ask
from w2s_sim.language_models.conversation_format import LINES, ConversationFormat
from w2s_sim.language_models.demonstration_sets import WeakPrompt
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import Style

# Wrong contents besides the bait with which the right one competes.
NUM_OTHERS = 6
METRICS = (
    "style_log_odds",
    "right_probability",
    "bait_probability",
    "greedy_style",
    "greedy_right",
    "greedy_bait",
)


def prompt_scores(
    model: LanguageModel,
    prompts: Sequence[WeakPrompt],
    sizes: Sequence[int],
    style: Style,
    plain: Style,
    written: ConversationFormat = LINES,
) -> pd.DataFrame:
    """Score the answers to prompts after each of several numbers of demonstrations.

    Args:
        model: The language model.
        prompts: The prompts, with enough demonstrations for the largest size.
        sizes: Numbers n of demonstrations.
        style: The wanted style.
        plain: The style with which it competes.
        written: How demonstrations are written.

    Returns:
        One row per size and prompt: the size, the question; style_log_odds, the log probability of the candidate
        contents in the wanted style minus that in the plain one (nats); the probabilities of the right content
        and of the bait among the candidates in the wanted style; and whether the greedy answer has the wanted
        style, the right content and the bait, in either style.
    """
    contents = [_candidates(prompt.question) for prompt in prompts]
    answers = [[way.write(text) for way in (style, plain) for text in own] for own in contents]
    texts = [
        [written.prompt(prompt.demonstrations[:size], prompt.question.text) for size in sizes]
        for prompt in prompts
    ]
    all_greedy, all_scores = ask(model, texts, answers, written)
    frames = []
    for size, greedy, scores in zip(sizes, all_greedy, all_scores, strict=True):
        wanted, other = np.split(scores, 2, axis=1)
        shares = np.exp(wanted - _total(wanted)[:, None])
        said = [style.parse(text) or plain.parse(text) for text in greedy]
        columns = {
            "size": size,
            "question": [prompt.question.text for prompt in prompts],
            "answer": greedy,
            "style_log_odds": _total(wanted) - _total(other),
            "right_probability": shares[:, 0],
            "bait_probability": shares[:, 1],
            "greedy_style": [float(style.parse(text) is not None) for text in greedy],
            "greedy_right": _equal(said, [prompt.question.answer for prompt in prompts]),
            "greedy_bait": _equal(said, [prompt.question.bait for prompt in prompts]),
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def summary(scores: pd.DataFrame, columns: tuple[str, str]) -> pd.DataFrame:
    """Return the mean of every metric, with its standard error, over prompts and seeds.

    Args:
        scores: Rows of `prompt_scores`, with the columns that tell cells apart.
        columns: Two of these; there is one row for each pair of their values.
    """
    rows = []
    first, second = columns
    for one, two in scores[[first, second]].drop_duplicates().to_numpy().tolist():
        own = scores.loc[(scores[first] == one) & (scores[second] == two)]
        row: dict[str, object] = {first: one, second: two, "prompts": len(own)}
        for metric in METRICS:
            row[metric], row[f"{metric}_se"] = clustered_mean(
                own[metric].to_numpy(), own["question"].to_numpy()
            )
        rows.append(row)
    return pd.DataFrame(rows)


def clustered_mean(values: Float[np.ndarray, " N"], clusters: np.ndarray) -> tuple[float, float]:
    """Return a mean and its standard error, where values of one cluster may depend on one another.

    Args:
        values: The values.
        clusters: The cluster of each value, such as the question of a prompt; at least two clusters.
    """
    names, index = np.unique(clusters, return_inverse=True)
    sums = np.bincount(index, weights=values - values.mean())
    correction = len(names) / (len(names) - 1)
    return float(values.mean()), float(np.sqrt(correction * np.sum(sums**2)) / len(values))


def _candidates(question: Question) -> list[str]:
    return [question.answer, question.bait, *question.others[:NUM_OTHERS]]


def _total(log_probabilities: Float[np.ndarray, "N K"]) -> Float[np.ndarray, " N"]:
    """Return the log probability of any of K answers."""
    return np.logaddexp.reduce(log_probabilities, axis=1)


def _equal(said: Sequence[str | None], wanted: Sequence[str]) -> Float[np.ndarray, " N"]:
    return np.array([float(text == right) for text, right in zip(said, wanted, strict=True)])
