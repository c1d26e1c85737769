"""The experiment in context: style and content of the answers against the number of weak demonstrations.

Every prompt has demonstrations of its own, and the sets of n demonstrations are nested. Prompts of one seed
have different questions; other seeds ask some of them again, which standard errors take into account.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim._checks import require_count
from w2s_sim.errors import InputError
from w2s_sim.language_models.answering import ask
from w2s_sim.language_models.conversation_format import LINES, ConversationFormat
from w2s_sim.language_models.demonstration_sets import WeakPrompt, weak_prompts
from w2s_sim.language_models.experiment_folder import (
    Cell,
    CellProgress,
    ExperimentFolder,
    experiment_configuration,
)
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import Style
from w2s_sim.language_models.weak_labels import Errors

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


@dataclasses.dataclass(frozen=True)
class InContextSettings:
    """What the experiment varies, and how often.

    Attributes:
        styles: Names of the wanted styles.
        sizes: Numbers n of demonstrations.
        num_prompts: Prompts of each style, size and seed.
        num_seeds: Number of seeds, from 0.
        wrong_share: Share of the demonstrations that are wrong in content.
        errors: Whether they are wrong in one systematic way, or at random.
    """

    styles: tuple[str, ...] = ("json", "pirate")
    sizes: tuple[int, ...] = (0, 1, 2, 4, 8, 16)
    num_prompts: int = 96
    num_seeds: int = 3
    wrong_share: float = 0.5
    errors: Errors = "systematic"

    def __post_init__(self) -> None:
        for size in self.sizes:
            require_count("sizes", size, 0)
        require_count("num_prompts", self.num_prompts, 2)
        require_count("num_seeds", self.num_seeds, 1)

    @property
    def cells(self) -> list[Cell]:
        """All styles, sizes and seeds; the first seed of all comes first."""
        seeds = range(self.num_seeds)
        return [(style, size, seed) for seed in seeds for style in self.styles for size in self.sizes]


def run_in_context(
    model: LanguageModel,
    questions: Sequence[Question],
    styles: dict[str, Style],
    settings: InContextSettings,
    folder: Path,
    *,
    resume: bool = False,
    written: ConversationFormat = LINES,
    progress: CellProgress = iter,
) -> pd.DataFrame:
    """Run the experiment, and keep the scores of every prompt in a folder, one file for each cell.

    Args:
        model: The language model.
        questions: The questions.
        styles: The styles by name; "plain" is the style with which the wanted ones compete.
        settings: What is varied.
        folder: Folder of the results: parts, manifest.json and in-context.csv, the table that is returned.
        resume: Whether the folder may hold cells already, which are then not computed again.
        written: How demonstrations are written.
        progress: Wraps the loop over the cells that are to be computed.

    Returns:
        One row for each style and size, see `summary`.

    Raises:
        InputError: If a style is unknown, or if the folder holds results without `resume`, or those of other
            settings.
    """
    for name in (*settings.styles, "plain"):
        if name not in styles:
            raise InputError("styles", repr(name), f"one of {', '.join(styles)}")
    experiment = ExperimentFolder(folder, ("style", "size", "seed"))
    configuration = experiment_configuration(model.name, settings, questions, styles)
    experiment.prepare(configuration, resume=resume)

    def compute(name: str, size: int, seed: int) -> pd.DataFrame:
        prompts = weak_prompts(
            questions,
            styles[name],
            settings.num_prompts,
            max(settings.sizes),
            wrong_share=settings.wrong_share,
            errors=settings.errors,
            key=jax.random.fold_in(jax.random.key(seed), settings.styles.index(name)),
        )
        return prompt_scores(model, prompts, size, styles[name], styles["plain"], written)

    table = summary(experiment.fill(settings.cells, compute, progress), ("style", "size"))
    experiment.write_table("in-context.csv", table)
    return table


def prompt_scores(
    model: LanguageModel,
    prompts: Sequence[WeakPrompt],
    size: int,
    style: Style,
    plain: Style,
    written: ConversationFormat = LINES,
) -> pd.DataFrame:
    """Score the answers to prompts after n demonstrations.

    Args:
        model: The language model.
        prompts: The prompts, with at least n demonstrations each.
        size: Number n of demonstrations.
        style: The wanted style.
        plain: The style with which it competes.
        written: How demonstrations are written.

    Returns:
        One row per prompt: its question; style_log_odds, the log probability of the candidate contents in
        the wanted style minus that in the plain one (nats); the probabilities of the right content and of
        the bait among the candidates in the wanted style; and whether the greedy answer has the wanted
        style, the right content and the bait, in either style.
    """
    contents = [_candidates(prompt.question) for prompt in prompts]
    answers = [[way.write(text) for way in (style, plain) for text in own] for own in contents]
    texts = [written.prompt(prompt.demonstrations[:size], prompt.question.text) for prompt in prompts]
    greedy, scores = ask(model, texts, answers, written)
    wanted, other = np.split(scores, 2, axis=1)
    shares = np.exp(wanted - _total(wanted)[:, None])
    said = [style.parse(text) or plain.parse(text) for text in greedy]
    return pd.DataFrame(
        {
            "question": [prompt.question.text for prompt in prompts],
            "answer": greedy,
            "style_log_odds": _total(wanted) - _total(other),
            "right_probability": shares[:, 0],
            "bait_probability": shares[:, 1],
            "greedy_style": [float(style.parse(text) is not None) for text in greedy],
            "greedy_right": _equal(said, [prompt.question.answer for prompt in prompts]),
            "greedy_bait": _equal(said, [prompt.question.bait for prompt in prompts]),
        }
    )


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
