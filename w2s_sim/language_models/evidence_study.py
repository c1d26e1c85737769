"""The experiment of evidence: what a model infers about style and content from 0, 1, 2, ... demonstrations.

Each path of demonstrations is read once, and every demonstration's question is asked after the
demonstrations before it. Paths of one seed and number have the same questions and the same errors for all
styles and controls.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array

from w2s_sim._checks import require_count
from w2s_sim.errors import InputError
from w2s_sim.language_models.conversation_format import LINES, ConversationFormat, Demonstration
from w2s_sim.language_models.demonstration_path import scores_along
from w2s_sim.language_models.experiment_folder import Cell, CellProgress, Texts, open_experiment
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import CONTENT, Style
from w2s_sim.language_models.weak_labels import weak_contents

# What the model reads: weak demonstrations; and, as controls, demonstrations without errors, with the answers
# of other questions, without the style; or weak ones read by a network of random weights.
Condition = Literal["weak", "clean", "shuffled", "unstyled", "untrained"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)


@dataclasses.dataclass(frozen=True)
class EvidenceSettings:
    """What the experiment varies, and how often.

    Attributes:
        styles: Names of the wanted styles.
        controls: The controls; they have the first style.
        num_demonstrations: Largest number N of demonstrations.
        num_paths: Paths of each style, control and seed; they take turns in the kinds of questions.
        num_seeds: Number of seeds, from 0.
        wrong_share: Probability that a weak demonstration has the bait of its kind as content.
    """

    styles: tuple[str, ...] = ("pirate", "json", "sentence", "friend", "tag")
    controls: tuple[Condition, ...] = CONDITIONS[1:]
    num_demonstrations: int = 32
    num_paths: int = 12
    num_seeds: int = 3
    wrong_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("num_demonstrations", "num_seeds"):
            require_count(name, getattr(self, name), 1)
        # A standard error needs two paths.
        require_count("num_paths", self.num_paths, 2)
        for control in self.controls:
            if control not in CONDITIONS[1:]:
                raise InputError("controls", repr(control), f"one of {', '.join(CONDITIONS[1:])}")

    @property
    def cells(self) -> list[Cell]:
        """All conditions, styles and seeds; the first seed of all comes first."""
        pairs = [("weak", style) for style in self.styles]
        pairs += [(control, self.styles[0]) for control in self.controls]
        return [(condition, style, seed) for seed in range(self.num_seeds) for condition, style in pairs]


def run_evidence(
    model: LanguageModel,
    texts: Texts,
    settings: EvidenceSettings,
    folder: Path,
    *,
    resume: bool = False,
    progress: CellProgress = iter,
) -> pd.DataFrame:
    """Run the experiment, and keep the scores along every path in a folder, one file for each cell.

    Args:
        model: The language model.
        texts: The questions and styles; "plain" is the style with which the wanted ones compete.
        settings: What is varied.
        folder: Folder of the results: parts, manifest.json and evidence.csv, all rows.
        resume: Whether the folder may hold cells already, which are then not computed again.
        progress: Wraps the loop over the cells that are to be computed.

    Returns:
        The rows of `path_scores` of all cells, with columns condition, style, seed, path, and errors, the
        number of wrong demonstrations before.

    Raises:
        InputError: If a style is unknown or has the wrong form, if a kind has too few questions, or if the
            folder holds results without `resume`, or those of other settings.
    """
    questions, styles, written = texts.questions, texts.styles, texts.written
    kinds = [
        [each for each in questions if each.kind == kind]
        for kind in dict.fromkeys(each.kind for each in questions)
    ]
    for own in kinds:
        if len(own) <= settings.num_demonstrations:
            given = f"{settings.num_demonstrations}, with {len(own)} questions of the kind {own[0].kind}"
            raise InputError("num_demonstrations", given, "fewer than questions of every kind")
    for name in settings.styles:
        if name in styles and not styles[name].template.partition(CONTENT)[0].strip():
            expected = "a style that writes something before the content"
            raise InputError("styles", f"{name}, {styles[name].template!r}", expected)
    columns = ("condition", "style", "seed")
    experiment = open_experiment(folder, columns, model.name, settings, texts, resume=resume)

    def compute(condition: Condition, name: str, seed: int) -> pd.DataFrame:
        reader = model
        if condition == "untrained":
            # Drawn for its cells alone: the network takes as much memory as the model's.
            reader = dataclasses.replace(model, network=untrained_network(model.network, seed=0))
        tables = []
        for path in range(settings.num_paths):
            key = jax.random.fold_in(jax.random.key(seed), path)
            asked, wrong = drawn_path(kinds[path % len(kinds)], settings, key=key)
            shown = styles["plain" if condition == "unstyled" else name]
            demonstrations = shown_answers(asked, wrong, condition, shown)
            scores = path_scores(reader, asked, demonstrations, styles[name], styles["plain"], written)
            errors = np.cumsum(wrong) - wrong if condition not in ("clean", "shuffled") else 0
            tables.append(scores.assign(path=path, errors=errors))
        return pd.concat(tables, ignore_index=True)

    rows = experiment.fill(settings.cells, compute, progress)
    experiment.write_table("evidence.csv", rows)
    return rows


def drawn_path(
    kind: Sequence[Question], settings: EvidenceSettings, *, key: jax.Array
) -> tuple[list[Question], np.ndarray]:
    """Draw N + 1 questions of a kind in random order, and which of their weak answers are wrong."""
    order_key, wrong_key = jax.random.split(key)
    order = np.asarray(jax.random.permutation(order_key, len(kind)))[: settings.num_demonstrations + 1]
    asked = [kind[i] for i in order]
    contents = weak_contents(asked, settings.wrong_share, "systematic", key=wrong_key)
    return asked, np.array([said != each.answer for said, each in zip(contents, asked, strict=True)])


def shown_answers(
    asked: Sequence[Question], wrong: np.ndarray, condition: Condition, style: Style
) -> list[Demonstration]:
    """Return the demonstrations of a path.

    Args:
        asked: The questions.
        wrong: Which weak answers are the bait.
        condition: "clean" demonstrations are all right, "shuffled" ones have the next question's answer.
        style: The style in which they are written.
    """
    contents = [each.bait if bad else each.answer for each, bad in zip(asked, wrong, strict=True)]
    if condition == "clean":
        contents = [each.answer for each in asked]
    elif condition == "shuffled":
        contents = _next_answers(asked)
    return [Demonstration(each.text, style.write(said)) for each, said in zip(asked, contents, strict=True)]


def path_scores(
    model: LanguageModel,
    asked: Sequence[Question],
    demonstrations: Sequence[Demonstration],
    style: Style,
    plain: Style,
    written: ConversationFormat = LINES,
) -> pd.DataFrame:
    """Score the answers to every question of a path, after the demonstrations before it.

    Args:
        model: The language model.
        asked: The N + 1 questions of the demonstrations.
        demonstrations: The demonstrations.
        style: The wanted style.
        plain: The style with which it competes.
        written: How demonstrations are written.

    Returns:
        One row for each n = 0, ..., N: the kind and the question; style_log_odds, the log probability of the
        right answer in the wanted style minus that in the plain one (nats); style_failure, the probability
        that an answer does not begin as those in the style do; and the probabilities of the right content,
        of the bait and of another question's answer, which sum to 1.
    """
    others = _next_answers(asked)
    contents = [(each.answer, each.bait, other) for each, other in zip(asked, others, strict=True)]
    answers = [(*map(style.write, own), plain.write(own[0])) for own in contents]
    rows = []
    for n, scores in enumerate(scores_along(model, demonstrations, answers, written)):
        *wanted, unstyled = (np.sum(each, dtype=np.float64) for each in scores)
        begun = np.sum(scores[0][: _opening(model, answers[n][:2], written)], dtype=np.float64)
        right, bait, other = np.exp(np.array(wanted) - np.logaddexp.reduce(wanted))
        rows.append(
            (
                n,
                asked[n].kind,
                asked[n].text,
                wanted[0] - unstyled,
                max(-np.expm1(begun), 0.0),
                right,
                bait,
                other,
            )
        )
    names = ["n", "kind", "question", "style_log_odds", "style_failure"]
    return pd.DataFrame(rows, columns=[*names, "right_probability", "bait_probability", "other_probability"])


def untrained_network(network: Llama, seed: int) -> Llama:
    """Return the network with random weights: every map is normal with the spread of its own entries."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(network)
    keys = jax.random.split(jax.random.key(seed), len(leaves))
    drawn = [
        leaf if "norm" in jax.tree_util.keystr(path) else _random(leaf, key)
        for key, (path, leaf) in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, drawn)


def _random(like: Array, key: Array) -> Array:
    return jnp.std(like) * jax.random.normal(key, like.shape, like.dtype)


def _next_answers(asked: Sequence[Question]) -> list[str]:
    """Return the right answer of the next question of a path; of the first for the last."""
    return [each.answer for each in (*asked[1:], asked[0])]


def _opening(model: LanguageModel, answers: Sequence[str], written: ConversationFormat) -> int:
    """Return the number of tokens with which both answers begin."""
    first, second = (model.tokenizer.encode(written.opening + text) for text in answers)
    same = [one == two for one, two in zip(first, second, strict=False)]
    return same.index(False) if False in same else len(same)
