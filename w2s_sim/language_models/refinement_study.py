"""The experiment of refinement: a model fine-tuned on weak labels, and on labels that it refined in context.

The questions of a seed are split at random: some get weak labels and are learned, some get weak labels that
choose the learning rate, and the rest are held out. A fine-tuned model answers the held-out questions without
demonstrations.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pandas as pd

from w2s_sim._checks import require_count
from w2s_sim.engine.letting_go import give_back_freed
from w2s_sim.errors import InputError
from w2s_sim.language_models.answer_metrics import paired_differences, prompt_scores, summary
from w2s_sim.language_models.conversation_format import ConversationFormat
from w2s_sim.language_models.demonstration_sets import WeakPrompt
from w2s_sim.language_models.experiment_folder import (
    Cell,
    CellProgress,
    Texts,
    open_experiment,
)
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.lora import (
    FineTuning,
    TrainingExamples,
    answer_loss,
    fine_tune,
    training_examples,
)
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.training_labels import ARMS, Arm, labels_of
from w2s_sim.language_models.weak_labels import Errors, weak_contents
from w2s_sim.language_models.weak_teacher import require_one_source_of_errors, teacher_contents

# The arm to which the others are compared.
BASELINE: Arm = "naive"


@dataclasses.dataclass(frozen=True)
class RefinementSettings:
    """What the experiment varies, and how often.

    Attributes:
        styles: Names of the wanted styles.
        arms: What the model is fine-tuned on.
        num_train: Questions that are learned.
        num_chosen_by: Questions whose weak labels choose the learning rate.
        num_held_out: Questions that are asked in the end.
        num_demonstrations: Weak demonstrations of a refined label, fresh for each.
        num_seeds: Number of seeds, from 0.
        wrong_share: Share of the weak labels that are wrong in content.
        errors: Whether they are wrong in one systematic way, or at random.
        teacher_without_layers: Layers, from 0, that a weak teacher lacks. If there are any, the contents of
            weak labels are its answers (`weak_teacher`), and the two fields above are not used.
        learning_rates: Learning rates of which one is chosen.
        epochs: Passes over the labels.
        num_layers: Number of the upper layers that are fine-tuned, or all if the model has fewer.
    """

    styles: tuple[str, ...] = ("json", "pirate")
    arms: tuple[Arm, ...] = ARMS
    num_train: int = 96
    num_chosen_by: int = 24
    num_held_out: int = 96
    num_demonstrations: int = 8
    num_seeds: int = 3
    wrong_share: float = 0.5
    errors: Errors = "systematic"
    teacher_without_layers: tuple[int, ...] = ()
    learning_rates: tuple[float, ...] = (4e-3, 1e-2)
    epochs: int = 4
    num_layers: int = 10

    def __post_init__(self) -> None:
        require_one_source_of_errors(self)
        for name in ("num_train", "num_chosen_by", "num_demonstrations", "num_seeds", "epochs", "num_layers"):
            require_count(name, getattr(self, name), 1)
        # A standard error needs two questions.
        require_count("num_held_out", self.num_held_out, 2)
        for arm in self.arms:
            if arm not in ARMS:
                raise InputError("arms", repr(arm), f"one of {', '.join(ARMS)}")
        if not self.learning_rates:
            raise InputError("learning_rates", "none", "at least one")

    @property
    def cells(self) -> list[Cell]:
        """All styles, arms and seeds; the first seed of all comes first."""
        seeds = range(self.num_seeds)
        return [(style, arm, seed) for seed in seeds for style in self.styles for arm in self.arms]


def run_refinement(
    model: LanguageModel,
    texts: Texts,
    settings: RefinementSettings,
    folder: Path,
    *,
    resume: bool = False,
    progress: CellProgress = iter,
) -> pd.DataFrame:
    """Run the experiment, and keep the scores of every held-out question in a folder, one file for each cell.

    Args:
        model: The language model.
        texts: The questions and styles; "plain" is the style with which the wanted ones compete.
        settings: What is varied.
        folder: Folder of the results: parts, manifest.json, refinement.csv, the table that is returned, and
            differences.csv, the same of paired differences to the arm "naive".
        resume: Whether the folder may hold cells already, which are then not computed again.
        progress: Wraps the loop over the cells that are to be computed.

    Returns:
        One row for each style and arm, with the metrics of `prompt_scores` and their standard errors.

    Raises:
        InputError: If there are too few questions, or a style is unknown, or the folder cannot be used.
    """
    questions, styles, written = texts.questions, texts.styles, texts.written
    needed = settings.num_train + settings.num_chosen_by + settings.num_held_out
    if needed > len(questions):
        raise InputError("questions", len(questions), f"at least {needed}, to learn, to choose by and to ask")
    columns = ("style", "arm", "seed")
    experiment = open_experiment(folder, columns, model.name, settings, texts, resume=resume)
    of_teacher = teacher_contents(model, texts, settings, experiment)

    def compute(name: str, arm: Arm, seed: int) -> pd.DataFrame:
        split_key, label_key, context_key, tuning_key = jax.random.split(jax.random.key(seed), 4)
        order = np.asarray(jax.random.permutation(split_key, len(questions)))
        learned, rest = np.split(order, [settings.num_train])
        chosen_by, rest = np.split(rest, [settings.num_chosen_by])
        parts = [[questions[i] for i in part] for part in (learned, chosen_by, rest[: settings.num_held_out])]
        labelled = [*parts[0], *parts[1]]
        if of_teacher is None:
            contents = weak_contents(labelled, settings.wrong_share, settings.errors, key=label_key)
        else:
            contents = [of_teacher[i] for i in (*learned, *chosen_by)]
        weak = [styles[name].write(content) for content in contents]
        tuned = model
        if arm != "none":
            labels = labels_of(
                arm,
                model,
                parts[0],
                weak[: settings.num_train],
                styles[name],
                list(styles.values()),
                settings.num_demonstrations,
                written,
                key=context_key,
            )
            # Writing labels and training take the most memory: what one has freed is not kept for the other.
            give_back_freed()
            examples = label_examples(model, parts[0], labels, written)
            held_out = label_examples(model, parts[1], weak[settings.num_train :], written)
            tuned = tuned_model(model, examples, held_out, settings, key=tuning_key)
        prompts = [WeakPrompt(question, ()) for question in parts[2]]
        plain = styles["plain"]
        return prompt_scores(tuned, prompts, (0,), styles[name], plain, written, texts.scorer)

    scores = experiment.fill(settings.cells, compute, progress)
    table = summary(scores, ("style", "arm"), crossed_with="seed")
    experiment.write_table("refinement.csv", table)
    if BASELINE in settings.arms:
        differences = paired_differences(scores, ("style", "arm"), BASELINE, crossed_with="seed")
        experiment.write_table("differences.csv", differences)
    return table


def label_examples(
    model: LanguageModel, questions: Sequence[Question], labels: Sequence[str], written: ConversationFormat
) -> TrainingExamples:
    """Return questions without demonstrations, and their labels, as tokens."""
    encode, end = model.tokenizer.encode, written.end_token(model.tokenizer)
    prompts = [encode(written.prompt((), question.text)) for question in questions]
    answers = [[*encode(written.opening + label), end] for label in labels]
    return training_examples(prompts, answers, multiple=4)


def tuned_model(
    model: LanguageModel,
    examples: TrainingExamples,
    chosen_by: TrainingExamples,
    settings: RefinementSettings,
    *,
    key: jax.Array,
) -> LanguageModel:
    """Fine-tune with every learning rate, and return the model of smallest loss on other weak labels."""
    best, smallest = model, np.inf
    num_layers = min(settings.num_layers, model.network.num_layers)
    for rate in settings.learning_rates:
        tuning = FineTuning(rate, settings.epochs, num_layers=num_layers)
        network = fine_tune(model.network, examples, tuning, key=key)
        loss = float(_loss(network, chosen_by))
        if loss < smallest:
            best, smallest = dataclasses.replace(model, network=network), loss
    return best


_loss = eqx.filter_jit(answer_loss)
