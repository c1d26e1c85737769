"""Scores of the answers of a language model: style and content, with standard errors."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.language_models.answering import ask
from w2s_sim.language_models.content_scorer import EXACT_MATCH, ContentScorer
from w2s_sim.language_models.conversation_format import LINES, ConversationFormat
from w2s_sim.language_models.crossed_errors import clustered_mean
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
    scorer: ContentScorer = EXACT_MATCH,
) -> pd.DataFrame:
    """Score the answers to prompts after each of several numbers of demonstrations.

    Args:
        model: The language model.
        prompts: The prompts, with enough demonstrations for the largest size.
        sizes: Numbers n of demonstrations.
        style: The wanted style.
        plain: The style with which it competes.
        written: How demonstrations are written.
        scorer: Decides whether the content of a greedy answer is the right one or the bait.

    Returns:
        One row per size and prompt: the size and the question; style_log_odds, the log probability of the
        candidate contents in the wanted style minus that in the plain one (nats); the probabilities of the
        right content and of the bait among the candidates in the wanted style; and whether the greedy answer
        has the wanted style, the right content and the bait, in either style.
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
            "greedy_right": _same(scorer, said, [prompt.question.answer for prompt in prompts]),
            "greedy_bait": _same(scorer, said, [prompt.question.bait for prompt in prompts]),
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def summary(
    scores: pd.DataFrame,
    columns: Sequence[str],
    metrics: Sequence[str] = METRICS,
    *,
    crossed_with: str | None = None,
) -> pd.DataFrame:
    """Return the mean of every metric over prompts and seeds, with its standard error.

    Args:
        scores: Rows with the question of every prompt, the metrics, and the columns that tell cells apart.
        columns: Some of these columns; there is one row for each combination of their values.
        metrics: Names of the metrics.
        crossed_with: A column of another factor that values share, such as the seed of a training run.
            Without it, values depend on one another through the question alone.

    Returns:
        One row for each combination, with the number of prompts. A metric has three columns: its mean, its
        standard error `_se`, and half of its 95 percent interval `_half_width` (see `clustered_mean`).
    """
    rows = []
    for _, own in scores.groupby(list(columns), sort=False):
        told_apart_by = {name: own[name].tolist()[0] for name in columns}
        row: dict[str, object] = {**told_apart_by, "prompts": len(own)}
        other = None if crossed_with is None else own[crossed_with].to_numpy()
        for metric in metrics:
            found = clustered_mean(own[metric].to_numpy(), own["question"].to_numpy(), other)
            row[metric], row[f"{metric}_se"] = found.mean, found.standard_error
            row[f"{metric}_half_width"] = found.half_width
        rows.append(row)
    return pd.DataFrame(rows)


def paired_differences(
    scores: pd.DataFrame, columns: tuple[str, str], baseline: str, *, crossed_with: str
) -> pd.DataFrame:
    """Return the mean difference of every metric to a baseline that was asked the same questions.

    Arms of one seed share the questions and the weak labels, so that differences have smaller errors than
    the two means.

    Args:
        scores: Rows of `prompt_scores`, with the columns that tell cells apart; every question is asked once
            in a cell.
        columns: Two of these; values of the second are compared within one value of the first.
        baseline: The value of the second column to which the others are compared.
        crossed_with: A column of another factor that values share, such as the seed.

    Returns:
        The columns of `summary`, of differences, for all values but the baseline.
    """
    first, second = columns
    keys = [first, crossed_with, "question"]
    compared = scores.loc[scores[second] != baseline]
    own = scores.loc[scores[second] == baseline, [*keys, *METRICS]]
    both = compared.merge(own, on=keys, suffixes=("", "_baseline"), validate="many_to_one")
    for metric in METRICS:
        both[metric] -= both[f"{metric}_baseline"]
    return summary(both, columns, crossed_with=crossed_with)


def _candidates(question: Question) -> list[str]:
    return [question.answer, question.bait, *question.others[:NUM_OTHERS]]


def _total(log_probabilities: Float[np.ndarray, "N K"]) -> Float[np.ndarray, " N"]:
    """Return the log probability of any of K answers."""
    return np.logaddexp.reduce(log_probabilities, axis=1)


def _same(
    scorer: ContentScorer, said: Sequence[str | None], wanted: Sequence[str]
) -> Float[np.ndarray, " N"]:
    """Return 1 for every answer that has the wanted content, 0 for others and those without a style."""
    pairs = zip(said, wanted, strict=True)
    return np.array([float(text is not None and bool(scorer.same(text, right))) for text, right in pairs])
